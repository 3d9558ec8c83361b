"""An append is acknowledged only when the server has written it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from base.errors import Unavailable
from ingest.appender import Appender


class FakeRedis:
    """A server that answers every command, whatever became of its file."""

    def __init__(self) -> None:
        self.write_failed = 0
        self.appended: list[dict[bytes, bytes]] = []
        self._queued = 0

    def register_script(self, text: str) -> Callable[[], Awaitable[int]]:
        assert "aof_last_write_status:err" in text

        async def run() -> int:
            return self.write_failed

        return run

    def pipeline(self, transaction: bool) -> FakeRedis:
        self._queued = 0
        return self

    async def __aenter__(self) -> FakeRedis:
        return self

    async def __aexit__(self, *fault: object) -> None: ...

    def xadd(self, stream: str, fields: dict[bytes, bytes]) -> None:
        self._queued += 1
        self.appended.append(fields)

    def xlen(self, stream: str) -> None: ...

    async def execute(self, raise_on_error: bool) -> list[Any]:
        return [*(f"1-{number}".encode() for number in range(self._queued)), len(self.appended)]


def appender(redis: Any) -> Appender:
    return Appender(redis, max_entries=1_000)


async def test_appends_of_one_moment_share_a_pipeline_and_get_their_ids() -> None:
    one = appender(FakeRedis())

    ids = await asyncio.gather(*(one.append({b"d": b"x"}) for _ in range(3)))

    assert ids == ["1-0", "1-1", "1-2"]


async def test_what_a_full_disk_did_not_take_is_not_acknowledged() -> None:
    redis = FakeRedis()
    one = appender(redis)
    redis.write_failed = 1

    with pytest.raises(Unavailable):
        await one.append({b"d": b"x"})

    redis.write_failed = 0
    assert await one.append({b"d": b"x"}) == "1-0"
