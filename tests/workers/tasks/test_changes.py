"""Retention: outbox and stream forget the same changes, oldest first, and nothing unpublished."""

from __future__ import annotations

import pytest
from redis.asyncio import Redis

from base import clock
from base.settings import Settings
from base.valkey import CHANGES_STREAM
from delivery.publisher import ChangePublisher
from graph.client import GraphClient
from graph.repositories.change import ChangeRepository
from tests.support.changes import commit_changes, make_change
from workers.jobs import make_services
from workers.tasks import changes as change_tasks
from workers.tasks.changes import forget_changes
from workers.tasks.services import TaskServices

HOUR_MS = 3_600_000


@pytest.fixture
def services(settings: Settings, graph: GraphClient, redis: Redis) -> TaskServices:
    return make_services(settings, graph, redis)


async def kept(graph: GraphClient, redis: Redis) -> tuple[list[int], list[int]]:
    """Positions in the outbox and in the stream."""
    outbox = [change.position for change in await ChangeRepository(graph).list_range(0, 100_000)]
    stream = [int(entry_id.split(b"-")[0]) for entry_id, _ in await redis.xrange(CHANGES_STREAM)]
    return outbox, stream


async def commit(graph: GraphClient, count: int, *, age_ms: int) -> None:
    changes = [make_change(sequence=number + 1) for number in range(count)]
    await commit_changes(graph, changes, at_ms=clock.now_ms() - age_ms)


async def test_old_changes_leave_both_and_young_ones_stay(
    services: TaskServices, graph: GraphClient, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(change_tasks, "PAGE_CHANGES", 7)
    await commit(graph, 30, age_ms=3 * HOUR_MS)
    await commit(graph, 5, age_ms=0)
    removed = await forget_changes(services, clock.now_ms() - HOUR_MS)
    assert removed == 30
    assert await kept(graph, redis) == (list(range(31, 36)), list(range(31, 36)))


async def test_only_a_prefix_is_removed_when_clocks_disagree(
    services: TaskServices, graph: GraphClient, redis: Redis
) -> None:
    await commit(graph, 2, age_ms=3 * HOUR_MS)
    await commit(graph, 1, age_ms=0)
    await commit(graph, 2, age_ms=3 * HOUR_MS)
    await forget_changes(services, clock.now_ms() - HOUR_MS)
    assert await kept(graph, redis) == ([3, 4, 5], [3, 4, 5])


async def test_the_number_of_kept_changes_is_bounded(services: TaskServices, graph: GraphClient, redis: Redis) -> None:
    await commit(graph, 30, age_ms=0)
    await forget_changes(services, clock.now_ms() - HOUR_MS, max_kept=10)
    assert await kept(graph, redis) == (list(range(21, 31)), list(range(21, 31)))


async def test_what_was_never_published_is_published_before_it_is_removed(
    services: TaskServices, graph: GraphClient, redis: Redis
) -> None:
    await commit(graph, 3, age_ms=3 * HOUR_MS)
    await forget_changes(services, clock.now_ms() - HOUR_MS)
    info = await redis.xinfo_stream(CHANGES_STREAM)
    assert (info["last-generated-id"], info["length"]) == (b"3-0", 0)


async def test_a_run_that_died_before_the_trim_is_completed_by_the_next(
    services: TaskServices, graph: GraphClient, redis: Redis
) -> None:
    await commit(graph, 10, age_ms=3 * HOUR_MS)
    await services.publisher.catch_up()
    await ChangeRepository(graph).delete_until(10, 100)
    await forget_changes(services, clock.now_ms() - HOUR_MS)
    assert await kept(graph, redis) == ([], [])


async def test_publication_goes_on_after_everything_was_forgotten(
    services: TaskServices, graph: GraphClient, redis: Redis
) -> None:
    await commit(graph, 4, age_ms=3 * HOUR_MS)
    await forget_changes(services, clock.now_ms() - HOUR_MS)
    await ChangePublisher(redis, graph).publish(await commit_changes(graph, [make_change()]))
    assert await kept(graph, redis) == ([5], [5])
