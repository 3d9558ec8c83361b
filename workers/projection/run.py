"""The role `analytics`: one process that owns the columnar store, follows the graph and answers questions."""

from __future__ import annotations

import asyncio
import logging
from zoneinfo import ZoneInfo

from prometheus_client import start_http_server

from analytics.engines.places import place_of
from analytics.sql.sandbox import Limits
from base.keys import Keyring
from base.settings import Settings
from base.valkey import connect
from graph.client import GraphClient
from workers.heartbeat import beating
from workers.projection.answers.answering import Answering
from workers.projection.answers.questions import answer
from workers.projection.owner import ProjectionOwner
from workers.queue import make_answerer
from workers.role import run_arq, stop_on_sigterm


async def run(settings: Settings) -> None:
    """Work until SIGTERM, Ctrl-C or cancellation."""
    logging.getLogger("arq").setLevel(logging.WARNING)
    if settings.metrics_port:
        start_http_server(settings.metrics_port, addr=settings.host)
    stopping = stop_on_sigterm()
    graph = GraphClient.of(settings)
    redis = connect(settings.redis_url)
    keyring = Keyring(settings.secret_key)
    owner = ProjectionOwner(graph, redis, keyring, place_of(settings, keyring))
    faults: dict[str, str] = {}
    try:
        async with beating(redis, "analytics", settings.instance, lambda: owner.last_error or faults.get("jobs")):
            await serve(owner, settings, faults)
    except asyncio.CancelledError:
        if not stopping.is_set():
            raise
    finally:
        await redis.aclose()
        await graph.close()


async def serve(owner: ProjectionOwner, settings: Settings, faults: dict[str, str]) -> None:
    """Follow the graph and answer until cancelled."""
    limits = Limits(time_s=settings.sql_time_s, memory_mb=settings.sql_memory_mb)
    answering = Answering(owner, ZoneInfo(settings.time_zone), Keyring(settings.secret_key), limits)
    context = {"answering": answering}
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(owner.run())
        tasks.create_task(
            run_arq(settings.redis_url, lambda client: make_answerer(client, answer, dict(context)), faults)
        )
