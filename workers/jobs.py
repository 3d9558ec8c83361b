"""The role `worker`: background jobs, and the loops that heal what a crash left behind.

Any number may run. Each loop waits for Neo4j and Redis to come back by itself; arq, which ends when Redis goes away, is
started again.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta
from zoneinfo import ZoneInfo

from prometheus_client import start_http_server
from redis.asyncio import Redis

from audit.writer import ChainWriter
from base import clock, process
from base.keys import Keyring
from base.settings import Settings
from base.valkey import connect
from delivery.publisher import ChangePublisher
from graph.client import GraphClient
from graph.repositories.change import ChangeRepository
from graph.repositories.decision import DecisionRepository
from graph.repositories.policy import PolicyRepository
from graph.repositories.projection import ProjectionRepository
from graph.repositories.quarantine import QuarantineRepository
from graph.repositories.segment_build import SegmentBuildRepository
from graph.repositories.tag_build import TagBuildRepository
from ingest.quarantine import Quarantine
from ingest.stream import IngestStream
from rules.tags.stages import KEEP_MOVES_MS
from workers.decisions.desk import Desk
from workers.decisions.upkeep import Upkeep
from workers.heartbeat import beating
from workers.identity.check import IdentityCheck
from workers.live.builder import Builder
from workers.live.context import LiveContext
from workers.projection.client import ColumnStore
from workers.queue import JobQueue, make_worker
from workers.role import every, run_arq, stop_on_sigterm
from workers.tasks.audit import forget_log, keep_log
from workers.tasks.changes import forget_changes, forget_touched
from workers.tasks.decision import carry_out_decision
from workers.tasks.identity import check_identity_at_night
from workers.tasks.overview import keep_overview
from workers.tasks.policy import follow_policy
from workers.tasks.recovery import requeue_unfinished
from workers.tasks.retention import keep_retention_at_night
from workers.tasks.segment import build_segment, delete_segment
from workers.tasks.services import TaskServices
from workers.tasks.stages import forget_moves
from workers.tasks.tag import build_tag, delete_tag, start_scheduled_builds

TASKS = (build_segment, delete_segment, build_tag, delete_tag, carry_out_decision, follow_policy)
# How long a change waits whose publisher died between commit and publication, when nothing else is published.
CATCH_UP_EVERY_S = 2.0
REQUEUE_EVERY_S = 5.0
FORGET_EVERY_S = 60.0
FORGET_MOVES_EVERY_S = 3_600.0
# Notes for the columnar store, which removes them itself within seconds; without the role `analytics` nobody does.
KEEP_NOTES_MS = 24 * 3_600_000
# How long an entry of the operation log waits until it is in the chain.
KEEP_LOG_EVERY_S = 1.0
FORGET_LOG_EVERY_S = 3_600.0
# Whether a day has begun for a tag that is built on a schedule.
SCHEDULE_EVERY_S = 20.0
# Whether a day has begun whose counts are to be kept.
OVERVIEW_EVERY_S = 60.0
# Whether it is night.
CHECK_EVERY_S = 300.0


async def run(settings: Settings) -> None:
    """Work until SIGTERM, Ctrl-C or cancellation."""
    # Its lines name jobs and arguments at INFO; what matters is logged by the tasks.
    logging.getLogger("arq").setLevel(logging.WARNING)
    if settings.metrics_port:
        start_http_server(settings.metrics_port, addr=settings.host)
    stopping = stop_on_sigterm()
    process.tune_garbage_collection()
    graph = GraphClient.of(settings)
    redis = connect(settings.redis_url)
    try:
        services = make_services(settings, graph, redis)
        async with beating(redis, "worker", settings.instance, services.last_error):
            await work(services, settings)
    except asyncio.CancelledError:
        if not stopping.is_set():
            raise
    finally:
        await redis.aclose()
        await graph.close()


def make_services(settings: Settings, graph: GraphClient, redis: Redis) -> TaskServices:
    """What the tasks of one worker share. No I/O."""
    publisher = ChangePublisher(redis, graph)
    keyring = Keyring(settings.secret_key)
    live = LiveContext(keyring, ZoneInfo(settings.time_zone))
    stream = IngestStream(redis, keyring)
    upkeep = Upkeep(graph, publisher, live)
    return TaskServices(
        graph=graph,
        redis=redis,
        queue=JobQueue(redis),
        publisher=publisher,
        builder=Builder(graph, publisher, live),
        columns=ColumnStore(redis, keyring),
        builds=SegmentBuildRepository(graph),
        tag_builds=TagBuildRepository(graph),
        outbox=ChangeRepository(graph),
        projection=ProjectionRepository(graph),
        stream=stream,
        quarantine=Quarantine(QuarantineRepository(graph), stream, keyring, settings.phone_region),
        desk=Desk(graph, publisher, live),
        upkeep=upkeep,
        decisions=DecisionRepository(graph),
        check=IdentityCheck(graph, upkeep.replay),
        live=live,
        policies=PolicyRepository(graph),
        chain=ChainWriter(graph, redis, keyring),
    )


async def work(services: TaskServices, settings: Settings) -> None:
    """Run jobs and loops until cancelled."""
    zone = ZoneInfo(settings.time_zone)
    keep_ms = timedelta(days=settings.change_retention_days) // timedelta(milliseconds=1)

    keep_log_ms = timedelta(days=settings.audit_retention_days) // timedelta(milliseconds=1)

    async def forget() -> None:
        await forget_changes(services, clock.now_ms() - keep_ms)

    async def forget_notes() -> None:
        await forget_touched(services, clock.now_ms() - KEEP_NOTES_MS)

    async def forget_stages() -> None:
        await forget_moves(services, clock.now_ms() - KEEP_MOVES_MS)

    async def forget_entries() -> None:
        await forget_log(services, clock.now_ms() - keep_log_ms)

    async def schedule() -> None:
        await start_scheduled_builds(services, zone)

    async def overview() -> None:
        await keep_overview(services, zone)

    async def check() -> None:
        await check_identity_at_night(services, zone)

    async def retention() -> None:
        await keep_retention_at_night(services, zone)

    async with asyncio.TaskGroup() as loops:
        loops.create_task(run_jobs(services, settings.redis_url))
        loops.create_task(every("catch_up", CATCH_UP_EVERY_S, services.publisher.catch_up, services.faults))
        loops.create_task(every("requeue", REQUEUE_EVERY_S, lambda: requeue_unfinished(services), services.faults))
        loops.create_task(every("forget", FORGET_EVERY_S, forget, services.faults))
        loops.create_task(every("forget_notes", FORGET_EVERY_S, forget_notes, services.faults))
        loops.create_task(every("log", KEEP_LOG_EVERY_S, lambda: keep_log(services), services.faults))
        loops.create_task(every("forget_log", FORGET_LOG_EVERY_S, forget_entries, services.faults))
        loops.create_task(every("forget_moves", FORGET_MOVES_EVERY_S, forget_stages, services.faults))
        loops.create_task(every("schedule", SCHEDULE_EVERY_S, schedule, services.faults))
        loops.create_task(every("overview", OVERVIEW_EVERY_S, overview, services.faults))
        loops.create_task(every("check", CHECK_EVERY_S, check, services.faults))
        loops.create_task(every("retention", CHECK_EVERY_S, retention, services.faults))


async def run_jobs(services: TaskServices, redis_url: str) -> None:
    """Run jobs until cancelled, through outages of Redis."""
    await run_arq(redis_url, lambda client: make_worker(client, TASKS, {"services": services}), services.faults)
