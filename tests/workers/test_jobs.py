"""The role `worker` as a whole: jobs run once, and come back after a crash or an outage."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgpack
import msgspec
import pytest
from arq.constants import in_progress_key_prefix, job_key_prefix
from redis.asyncio import Redis

from base import clock
from base.settings import Settings
from base.valkey import ARQ_QUEUE, CHANGES_STREAM, HEARTBEATS_HASH, connect
from graph.client import GraphClient
from tests.support.changes import commit_changes, make_change
from tests.support.proxy import Relay
from tests.support.segments import create_many_customers, create_segment, segment_of
from tests.support.waiting import until
from workers import heartbeat, jobs
from workers.heartbeat import Heartbeat, beating
from workers.jobs import make_services
from workers.queue import JobQueue
from workers.tasks.recovery import requeue_unfinished
from workers.tasks.services import TaskServices


@pytest.fixture
def services(settings: Settings, graph: GraphClient, redis: Redis) -> TaskServices:
    return make_services(settings, graph, redis)


@asynccontextmanager
async def working(services: TaskServices, settings: Settings) -> AsyncIterator[None]:
    """The worker's loops for the length of the block."""
    task = asyncio.create_task(jobs.work(services, settings))
    yield
    assert not task.done(), task.exception()
    task.cancel()
    await asyncio.wait([task], timeout=5)


async def is_live(graph: GraphClient) -> bool:
    return (await segment_of(graph)).status == "LIVE"


async def test_a_queued_build_is_done(services: TaskServices, settings: Settings, graph: GraphClient) -> None:
    await create_many_customers(graph, 10)
    await create_segment(graph)
    async with working(services, settings):
        await services.queue.enqueue("build_segment", "buyers", 1)
        await until(lambda: is_live(graph))


async def test_the_same_job_is_queued_once_and_a_new_version_is_another(redis: Redis) -> None:
    queue = JobQueue(redis)
    await queue.enqueue("build_segment", "buyers", 1)
    await queue.enqueue("build_segment", "buyers", 1)
    await queue.enqueue("build_segment", "buyers", 2)
    assert await redis.zrange(ARQ_QUEUE, 0, -1) == [b"build_segment:buyers:1", b"build_segment:buyers:2"]


async def test_a_job_that_is_done_can_be_queued_again(services: TaskServices, settings: Settings, redis: Redis) -> None:
    async def is_empty() -> bool:
        return not await redis.zcard(ARQ_QUEUE)

    async with working(services, settings):
        for _ in range(2):
            await services.queue.enqueue("build_segment", "unknown", 1)
            assert not await is_empty()
            await until(is_empty)


async def test_jobs_are_msgpack_and_live_for_weeks(redis: Redis) -> None:
    await JobQueue(redis).enqueue("build_segment", "buyers", 1)
    key = job_key_prefix + "build_segment:buyers:1"
    job = msgpack.unpackb(await redis.get(key))
    assert (job["f"], job["a"]) == ("build_segment", ["buyers", 1])
    assert await redis.pttl(key) > 7 * 24 * 3_600_000


async def test_queueing_without_redis_is_no_fault_of_the_caller() -> None:
    nowhere = connect("redis://127.0.0.1:1/0")
    await JobQueue(nowhere).enqueue("build_segment", "buyers", 1)
    await nowhere.aclose()


async def test_a_segment_whose_job_was_never_queued_is_built(
    services: TaskServices, settings: Settings, graph: GraphClient
) -> None:
    await create_segment(graph)
    async with working(services, settings):
        await until(lambda: is_live(graph))


async def test_a_build_whose_worker_was_killed_is_taken_over(
    services: TaskServices, settings: Settings, graph: GraphClient, redis: Redis
) -> None:
    await create_segment(graph)
    await services.queue.enqueue("build_segment", "buyers", 1)
    # What a killed worker leaves: its job marked as running for a day, and nobody behind it.
    await redis.set(in_progress_key_prefix + "build_segment:buyers:1", b"1", ex=86_400)
    async with working(services, settings):
        await until(lambda: is_live(graph))


async def test_a_build_that_is_under_way_is_left_alone(
    services: TaskServices, graph: GraphClient, redis: Redis
) -> None:
    from workers.claims import claim

    await create_segment(graph)
    async with claim(redis, "build_segment:buyers:1"):
        assert await requeue_unfinished(services) == 0
    assert await requeue_unfinished(services) == 1


async def test_the_worker_outlives_an_outage_of_redis(settings: Settings, graph: GraphClient) -> None:
    scheme, _, rest = settings.redis_url.partition("://")
    user, at, address = rest.rpartition("@")
    port, _, database = address.rpartition(":")[2].partition("/")
    relay = Relay(int(port))
    await relay.start()
    relayed = settings.model_copy(update={"redis_url": f"{scheme}://{user}{at}127.0.0.1:{relay.port}/{database or 0}"})
    client = connect(relayed.redis_url)
    services = make_services(relayed, graph, client)
    try:
        async with working(services, relayed):
            await asyncio.sleep(0.5)
            await relay.cut()
            await asyncio.sleep(2.5)
            assert services.last_error() is not None
            await create_segment(graph)
            await relay.start()
            await until(lambda: is_live(graph))

            async def is_well() -> bool:
                return services.last_error() is None

            await until(is_well)
    finally:
        await client.aclose()
        await relay.cut()


async def test_a_change_whose_publisher_died_is_published_without_traffic(
    services: TaskServices, settings: Settings, graph: GraphClient, redis: Redis
) -> None:
    async def is_published() -> bool:
        return await redis.xlen(CHANGES_STREAM) == 2

    async with working(services, settings):
        await asyncio.sleep(0.5)
        await commit_changes(graph, [make_change(), make_change(sequence=2)])
        await until(is_published, 2 * jobs.CATCH_UP_EVERY_S + 2)


async def test_a_heartbeat_says_what_status_shows(redis: Redis) -> None:
    async with beating(redis, "worker", "2", lambda: "Jobs wait for Redis."):
        await until(lambda: redis.hlen(HEARTBEATS_HASH))
        ((field, body),) = (await redis.hgetall(HEARTBEATS_HASH)).items()
    beat = msgspec.json.decode(body)
    assert field.startswith(b"worker:2:")
    assert (beat["role"], beat["last_error"]) == ("worker", "Jobs wait for Redis.")
    assert abs(beat["beat_ms"] - clock.now_ms()) < 5_000
    assert await redis.hlen(HEARTBEATS_HASH) == 0


async def test_instances_that_fell_silent_are_forgotten(redis: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    dead, living = Heartbeat(redis, "api", "1", lambda: None), Heartbeat(redis, "api", "2", lambda: None)
    await dead.beat()
    await living.beat()
    assert await redis.hlen(HEARTBEATS_HASH) == 2
    monkeypatch.setattr(heartbeat, "FORGET_AFTER_MS", 50)
    await redis.hset(HEARTBEATS_HASH, "of another version", "no JSON")
    await asyncio.sleep(0.2)
    await living.beat()
    assert len(await redis.hkeys(HEARTBEATS_HASH)) == 1
