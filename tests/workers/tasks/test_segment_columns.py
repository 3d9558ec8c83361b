"""Builds of segments by the columnar store: the graph becomes what a pass over everybody would make of it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from redis.asyncio import Redis

from analytics.store import results
from base.clock import now_ms
from base.keys import Keyring
from base.settings import Settings
from base.valkey import CHANGES_STREAM
from delivery.change import Change, decode
from graph.client import GraphClient
from graph.repositories.segment import SegmentRepository
from tests.support.answering import answering
from tests.support.builders import make_identify, make_track
from tests.support.line import Line
from tests.support.segments import NOBODY, change_rule, create_segment, segment_of, sequences_of
from workers.jobs import make_services
from workers.projection.answers import builds as answers
from workers.projection.answers import kept
from workers.projection.owner import ProjectionOwner
from workers.tasks import columns
from workers.tasks.segment import build_segment
from workers.tasks.services import TaskServices

BOUGHT = {"event": {"name": "Bought", "values": [2]}}
CUSTOMERS = 40
BUYERS = 12


@pytest.fixture
def services(settings: Settings, graph: GraphClient, redis: Redis) -> TaskServices:
    return make_services(settings, graph, redis)


@pytest.fixture
def line(graph: GraphClient, redis: Redis, keyring: Keyring) -> Line:
    return Line.of(graph, redis, keyring)


@pytest.fixture
async def owner(
    line: Line, graph: GraphClient, redis: Redis, settings: Settings, tmp_path: Path
) -> AsyncIterator[ProjectionOwner]:
    """The role, beside a graph of customers of whom some have bought twice."""
    await line.apply(*(make_identify(user_id=f"user-{n}", traits={"n": n}) for n in range(CUSTOMERS)))
    await buy(line, range(BUYERS))
    async with answering(graph, redis, settings, tmp_path) as owner:
        yield owner


async def buy(line: Line, numbers: range) -> None:
    for turn in range(2):
        await line.apply(*(make_track("Bought", user_id=f"user-{n}", messageId=f"b-{n}-{turn}") for n in numbers))


def context(services: TaskServices) -> dict[str, object]:
    return {"services": services}


async def published(redis: Redis) -> list[Change]:
    return [decode(fields[b"c"]) for _, fields in await redis.xrange(CHANGES_STREAM)]


@pytest.fixture
def pages(monkeypatch: pytest.MonkeyPatch, services: TaskServices) -> list[int]:
    """Sizes of the pages that were evaluated on the graph; a pass over everybody is not allowed."""
    seen: list[int] = []
    build_page = services.builder.build_page

    async def noted(key: str, version: int, page: list[str]) -> None:
        seen.append(len(page))
        await build_page(key, version, page)

    async def never(*args: object) -> None:
        raise AssertionError("passes over everybody")

    monkeypatch.setattr(services.builder, "build_page", noted)
    monkeypatch.setattr(services.builder, "build_all", never)
    return seen


async def test_only_who_differs_is_evaluated(
    owner: ProjectionOwner,
    services: TaskServices,
    graph: GraphClient,
    redis: Redis,
    pages: list[int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(columns, "PAGE_IDS", 5)
    await create_segment(graph, rule=BOUGHT)
    await build_segment(context(services), "buyers", 1)
    segment = await segment_of(graph)
    assert (segment.status, segment.progress) == ("LIVE", 1.0)
    assert list((await sequences_of(graph)).values()) == [1] * BUYERS
    assert pages == [5, 5, 2]

    pages.clear()
    await change_rule(graph, "buyers", 2, {"any": [BOUGHT, {"attribute": {"name": "n", "op": "LT", "values": [15]}}]})
    await build_segment(context(services), "buyers", 2)
    assert pages == [3]
    await change_rule(graph, "buyers", 3, NOBODY)
    await build_segment(context(services), "buyers", 3)
    assert await sequences_of(graph) == {}
    changes = await published(redis)
    assert [change.kind for change in changes] == ["ENTERED"] * 15 + ["EXITED"] * 15
    assert [change.position for change in changes] == list(range(1, 31))


async def test_what_is_found_counts_before_it_is_in_the_graph(
    owner: ProjectionOwner, services: TaskServices, graph: GraphClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository, build_page = SegmentRepository(graph), services.builder.build_page
    seen: list[tuple[int, int, int]] = []

    async def looked_at(key: str, version: int, page: list[str]) -> None:
        result = await services.builds.find_result("buyers")
        assert result is not None
        listed = await services.columns.page_result(result.name, "", 100)
        assert (await services.columns.count({"segment": "buyers"})).count == BUYERS
        assert (await services.columns.count({"not": {"segment": "buyers"}})).count == CUSTOMERS - BUYERS
        assert listed == sorted(listed)
        behind = await services.columns.page_result(result.name, listed[2], 4)
        assert behind == listed[3:7]
        counted = await repository.count_members(["buyers"])
        seen.append((result.count, len(listed), counted["buyers"]))
        assert await sequences_of(graph) == {}
        await build_page(key, version, page)

    monkeypatch.setattr(services.builder, "build_page", looked_at)
    await create_segment(graph, rule=BOUGHT)
    await build_segment(context(services), "buyers", 1)
    assert seen == [(BUYERS, BUYERS, BUYERS)]
    assert await services.builds.find_result("buyers") is None
    assert await repository.count_members(["buyers"]) == {"buyers": BUYERS}
    assert (await services.columns.count({"segment": "buyers"})).count == BUYERS


async def test_live_changes_during_a_build_are_neither_lost_nor_doubled(
    line: Line,
    owner: ProjectionOwner,
    services: TaskServices,
    graph: GraphClient,
    redis: Redis,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(columns, "PAGE_IDS", 5)
    build_page = services.builder.build_page

    async def meanwhile(key: str, version: int, page: list[str]) -> None:
        # After the store has answered: somebody new, and one whom the answer has.
        await buy(line, range(BUYERS, BUYERS + 3))
        await line.apply(make_track("Bought", user_id=f"user-{BUYERS - 1}", messageId="more"))
        await build_page(key, version, page)

    monkeypatch.setattr(services.builder, "build_page", meanwhile)
    await create_segment(graph, rule=BOUGHT)
    await build_segment(context(services), "buyers", 1)
    assert list((await sequences_of(graph)).values()) == [1] * (BUYERS + 3)
    assert [change.kind for change in await line.changes()] == ["ENTERED"] * (BUYERS + 3)


async def test_a_result_that_had_to_make_room_is_asked_for_again(
    owner: ProjectionOwner, services: TaskServices, graph: GraphClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept, "MAX_KEPT", 1)
    monkeypatch.setattr(columns, "PAGE_IDS", 5)
    build_page, asked = services.builder.build_page, []

    async def pushed_out(key: str, version: int, page: list[str]) -> None:
        if not asked:
            asked.append(await services.columns.begin_build("other", json.dumps(BOUGHT).encode()))
        await build_page(key, version, page)

    monkeypatch.setattr(services.builder, "build_page", pushed_out)
    await create_segment(graph, rule=BOUGHT)
    await build_segment(context(services), "buyers", 1)
    assert (await segment_of(graph)).status == "LIVE"
    assert len(await sequences_of(graph)) == BUYERS
    with pytest.raises(columns.ResultGone):
        await services.columns.page_result(asked[0].name, "", 10)


async def test_a_store_that_lags_is_not_trusted(
    line: Line, owner: ProjectionOwner, services: TaskServices, graph: GraphClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answers, "REACH_S", 0.1)
    as_of_ms = owner.as_of_ms
    monkeypatch.setattr(ProjectionOwner, "as_of_ms", as_of_ms)
    await buy(line, range(BUYERS, CUSTOMERS))
    assert now_ms() > as_of_ms
    await create_segment(graph, rule=BOUGHT)
    await build_segment(context(services), "buyers", 1)
    assert len(await sequences_of(graph)) == CUSTOMERS
    assert (await segment_of(graph)).status == "LIVE"


async def test_a_result_that_nobody_brings_to_the_graph_counts_no_longer(
    owner: ProjectionOwner, services: TaskServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = {"segment": "buyers"}
    await services.columns.begin_build("buyers", json.dumps(BOUGHT).encode())
    assert (await services.columns.count(asked)).count == BUYERS
    # Another one of the same segment takes its place; one of another segment does not.
    newer = await services.columns.begin_build("buyers", json.dumps({"everyone": True}).encode())
    await services.columns.begin_build("others", json.dumps(NOBODY).encode())
    assert (await services.columns.count(asked)).count == CUSTOMERS
    monkeypatch.setattr(kept, "FORGET_AFTER_S", 0.0)
    assert (await services.columns.count(asked)).count == 0
    monkeypatch.undo()
    await services.columns.end_build(newer.name)
    assert (await services.columns.count(asked)).count == 0


async def test_a_store_that_fails_is_done_without(
    owner: ProjectionOwner, services: TaskServices, graph: GraphClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> int:
        raise RuntimeError("a fault inside")

    monkeypatch.setattr(results, "compare_members", broken)
    await create_segment(graph, rule=BOUGHT)
    await build_segment(context(services), "buyers", 1)
    assert (await segment_of(graph)).status == "LIVE"
    assert len(await sequences_of(graph)) == BUYERS
