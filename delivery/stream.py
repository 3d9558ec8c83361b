"""Reading the `changes` stream. Its entry ids are positions without a hole, see `delivery.publisher`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from redis.asyncio import Redis
from redis.exceptions import RedisError, ResponseError

from base.errors import Unavailable
from base.valkey import CHANGES_STREAM


class RawEntry(NamedTuple):
    """An entry as it is stored; `body` is JSON."""

    position: int
    body: bytes
    published_at: int


@dataclass(frozen=True, slots=True)
class Bounds:
    """The positions kept, first … last; first is last + 1 when none is kept, last is 0 when there is no stream."""

    first: int
    last: int


class ChangeStream:
    """The stream for readers. Every method raises `Unavailable` while Redis cannot be reached.

    Args:
        redis: a client with bytes in and out, whose time-out for replies is longer than any `block_ms`.
    """

    def __init__(self, redis: Redis):
        self._redis = redis

    async def bounds(self) -> Bounds:
        """What is kept now."""
        try:
            info = await self._redis.xinfo_stream(CHANGES_STREAM)
        except ResponseError as fault:
            if "no such key" in str(fault):
                return Bounds(1, 0)
            raise _unavailable() from fault
        except (RedisError, OSError) as fault:
            raise _unavailable() from fault
        last = _position(info["last-generated-id"])
        return Bounds(_position(info["first-entry"][0]) if info["first-entry"] else last + 1, last)

    async def page(self, after: int, limit: int) -> list[RawEntry]:
        """The entries behind `after` that are there now, at most `limit`."""
        try:
            return _entries(await self._redis.xrange(CHANGES_STREAM, min=f"{after + 1}-0", count=limit))
        except (RedisError, OSError) as fault:
            raise _unavailable() from fault

    async def wait(self, after: int, limit: int, block_ms: int) -> list[RawEntry]:
        """The same, but waits for the first one; empty when none came within `block_ms`."""
        try:
            reply = await self._redis.xread({CHANGES_STREAM: f"{after}-0"}, count=limit, block=block_ms)
        except (RedisError, OSError) as fault:
            raise _unavailable() from fault
        return _entries(reply[0][1]) if reply else []


def _entries(reply: Iterable[tuple[bytes, dict[bytes, bytes]]]) -> list[RawEntry]:
    return [RawEntry(_position(entry_id), fields[b"c"], int(fields[b"p"])) for entry_id, fields in reply]


def _position(entry_id: bytes) -> int:
    return int(entry_id.partition(b"-")[0])


def _unavailable() -> Unavailable:
    return Unavailable("The change stream cannot be reached now.")
