"""Builds and deletions: the status is the truth, whatever happens to jobs, workers and stores."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from redis.asyncio import Redis

from base.errors import BadInput, Unavailable
from base.settings import Settings
from base.valkey import CHANGES_STREAM
from delivery.change import Change, decode
from graph.client import GraphClient
from graph.repositories import live as live_repository
from graph.repositories.segment_build import SegmentBuildRepository
from graph.repositories.segment_version import SegmentVersionRepository
from tests.support.segments import (
    EVERYONE,
    NOBODY,
    change_rule,
    create_many_customers,
    create_segment,
    hide_segment,
    segment_of,
    sequences_of,
    versions_of,
)
from workers.claims import claim
from workers.jobs import make_services
from workers.live.builder import PAGE_CUSTOMERS, Builder, Progress
from workers.queue import default_job_id
from workers.tasks import building
from workers.tasks import segment as segment_tasks
from workers.tasks.segment import build_segment, delete_segment
from workers.tasks.services import TaskServices

CUSTOMERS = 1_203


@pytest.fixture
def services(settings: Settings, graph: GraphClient, redis: Redis) -> TaskServices:
    return make_services(settings, graph, redis)


def context(services: TaskServices) -> dict[str, object]:
    return {"services": services}


async def published(redis: Redis) -> list[Change]:
    return [decode(fields[b"c"]) for _, fields in await redis.xrange(CHANGES_STREAM)]


class StubBuilder(Builder):
    """A builder that does what a test says."""

    def __init__(self, step: Callable[[Progress], Awaitable[None]]):
        self._step = step

    async def begin(self) -> None:
        pass

    async def build_all(self, key: str, version: int, progress: Progress, after: str = "", done: float = 0.0) -> None:
        await self._step(progress)


async def test_a_build_makes_the_segment_live_with_all_its_members(
    services: TaskServices, graph: GraphClient, redis: Redis
) -> None:
    ids = await create_many_customers(graph, CUSTOMERS)
    await create_segment(graph)
    await build_segment(context(services), "buyers", 1)
    segment = await segment_of(graph)
    assert (segment.status, segment.progress, segment.last_error) == ("LIVE", 1.0, None)
    assert segment.as_of_ms is not None
    assert await sequences_of(graph) == dict.fromkeys(ids, 1)
    changes = await published(redis)
    assert [change.position for change in changes] == list(range(1, CUSTOMERS + 1))
    assert {(change.kind, change.cause) for change in changes} == {("ENTERED", "RULE")}


async def test_building_again_changes_nothing(services: TaskServices, graph: GraphClient, redis: Redis) -> None:
    await create_many_customers(graph, 20)
    await create_segment(graph)
    await build_segment(context(services), "buyers", 1)
    await build_segment(context(services), "buyers", 1)
    assert len(await published(redis)) == 20


async def test_a_job_of_an_old_version_does_nothing(services: TaskServices, graph: GraphClient) -> None:
    await create_many_customers(graph, 5)
    await create_segment(graph)
    await change_rule(graph, "buyers", 2, NOBODY)
    await build_segment(context(services), "buyers", 1)
    segment = await segment_of(graph)
    assert (segment.status, segment.version) == ("BUILDING", 2)
    assert await sequences_of(graph) == {}


async def test_a_build_that_a_new_rule_overtakes_stops_quietly(
    services: TaskServices, graph: GraphClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(building, "PROGRESS_EVERY_S", 0.0)
    await create_segment(graph)
    reached_the_end = False

    async def step(progress: Progress) -> None:
        nonlocal reached_the_end
        await progress(0.25, "cus_1")
        assert (await segment_of(graph)).progress == 0.25
        await change_rule(graph, "buyers", 2, NOBODY)
        await progress(0.5, "cus_2")
        reached_the_end = True

    services.builder = StubBuilder(step)
    await build_segment(context(services), "buyers", 1)
    segment = await segment_of(graph)
    assert not reached_the_end
    assert (segment.status, segment.version, segment.progress, segment.last_error) == ("BUILDING", 2, 0.0, None)


@pytest.mark.parametrize(
    ("fault", "shown"),
    [
        pytest.param(ValueError("ann@example.org"), "ValueError", id="an unexpected fault shows only its kind"),
        pytest.param(BadInput("The rule reads too much."), "The rule reads too much.", id="a fault made for people"),
    ],
)
async def test_a_failed_build_keeps_the_members_and_says_why(
    services: TaskServices, graph: GraphClient, fault: Exception, shown: str
) -> None:
    ids = await create_many_customers(graph, 5)
    await create_segment(graph)
    await build_segment(context(services), "buyers", 1)
    as_of_ms = (await segment_of(graph)).as_of_ms
    await change_rule(graph, "buyers", 2, NOBODY)

    async def step(progress: Progress) -> None:
        raise fault

    services.builder = StubBuilder(step)
    await build_segment(context(services), "buyers", 2)
    segment = await segment_of(graph)
    assert (segment.status, segment.as_of_ms) == ("FAILED", as_of_ms)
    assert shown in (segment.last_error or "")
    assert "ann@example.org" not in (segment.last_error or "")
    assert list(await sequences_of(graph)) == ids
    assert services.last_error() is not None


async def test_a_build_that_loses_a_store_stays_to_be_built(services: TaskServices, graph: GraphClient) -> None:
    await create_segment(graph)

    async def step(progress: Progress) -> None:
        raise Unavailable("The graph database cannot be reached now.")

    services.builder = StubBuilder(step)
    await build_segment(context(services), "buyers", 1)
    assert (await segment_of(graph)).status == "BUILDING"


async def test_an_interrupted_build_goes_on_where_it_was(
    services: TaskServices, graph: GraphClient, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(building, "PROGRESS_EVERY_S", 0.0)
    ids = await create_many_customers(graph, CUSTOMERS)
    await create_segment(graph)
    page, begun_after = live_repository.page_customers, list[str]()

    async def failing(client: GraphClient, after: str, size: int) -> list[str]:
        begun_after.append(after)
        if len(begun_after) == 3:
            raise Unavailable("The graph database cannot be reached now.")
        return await page(client, after, size)

    monkeypatch.setattr(live_repository, "page_customers", failing)
    await build_segment(context(services), "buyers", 1)
    assert (await segment_of(graph)).progress == pytest.approx(2 * PAGE_CUSTOMERS / CUSTOMERS)
    await build_segment(context(services), "buyers", 1)

    assert begun_after[:4] == ["", ids[PAGE_CUSTOMERS - 1], ids[2 * PAGE_CUSTOMERS - 1], ids[2 * PAGE_CUSTOMERS - 1]]
    assert (await segment_of(graph)).status == "LIVE"
    assert await sequences_of(graph) == dict.fromkeys(ids, 1)
    assert len(await published(redis)) == CUSTOMERS
    await change_rule(graph, "buyers", 2, NOBODY)
    begun_after[:] = ["", "", ""]
    await build_segment(context(services), "buyers", 2)
    assert begun_after[3] == "", "a new rule begins with the first customer"


async def test_a_second_worker_leaves_a_build_to_the_first(services: TaskServices, graph: GraphClient) -> None:
    await create_segment(graph)
    async with claim(services.redis, default_job_id("build_segment", "buyers", 1)):
        await build_segment(context(services), "buyers", 1)
        assert (await segment_of(graph)).status == "BUILDING"
    await build_segment(context(services), "buyers", 1)
    assert (await segment_of(graph)).status == "LIVE"


async def test_a_deletion_ends_every_membership_with_a_change_and_removes_the_segment(
    services: TaskServices, graph: GraphClient, redis: Redis
) -> None:
    ids = await create_many_customers(graph, CUSTOMERS)
    await create_segment(graph)
    await create_segment(graph, "others")
    await build_segment(context(services), "buyers", 1)
    await build_segment(context(services), "others", 1)
    # An interval that is over, too.
    await change_rule(graph, "buyers", 2, NOBODY)
    await build_segment(context(services), "buyers", 2)
    await change_rule(graph, "buyers", 3, EVERYONE)
    await build_segment(context(services), "buyers", 3)
    before = await versions_of(graph, "others")
    published_before = len(await published(redis))

    await hide_segment(graph, "buyers")
    await delete_segment(context(services), "buyers")

    assert await SegmentBuildRepository(graph).find_state("buyers") is None
    versions = SegmentVersionRepository(graph)
    assert await versions.list_page("seg_buyers", 10, 10) == []
    assert len(await versions.list_page("seg_others", 10, 10)) == 1
    changes = (await published(redis))[published_before:]
    assert [change.customer for change in changes] == ids
    assert {(change.kind, change.sequence, change.cause, change.segment_version) for change in changes} == {
        ("EXITED", 4, "RULE", 3)
    }
    # Cached profiles are validated by the customer's version.
    assert all(version > before[customer] for customer, version in (await versions_of(graph, "others")).items())
    assert len(await sequences_of(graph, "others")) == CUSTOMERS


async def test_an_interrupted_deletion_is_finished_by_the_next_job(
    services: TaskServices, graph: GraphClient, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(segment_tasks, "PAGE_MEMBERS", 10)
    await create_many_customers(graph, 35)
    await create_segment(graph)
    await build_segment(context(services), "buyers", 1)
    await hide_segment(graph, "buyers")
    publish = services.publisher.publish
    calls = 0

    async def publish_once(changes: list[Change]) -> None:
        nonlocal calls
        calls += 1
        if calls == 2:
            raise Unavailable("The change stream cannot be reached now.")
        await publish(changes)

    monkeypatch.setattr(services.publisher, "publish", publish_once)
    await delete_segment(context(services), "buyers")
    assert await SegmentBuildRepository(graph).find_state("buyers") is not None
    await delete_segment(context(services), "buyers")
    assert await SegmentBuildRepository(graph).find_state("buyers") is None
    exits = [change for change in await published(redis) if change.kind == "EXITED"]
    assert len({change.customer for change in exits}) == len(exits) == 35


async def test_a_segment_in_use_is_not_deleted_by_a_stray_job(services: TaskServices, graph: GraphClient) -> None:
    await create_many_customers(graph, 3)
    await create_segment(graph)
    await build_segment(context(services), "buyers", 1)
    await delete_segment(context(services), "buyers")
    assert len(await sequences_of(graph)) == 3


async def test_a_claim_is_renewed_and_given_back(redis: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workers.claims.LEASE_MS", 300)
    monkeypatch.setattr("workers.claims.RENEW_S", 0.05)
    async with claim(redis, "work") as first:
        await asyncio.sleep(0.6)
        async with claim(redis, "work") as second:
            assert (first, second) == (True, False)
    async with claim(redis, "work") as third:
        assert third
