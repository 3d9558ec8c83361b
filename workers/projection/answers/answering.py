"""What the answers to questions work with: the store, and connections to it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, TypeVar
from zoneinfo import ZoneInfo

from analytics.engines.port import Reader, Store
from analytics.sql.sandbox import Limits
from base.keys import Keyring
from workers.projection.answers.kept import KeptResults
from workers.projection.owner import ProjectionOwner

T = TypeVar("T")

# How long a question waits until what was committed before it is in the store; a store that lags more says as of when.
REACH_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class Answering:
    """What the jobs work with, under the key `answering` of arq's context.

    Args:
        limits: of the statements of tags.
    """

    owner: ProjectionOwner
    zone: ZoneInfo
    keyring: Keyring
    limits: Limits = field(default_factory=Limits)
    results: KeptResults = field(default_factory=KeptResults)


async def run(owner: ProjectionOwner, store: Store, work: Callable[[Reader], T]) -> T:
    """Run blocking work with a reader of its own; cancelled, it is interrupted."""
    reader = store.ask()
    working = asyncio.ensure_future(asyncio.to_thread(work, reader))
    try:
        return await asyncio.shield(working)
    except asyncio.CancelledError:
        await asyncio.to_thread(reader.interrupt)
        await asyncio.wait([working])
        raise
    except Exception as fault:
        if store.is_ended_by(fault):
            owner.distrust(store)
        raise
    finally:
        reader.close()
