"""Builds and deletions of tags: on a schedule, after a failure, beside an outage of nothing."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from redis.asyncio import Redis

from base import clock
from base.errors import BadInput
from base.settings import Settings
from base.valkey import ARQ_QUEUE
from graph.client import GraphClient
from graph.repositories.tag_build import Scheduled
from tests.support.fake_clock import FakeClock
from tests.support.segments import create_many_customers
from tests.support.tags import BOUGHT_COUNT, change_tag, save_tag, tag_of, values_of
from workers.jobs import make_services
from workers.live.builder import Progress, Superseded
from workers.tasks.recovery import requeue_unfinished
from workers.tasks.services import TaskServices
from workers.tasks.tag import RETRY_AFTER_MS, build_tag, delete_tag, is_due, start_scheduled_builds

UTC_ZONE = ZoneInfo("UTC")
DAY_MS = 86_400_000


@pytest.fixture
def services(settings: Settings, graph: GraphClient, redis: Redis) -> TaskServices:
    return make_services(settings, graph, redis)


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> FakeClock:
    fake = FakeClock()
    monkeypatch.setattr(clock, "now_ms", fake)
    return fake


def context(services: TaskServices) -> dict[str, object]:
    return {"services": services}


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


@pytest.mark.parametrize(
    ("mode", "zone", "as_of", "now", "due"),
    [
        ("DAILY", None, None, "2026-07-08T12:00", True),
        ("DAILY", None, "2026-07-08T00:00", "2026-07-08T23:59", False),
        ("DAILY", None, "2026-07-07T23:59", "2026-07-08T00:00", True),
        ("DAILY", "Asia/Shanghai", "2026-07-07T15:59", "2026-07-07T16:00", True),
        ("DAILY", "Asia/Shanghai", "2026-07-07T16:00", "2026-07-08T15:59", False),
        # 2026-07-06 is a Monday.
        ("WEEKLY", None, "2026-07-06T00:00", "2026-07-12T23:59", False),
        ("WEEKLY", None, "2026-07-05T23:59", "2026-07-06T00:00", True),
    ],
)
def test_a_run_is_due_once_a_day_or_week_of_the_zone(
    mode: str, zone: str | None, as_of: str | None, now: str, due: bool
) -> None:
    tag = Scheduled("t", mode, zone, None if as_of is None else at(as_of), None)
    assert is_due(tag, at(now), UTC_ZONE) is due


async def test_a_daily_tag_is_built_every_day(
    services: TaskServices, graph: GraphClient, redis: Redis, now: FakeClock
) -> None:
    await create_many_customers(graph, 3)
    await save_tag(graph, "orders", BOUGHT_COUNT, mode="DAILY", status="SCHEDULED")
    assert await start_scheduled_builds(services, UTC_ZONE) == 1
    assert await start_scheduled_builds(services, UTC_ZONE) == 0
    assert await redis.zrange(ARQ_QUEUE, 0, -1) == [b"build_tag:orders:1"]
    await build_tag(context(services), "orders", 1)
    tag = await tag_of(graph, "orders")
    assert (tag.status, tag.as_of_ms, len(await values_of(graph, "orders"))) == ("SCHEDULED", now.ms, 3)
    assert await start_scheduled_builds(services, UTC_ZONE) == 0
    now.ms += DAY_MS
    assert await start_scheduled_builds(services, UTC_ZONE) == 1


async def test_a_run_that_fails_keeps_the_old_values_and_is_tried_again(
    services: TaskServices, graph: GraphClient, now: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    await create_many_customers(graph, 3)
    await save_tag(graph, "orders", BOUGHT_COUNT, mode="DAILY", status="BUILDING")
    await build_tag(context(services), "orders", 1)
    before, as_of_ms = await values_of(graph, "orders"), now.ms
    now.ms += DAY_MS
    await start_scheduled_builds(services, UTC_ZONE)

    async def broken(key: str, version: int, progress: Progress, after: str = "", done: float = 0.0) -> None:
        raise BadInput("It cannot be computed.")

    with monkeypatch.context() as patch:
        patch.setattr(services.builder, "build_all", broken)
        await build_tag(context(services), "orders", 1)
    tag = await tag_of(graph, "orders")
    assert (tag.status, tag.last_error, tag.as_of_ms) == ("FAILED", "It cannot be computed.", as_of_ms)
    assert await values_of(graph, "orders") == before
    assert await start_scheduled_builds(services, UTC_ZONE) == 0
    now.ms += RETRY_AFTER_MS
    assert await start_scheduled_builds(services, UTC_ZONE) == 1
    await build_tag(context(services), "orders", 1)
    tag = await tag_of(graph, "orders")
    assert (tag.status, tag.last_error) == ("SCHEDULED", None)


async def test_a_build_ends_when_the_tag_is_paused(services: TaskServices, graph: GraphClient) -> None:
    await create_many_customers(graph, 600)
    await save_tag(graph, "orders", BOUGHT_COUNT, status="BUILDING")
    services.live.cache.clear()

    async def pausing(progress: float, built_until: str) -> None:
        await change_tag(graph, "orders", status="PAUSED")

    with pytest.raises(Superseded, match="orders"):
        await services.builder.build_all("tag:orders", 1, pausing)
    assert len(await values_of(graph, "orders")) == 500


async def test_a_deleted_tag_leaves_nothing(services: TaskServices, graph: GraphClient) -> None:
    await create_many_customers(graph, 30)
    await save_tag(graph, "orders", BOUGHT_COUNT, status="BUILDING")
    await build_tag(context(services), "orders", 1)
    await delete_tag(context(services), "orders")
    assert len(await values_of(graph, "orders")) == 30
    await change_tag(graph, "orders", status="DELETING")
    await delete_tag(context(services), "orders")
    assert await services.tag_builds.find_state("orders") is None
    assert await values_of(graph, "orders") == {}


async def test_unfinished_tags_get_their_jobs_back(services: TaskServices, graph: GraphClient, redis: Redis) -> None:
    await save_tag(graph, "built", BOUGHT_COUNT, status="BUILDING")
    await save_tag(graph, "gone", BOUGHT_COUNT, status="DELETING")
    await save_tag(graph, "live", BOUGHT_COUNT)
    assert await requeue_unfinished(services) == 2
    assert sorted(await redis.zrange(ARQ_QUEUE, 0, -1)) == [b"build_tag:built:1", b"delete_tag:gone"]
