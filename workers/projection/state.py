"""What the columnar store does at the moment, told in Redis for `kith status` and for whoever wants to ask it."""

from __future__ import annotations

from enum import StrEnum

import msgspec
from redis.asyncio import Redis

from base.valkey import PROJECTION_STATE, PROJECTION_WANTED

# Told every second; an owner that hangs or died is forgotten after this.
FORGET_AFTER_MS = 15_000


class Doing(StrEnum):
    """FOLLOWING: it keeps up with the graph. BUILDING: it is built anew; an older one may still answer."""

    FOLLOWING = "FOLLOWING"
    BUILDING = "BUILDING"


class ProjectionState(msgspec.Struct, frozen=True):
    """The columnar store at one moment.

    Args:
        answers: whether it can be asked.
        progress: of a build, 0 to 1; 1 while it follows.
        as_of_ms: everything that was committed up to this instant is in it.
        told_ms: when this was told.
        builds: how often it was built since its owner started.
        engine: what people call it.
    """

    doing: Doing
    answers: bool
    progress: float
    as_of_ms: int
    told_ms: int
    builds: int
    last_error: str | None = None
    engine: str = ""


async def tell(redis: Redis, state: ProjectionState) -> None:
    """Replace what was told before."""
    await redis.set(PROJECTION_STATE, msgspec.json.encode(state), px=FORGET_AFTER_MS)


async def find(redis: Redis) -> ProjectionState | None:
    """What was told last; None when nobody owns the store."""
    told = await redis.get(PROJECTION_STATE)
    return None if told is None else msgspec.json.decode(told, type=ProjectionState)


async def want_build(redis: Redis) -> None:
    """Ask the owner to build the store anew."""
    await redis.set(PROJECTION_WANTED, b"1")


async def is_wanted(redis: Redis) -> bool:
    """Whether somebody has asked for it and it has not been done."""
    return bool(await redis.exists(PROJECTION_WANTED))


async def note_built(redis: Redis) -> None:
    """It has been done."""
    await redis.delete(PROJECTION_WANTED)
