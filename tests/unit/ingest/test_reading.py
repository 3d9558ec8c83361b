"""Bodies: bounds on packed and unpacked bytes and on what is in flight; room is always given back."""

from __future__ import annotations

import asyncio
import gzip
import io
import tracemalloc
from collections.abc import Sequence
from typing import Any

import pytest

from ingest import reading
from ingest.faults import IngestCode, Refused
from ingest.limits import MAX_BATCH_BYTES
from ingest.reading import BodyReader, ClientLeft, InFlight

ROOM_BYTES = 4 * 1024 * 1024


def messages(*chunks: bytes, left: bool = False) -> list[dict[str, Any]]:
    found = [{"type": "http.request", "body": chunk, "more_body": True} for chunk in chunks]
    if left:
        return [*found, {"type": "http.disconnect"}]
    found[-1]["more_body"] = False
    return found


async def read(script: Sequence[dict[str, Any]], encoding: bytes = b"", room: InFlight | None = None) -> bytes:
    rest = iter(script)

    async def receive() -> dict[str, Any]:
        return next(rest)

    with BodyReader(receive, room or InFlight(ROOM_BYTES)) as reader:
        return await reader.read(encoding)


async def refusal(script: Sequence[dict[str, Any]], encoding: bytes = b"") -> IngestCode:
    room = InFlight(ROOM_BYTES)
    with pytest.raises(Refused) as caught:
        await read(script, encoding, room)
    room.take(ROOM_BYTES)
    return caught.value.code


async def test_a_body_is_read_whole_however_it_is_cut() -> None:
    assert await read(messages(b"abc")) == b"abc"
    assert await read(messages(b"a", b"", b"bc")) == b"abc"


@pytest.mark.parametrize("encoding", [b"gzip", b"x-gzip"])
async def test_gzip_is_unpacked_several_members_included(encoding: bytes) -> None:
    packed = gzip.compress(b"abc") + gzip.compress(b"def") + b"\0\0"

    assert await read(messages(packed[:7], packed[7:]), encoding) == b"abcdef"


async def test_a_body_over_the_limit_is_read_to_its_end_and_refused() -> None:
    assert await refusal(messages(*[b"x" * 100_000] * 6)) is IngestCode.TOO_LARGE
    assert await refusal(messages(b"x" * (MAX_BATCH_BYTES + 1))) is IngestCode.TOO_LARGE
    assert await read(messages(b"x" * MAX_BATCH_BYTES)) == b"x" * MAX_BATCH_BYTES


async def test_an_endless_body_is_cut_off() -> None:
    endless = ({"type": "http.request", "body": b"x" * 100_000, "more_body": True} for _ in range(10_000))

    with pytest.raises(Refused):
        await read(endless)  # type: ignore[arg-type]
    assert next(endless, None) is not None


async def test_a_gzip_bomb_is_refused_without_being_unpacked() -> None:
    bomb = _bomb(200 * 1024 * 1024)
    assert len(bomb) < MAX_BATCH_BYTES

    tracemalloc.start()
    code = await refusal(messages(bomb), b"gzip")
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert code is IngestCode.TOO_LARGE
    assert peak_bytes < 4 * MAX_BATCH_BYTES


async def test_many_members_cannot_add_up_past_the_limit() -> None:
    assert await refusal(messages(gzip.compress(b"x" * 200_000) * 3), b"gzip") is IngestCode.TOO_LARGE


@pytest.mark.parametrize("body", [b"plain", gzip.compress(b"abc" * 99)[:-9], gzip.compress(b"a")[:5], b"\x1f\x8b"])
async def test_what_is_not_gzip_is_refused(body: bytes) -> None:
    assert await refusal(messages(body), b"gzip") is IngestCode.MALFORMED_GZIP


async def test_another_encoding_is_refused() -> None:
    assert await refusal(messages(b"abc"), b"br") is IngestCode.UNSUPPORTED_MEDIA_TYPE


async def test_a_client_that_leaves_gives_its_room_back() -> None:
    room = InFlight(ROOM_BYTES)

    with pytest.raises(ClientLeft):
        await read(messages(b"x" * 1000, left=True), room=room)

    room.take(ROOM_BYTES)


async def test_without_room_a_request_is_told_to_come_back() -> None:
    room = InFlight(10)

    with pytest.raises(Refused) as caught:
        await read(messages(b"x" * 11), room=room)

    assert caught.value.code is IngestCode.RATE_LIMITED
    assert await read(messages(b"x" * 10), room=room) == b"x" * 10


async def test_a_body_that_drips_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "BODY_TIMEOUT_S", 0.05)

    async def receive() -> dict[str, Any]:
        await asyncio.sleep(0.01)
        return {"type": "http.request", "body": b"x", "more_body": True}

    with BodyReader(receive, InFlight()) as reader, pytest.raises(Refused) as caught:
        await reader.read(b"")

    assert caught.value.code is IngestCode.TOO_SLOW


def _bomb(size_bytes: int) -> bytes:
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb") as file:
        for _ in range(size_bytes // (1024 * 1024)):
            file.write(b"\0" * 1024 * 1024)
    return packed.getvalue()
