"""The role `analytics` beside a test."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from redis.asyncio import Redis

from analytics.engines.local import FilePlace
from analytics.engines.port import Place
from base.keys import Keyring
from base.settings import Settings
from graph.client import GraphClient
from tests.support.waiting import until
from workers.projection.owner import ProjectionOwner
from workers.projection.run import serve
from workers.projection.state import find

MEMORY_MB = 256


@asynccontextmanager
async def answering(
    graph: GraphClient, redis: Redis, settings: Settings, folder: Path, place: Place | None = None
) -> AsyncIterator[ProjectionOwner]:
    """Answers questions from a store in the folder; everything in the graph before the block is in it."""
    keyring = Keyring(settings.secret_key)
    owner = ProjectionOwner(graph, redis, keyring, place or FilePlace(folder, keyring.columns_key(), MEMORY_MB))
    faults: dict[str, str] = {}
    serving = asyncio.create_task(serve(owner, settings, faults))

    async def answers() -> bool:
        told = await find(redis)
        return told is not None and told.answers

    try:
        await until(answers)
        yield owner
    finally:
        serving.cancel()
        await asyncio.wait([serving])
    assert not faults
