"""Each instance of a role says every two seconds that it is alive; `kith status` shows it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import cast

import msgspec
from redis.asyncio import Redis
from redis.exceptions import RedisError

from base import clock
from base.valkey import HEARTBEATS_HASH

EVERY_S = 2.0
# A dead instance stays visible for a while, so that somebody can see that it died.
FORGET_AFTER_MS = 120_000


class Beat(msgspec.Struct, frozen=True):
    """What an instance says of itself; times in ms since 1970 UTC."""

    role: str
    pid: int
    started_ms: int
    beat_ms: int
    last_error: str | None


class Heartbeat:
    """The beats of one process.

    Args:
        role: api, ingest, worker or analytics.
        instance: tells processes of one role apart beyond their pid (other machines have the same pids).
        last_error: asked at each beat; None when all is well.
    """

    def __init__(self, redis: Redis, role: str, instance: str, last_error: Callable[[], str | None]):
        self._redis = redis
        self._role = role
        self._last_error = last_error
        self._started_ms = clock.now_ms()
        self._field = f"{role}:{instance}:{os.getpid()}"

    async def beat(self) -> None:
        """Say once that this instance lives, and forget those that have been silent for long.

        Raises:
            RedisError: Redis is away.
        """
        now_ms = clock.now_ms()
        beat = Beat(self._role, os.getpid(), self._started_ms, now_ms, self._last_error())
        await cast("Awaitable[int]", self._redis.hset(HEARTBEATS_HASH, self._field, msgspec.json.encode(beat).decode()))
        beats = await cast("Awaitable[dict[bytes, bytes]]", self._redis.hgetall(HEARTBEATS_HASH))
        silent = [field for field, body in beats.items() if _is_silent(body, now_ms)]
        if silent:
            await cast("Awaitable[int]", self._redis.hdel(HEARTBEATS_HASH, *[field.decode() for field in silent]))

    async def run(self) -> None:
        """Beat until cancelled; Redis may come and go."""
        while True:
            with suppress(RedisError, OSError):
                await self.beat()
            await asyncio.sleep(EVERY_S)

    async def leave(self) -> None:
        """Remove this instance: it stops on purpose."""
        with suppress(RedisError, OSError):
            await cast("Awaitable[int]", self._redis.hdel(HEARTBEATS_HASH, self._field))


@asynccontextmanager
async def beating(
    redis: Redis, role: str, instance: str, last_error: Callable[[], str | None] = lambda: None
) -> AsyncIterator[None]:
    """Beat in the background for the length of the block."""
    heartbeat = Heartbeat(redis, role, instance, last_error)
    task = asyncio.create_task(heartbeat.run(), name="heartbeat")
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task], timeout=1)
        await heartbeat.leave()


def _is_silent(body: bytes, now_ms: int) -> bool:
    try:
        return now_ms - msgspec.json.decode(body, type=Beat).beat_ms > FORGET_AFTER_MS
    except msgspec.DecodeError:
        return True
