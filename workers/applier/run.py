"""The role `ingest`: one process with an ingest worker and the sweep."""

from __future__ import annotations

import asyncio
from zoneinfo import ZoneInfo

from prometheus_client import start_http_server

from base import logs, process
from base.errors import Unavailable
from base.keys import Keyring
from base.settings import Settings
from base.valkey import connect
from delivery.publisher import ChangePublisher
from graph.client import GraphClient
from graph.migrate import migrate
from graph.repositories.keys import meet_versions
from graph.warm import warm
from ingest.stream import IngestStream
from workers.applier.worker import IngestWorker
from workers.heartbeat import beating
from workers.live.context import LiveContext
from workers.live.sweep import Sweep

PAUSE_S = 1.0

_log = logs.get_logger()


async def run(settings: Settings) -> None:
    """Connect and work until cancelled; a killed process goes on where it was at its next start."""
    if settings.metrics_port:
        start_http_server(settings.metrics_port, addr=settings.host)
    process.tune_garbage_collection()
    graph = GraphClient.of(settings)
    redis = connect(settings.redis_url)
    keyring, zone = Keyring(settings.secret_key), ZoneInfo(settings.time_zone)
    publisher = ChangePublisher(redis, graph)
    worker = IngestWorker(
        graph,
        IngestStream(redis, keyring),
        publisher,
        LiveContext(keyring, zone),
        f"ingest-{settings.instance}",
        settings.phone_region,
    )
    sweep = Sweep(graph, redis, publisher, LiveContext(keyring, zone))
    try:
        async with beating(redis, "ingest", settings.instance, lambda: worker.status.last_error or sweep.last_error):
            await prepare(graph)
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(worker.run())
                tasks.create_task(sweep.run())
    finally:
        await redis.aclose()
        await graph.close()


async def prepare(graph: GraphClient) -> None:
    """Wait for Neo4j, bring its schema up to date, compare keys, plan the statements of the write path."""
    while True:
        try:
            await graph.verify()
            break
        except Unavailable as fault:
            _log.warning("waiting", fault=fault.message)
            await asyncio.sleep(PAUSE_S)
    await migrate(graph)
    await meet_versions(graph)
    await warm(graph, ("apply", "live", "identity", "link", "quarantine", "change", "registry"))
