"""An ingest worker beside a test."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from zoneinfo import ZoneInfo

from redis.asyncio import Redis

from base.keys import Keyring
from delivery.publisher import ChangePublisher
from graph.client import GraphClient
from ingest.stream import IngestStream
from workers.applier.worker import IngestWorker
from workers.live.context import LiveContext


@asynccontextmanager
async def working(graph: GraphClient, redis: Redis, keyring: Keyring, region: str = "CN") -> AsyncIterator[None]:
    """Applies whatever comes through the stream until the block ends."""
    live = LiveContext(keyring, ZoneInfo("UTC"))
    stream, publisher = IngestStream(redis, keyring), ChangePublisher(redis, graph)
    worker = asyncio.create_task(IngestWorker(graph, stream, publisher, live, "test", region).run())
    try:
        yield
    finally:
        worker.cancel()
        with suppress(asyncio.CancelledError):
            await worker
