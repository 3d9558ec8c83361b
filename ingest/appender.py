"""Appends of concurrent requests share round trips: what waits while one pipeline is under way goes with the next."""

from __future__ import annotations

import asyncio
from typing import Any, NamedTuple

from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError

from base.errors import Unavailable
from base.valkey import INGEST_STREAM

# A server whose disk is full still answers the commands that it was handed together with the first failing write as if
# all were well, and refuses only later ones; killed then, it has lost them (measured: 1 of 12 single appends). Asked
# afterwards, it says so. Cheaper than INFO itself, whose 30 lines would be parsed here.
_WRITE_FAILED = """
return string.find(redis.call('INFO', 'persistence'), 'aof_last_write_status:err', 1, true) and 1 or 0
"""

# Appends in one pipeline: at 35 KB each about 2 MB on the wire, well below the server's query buffer of 1 GB.
MAX_PIPELINED = 64


class _Waiting(NamedTuple):
    fields: dict[bytes, bytes]
    done: asyncio.Future[str]


class Appender:
    """Writes entries in the order in which `append` was called. One task at a time talks to the server."""

    def __init__(self, redis: Redis, max_entries: int):
        self._redis: Any = redis
        self._max_entries = max_entries
        self._write_failed = redis.register_script(_WRITE_FAILED)
        self._waiting: list[_Waiting] = []
        self._flusher: asyncio.Task[None] | None = None
        self._length = 0

    async def append(self, fields: dict[bytes, bytes]) -> str:
        """The id of the new entry, once the server has answered.

        A caller that is cancelled meanwhile does not stop the write: it was or will be made.

        Raises:
            Unavailable: not written, or not known to be.
        """
        if self._length >= self._max_entries:
            await self._check_length()
        done: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Waiting(fields, done))
        if self._flusher is None or self._flusher.done():
            self._flusher = asyncio.create_task(self._flush())
        return await done

    async def _check_length(self) -> None:
        # Counted by hand, since trimming workers shorten the stream without our seeing it.
        try:
            self._length = int(await self._redis.xlen(INGEST_STREAM))
        except RedisError as fault:
            raise Unavailable("the ingest stream cannot be reached") from fault
        if self._length >= self._max_entries:
            raise Unavailable("the ingest backlog is full", hint="Try again when the ingest workers have caught up.")

    async def _flush(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting[:MAX_PIPELINED], self._waiting[MAX_PIPELINED:]
            try:
                replies = await self._write(batch)
            except Exception as fault:
                replies = [fault] * len(batch)
            for one, reply in zip(batch, replies, strict=True):
                if one.done.done():
                    continue
                if isinstance(reply, Exception):
                    one.done.set_exception(_unavailable(reply))
                else:
                    one.done.set_result(reply.decode())

    async def _write(self, batch: list[_Waiting]) -> list[Any]:
        try:
            return await self._pipeline(batch)
        except RedisConnectionError:
            # A server that was restarted leaves dead connections in the pool. Should the first try have arrived
            # after all, the entries are there twice, and message ids make that harmless.
            return await self._pipeline(batch)

    async def _pipeline(self, batch: list[_Waiting]) -> list[Any]:
        async with self._redis.pipeline(transaction=False) as pipeline:
            for one in batch:
                pipeline.xadd(INGEST_STREAM, one.fields)
            pipeline.xlen(INGEST_STREAM)
            replies: list[Any] = await pipeline.execute(raise_on_error=False)
        if isinstance(length := replies.pop(), int):
            self._length = length
        if await self._write_failed():
            raise RedisError("the server could not write its append-only file")
        return replies


def _unavailable(fault: Exception) -> Unavailable:
    # The server's words (OOM, MISCONF when the disk is full, LOADING, READONLY) name no values; the log has them.
    unavailable = Unavailable("the call cannot be made durable now")
    unavailable.__cause__ = fault
    return unavailable
