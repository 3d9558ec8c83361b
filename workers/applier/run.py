"""The role `ingest`: one process with an ingest worker and the sweep."""

from __future__ import annotations

import asyncio
from zoneinfo import ZoneInfo

import uvloop
from prometheus_client import start_http_server

from base import logs
from base.keys import Keyring
from base.settings import Settings
from base.valkey import connect
from delivery.publisher import ChangePublisher
from graph.client import GraphClient
from graph.migrate import migrate
from ingest.stream import IngestStream
from workers.applier.worker import IngestWorker
from workers.live.context import LiveContext
from workers.live.sweep import Sweep


def main(settings: Settings) -> None:
    """Run until a signal ends the process."""
    logs.configure(settings.log_level, "ingest")
    if settings.metrics_port:
        start_http_server(settings.metrics_port, addr=settings.host)
    uvloop.run(serve(settings))


async def serve(settings: Settings) -> None:
    """Connect and work until cancelled."""
    graph = GraphClient(
        settings.neo4j_uri,
        settings.neo4j_user,
        settings.neo4j_password,
        settings.neo4j_database,
        settings.slow_query_ms,
    )
    redis = connect(settings.redis_url)
    keyring = Keyring(settings.secret_key)
    try:
        await migrate(graph)
        publisher = ChangePublisher(redis, graph)
        live = LiveContext(keyring, ZoneInfo(settings.time_zone))
        worker = IngestWorker(
            graph, IngestStream(redis, keyring), publisher, live, f"ingest-{settings.instance}", settings.phone_region
        )
        sweep = Sweep(graph, redis, publisher, LiveContext(keyring, ZoneInfo(settings.time_zone)))
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(worker.run())
            tasks.create_task(sweep.run())
    finally:
        await redis.aclose()
        await graph.close()
