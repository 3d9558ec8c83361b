"""The role `analytics`: one process that owns the columnar store and follows the graph."""

from __future__ import annotations

import asyncio

from prometheus_client import start_http_server

from base.keys import Keyring
from base.settings import Settings
from base.valkey import connect
from graph.client import GraphClient
from workers.heartbeat import beating
from workers.projection.owner import ProjectionOwner
from workers.role import stop_on_sigterm


async def run(settings: Settings) -> None:
    """Work until SIGTERM, Ctrl-C or cancellation."""
    if settings.metrics_port:
        start_http_server(settings.metrics_port, addr=settings.host)
    stopping = stop_on_sigterm()
    graph = GraphClient(
        settings.neo4j_uri,
        settings.neo4j_user,
        settings.neo4j_password,
        settings.neo4j_database,
        settings.slow_query_ms,
    )
    redis = connect(settings.redis_url)
    owner = ProjectionOwner(graph, redis, Keyring(settings.secret_key), settings.data_dir, settings.columns_memory_mb)
    try:
        async with beating(redis, "analytics", settings.instance, lambda: owner.last_error):
            await owner.run()
    except asyncio.CancelledError:
        if not stopping.is_set():
            raise
    finally:
        await redis.aclose()
        await graph.close()
