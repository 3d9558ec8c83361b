"""Claims: one worker at a time does a piece of work, and a killed worker's claim ends by itself.

Only to save work: what a claim guards must also be right when two do it, since Redis may forget claims.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from uuid import uuid4

from redis.asyncio import Redis
from redis.exceptions import RedisError

from base.valkey import PREFIX

CLAIM_PREFIX = PREFIX + "claim:"
# How long a killed worker's work rests; several times the pause between renewals, which a busy process may miss.
LEASE_MS = 10_000
RENEW_S = 2.5

_RELEASE = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0"


@asynccontextmanager
async def claim(redis: Redis, name: str) -> AsyncIterator[bool]:
    """Hold a claim for the length of the block; yields False when somebody else holds it.

    Raises:
        RedisError: when the claim cannot be asked for. While it is held, faults of Redis are ignored.
    """
    key, token = CLAIM_PREFIX + name, uuid4().hex
    if not await redis.set(key, token, nx=True, px=LEASE_MS):
        yield False
        return
    renewal = asyncio.create_task(_renew(redis, key, token))
    try:
        yield True
    finally:
        renewal.cancel()
        await asyncio.wait([renewal])
        with suppress(RedisError, OSError):
            await redis.register_script(_RELEASE)(keys=[key], args=[token])


async def is_claimed(redis: Redis, name: str) -> bool:
    """Whether somebody holds it now."""
    return bool(await redis.exists(CLAIM_PREFIX + name))


async def _renew(redis: Redis, key: str, token: str) -> None:
    while True:
        await asyncio.sleep(RENEW_S)
        with suppress(RedisError, OSError):
            await redis.set(key, token, px=LEASE_MS)
