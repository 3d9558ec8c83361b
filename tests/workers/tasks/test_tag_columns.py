"""Builds of tags by the columnar store: the values of a pass over everybody, and of kinds that have no other way."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis

from base.keys import Keyring
from base.settings import Settings
from graph.client import GraphClient
from graph.repositories.sharing import Sharing, Visibility, share_segment
from graph.repositories.tag import TagRepository
from rules.needs import tag_name
from tests.support.answering import answering
from tests.support.builders import make_identify, make_track
from tests.support.line import Line
from tests.support.purchases import buy
from tests.support.tags import BOUGHT_COUNT, change_tag, save_tag, tag_of, values_of
from workers.jobs import make_services
from workers.projection.owner import ProjectionOwner
from workers.tasks import columns
from workers.tasks.services import TaskServices
from workers.tasks.tag import build_tag

CUSTOMERS = 23
BUYERS = 12
SPENT = {"name": "Bought", "measure": {"kind": "SUM", "property": "price"}}
# Every kind that can be computed of one customer, with values of every type.
COMPUTED: Mapping[str, Mapping[str, Any]] = {
    "condition": {
        "condition": {
            "values": [
                {"value": 2, "rule": {"event": {"name": "Bought", "values": [8]}}},
                {"value": 1.5, "rule": {"event": {"name": "Bought"}}},
            ]
        }
    },
    "flag": {"condition": {"values": [{"value": False, "rule": {"not": {"event": {"name": "Bought"}}}}]}},
    "statistical": BOUGHT_COUNT,
    "layers": {"statistical": {"event": SPENT, "layers": [{"value": "small", "to": 20}, {"value": "big", "from": 20}]}},
    "preference": {"preference": {"event": {"name": "Bought"}, "property": "item", "top": 3}},
    "first": {"firstLast": {"event": {"name": "Bought"}, "which": "FIRST", "take": "TIME"}},
    "last": {
        "firstLast": {
            "event": {"name": "Bought"},
            "which": "LAST",
            "take": "PROPERTY",
            "property": "item",
            "type": "STRING",
        }
    },
}


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
    """The role, beside a graph in which the n-th of the first customers has bought n times."""
    await line.apply(*(make_identify(user_id=f"user-{n}", traits={"n": n}) for n in range(CUSTOMERS)))
    await buy(line, range(1, BUYERS + 1))
    async with answering(graph, redis, settings, tmp_path) as owner:
        yield owner


@pytest.fixture
def no_pass(monkeypatch: pytest.MonkeyPatch, services: TaskServices) -> None:
    async def never(*args: object) -> None:
        raise AssertionError("passes over everybody")

    monkeypatch.setattr(services.builder, "build_all", never)


def context(services: TaskServices) -> dict[str, object]:
    return {"services": services}


@pytest.mark.parametrize("mode", ["LIVE", "DAILY"])
@pytest.mark.parametrize("name", COMPUTED)
async def test_the_values_are_those_of_a_pass_over_everybody(
    owner: ProjectionOwner, services: TaskServices, graph: GraphClient, name: str, mode: str
) -> None:
    await save_tag(graph, "passed", COMPUTED[name], status="BUILDING", mode=mode)
    await services.builder.build_all(tag_name("passed"), 1, lambda done, until: _nothing())
    await save_tag(graph, "asked", COMPUTED[name], status="BUILDING", mode=mode)
    await build_tag(context(services), "asked", 1)
    found = await values_of(graph, "asked")
    assert found == await values_of(graph, "passed")
    assert found
    assert (await tag_of(graph, "asked")).status == ("LIVE" if mode == "LIVE" else "SCHEDULED")


async def _nothing() -> None:
    pass


@pytest.mark.parametrize("keep_old", [False, True])
@pytest.mark.usefixtures("no_pass")
async def test_only_who_has_another_value_is_computed_again(
    line: Line,
    owner: ProjectionOwner,
    services: TaskServices,
    graph: GraphClient,
    monkeypatch: pytest.MonkeyPatch,
    keep_old: bool,
) -> None:
    pages: list[int] = []
    build_page = services.builder.build_page

    async def noted(key: str, version: int, page: Sequence[str]) -> None:
        pages.append(len(page))
        await build_page(key, version, page)

    monkeypatch.setattr(services.builder, "build_page", noted)
    monkeypatch.setattr(columns, "PAGE_IDS", 5)
    document = {"preference": {"event": {"name": "Bought"}, "property": "price", "top": 1}}
    await save_tag(graph, "price", document, status="BUILDING", mode="DAILY", keep_old=keep_old)
    await build_tag(context(services), "price", 1)
    assert pages == [5, 5, 2]
    pages.clear()

    # Another one has it now, and of the others the best one changes for one.
    await buy(line, [BUYERS + 1])
    await line.apply(*(make_track("Bought", user_id="user-1", properties={"price": 99}) for _ in range(2)))
    await change_tag(graph, "price", status="BUILDING")
    await build_tag(context(services), "price", 1)
    assert pages == [2]
    values = await values_of(graph, "price")
    assert len(values) == BUYERS + 1
    assert [99] in values.values()
    pages.clear()

    # Nobody has any.
    gone = {"preference": {"event": {"name": "Bought"}, "property": "nothing", "top": 1}}
    await change_tag(graph, "price", status="BUILDING", version=2, definition=json.dumps(gone))
    await build_tag(context(services), "price", 2)
    assert sum(pages) == (0 if keep_old else BUYERS + 1)
    assert len(await values_of(graph, "price")) == (BUYERS + 1 if keep_old else 0)


SHARES = {
    "statistical": {
        "event": SPENT,
        "shares": [{"value": "Best", "topPercent": 25}, {"value": "rest", "topPercent": 100}],
    }
}
TOP = {"tag": {"key": "rank", "op": "EQ", "values": ["555"]}}
RFM = {"rfm": {"event": SPENT, "scores": True}}
STATEMENT = """
SELECT customer_id, CASE WHEN sum(price_number) > 100 THEN 'Best' ELSE 'rest' END AS value
FROM events."Bought" GROUP BY customer_id
"""
SQL = {"sql": {"text": STATEMENT, "type": "STRING"}}


@pytest.mark.parametrize("document", [SHARES, RFM, SQL], ids=["shares", "rfm", "sql"])
async def test_what_is_computed_over_everybody_comes_to_the_graph(
    line: Line,
    owner: ProjectionOwner,
    services: TaskServices,
    graph: GraphClient,
    document: Mapping[str, object],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(columns, "PAGE_IDS", 5)
    counted: list[dict[str, int]] = []
    asked: list[int] = []
    put_page = services.builder.put_page

    async def looked_at(tag: str, version: int, values: Mapping[str, Any]) -> None:
        counted.append(await TagRepository(graph).count_customers(["rank"]))
        folded = {"tag": {"key": "rank", "op": "IEQ", "values": ["BEST"]}}
        asked.append((await services.columns.count({"tag": {"key": "rank", "op": "SET"}})).count)
        asked.append((await services.columns.count({"any": [folded, TOP]})).count)
        await put_page(tag, version, values)

    monkeypatch.setattr(services.builder, "put_page", looked_at)
    await line.segment("best", {"tag": {"key": "rank", "op": "IN", "values": ["Best", "555"]}})
    await save_tag(graph, "rank", document, status="BUILDING", mode="DAILY")
    services.live.cache.clear()
    await build_tag(context(services), "rank", 1)
    values = await values_of(graph, "rank")
    assert len(values) == BUYERS
    assert counted == [{"rank": BUYERS}] * 3
    best = [one for one, value in values.items() if value in ("Best", "555")]
    assert sorted(asked) == [len(best)] * 3 + [BUYERS] * 3
    changes = await line.changes()
    assert sorted(change.customer for change in changes) == sorted(best)
    assert {(change.kind, change.cause) for change in changes} == {("ENTERED", "TAG")}
    tag = await tag_of(graph, "rank")
    assert (tag.status, tag.last_error) == ("SCHEDULED", None)

    # Again: nobody is told anything, since nothing is another.
    await change_tag(graph, "rank", status="BUILDING")
    await build_tag(context(services), "rank", 1)
    assert await line.changes() == changes
    assert await values_of(graph, "rank") == values


async def test_without_a_store_what_needs_it_waits(services: TaskServices, graph: GraphClient, line: Line) -> None:
    await line.apply(make_identify(user_id="user-1"))
    await save_tag(graph, "rank", RFM, status="BUILDING", mode="DAILY")
    await save_tag(graph, "count", BOUGHT_COUNT, status="BUILDING", mode="DAILY")
    await build_tag(context(services), "rank", 1)
    assert (await tag_of(graph, "rank")).status == "BUILDING"
    assert services.faults["build"] == "Nobody owns the columnar store."
    await build_tag(context(services), "count", 1)
    assert (await tag_of(graph, "count")).status == "SCHEDULED"
    assert list((await values_of(graph, "count")).values()) == [0]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("SELECT customer_id, 1 AS value FROM customers UNION ALL TABLE customers", "", id="refused"),
        pytest.param(
            "SELECT customer_id, 'x' AS value FROM events.\"Bought\"", "There are two rows for", id="two rows of one"
        ),
    ],
)
async def test_a_statement_that_cannot_give_values_fails_with_its_reason(
    owner: ProjectionOwner, services: TaskServices, graph: GraphClient, text: str, shown: str
) -> None:
    await save_tag(graph, "rank", {"sql": {"text": text, "type": "STRING"}}, status="BUILDING", mode="DAILY")
    await build_tag(context(services), "rank", 1)
    tag = await tag_of(graph, "rank")
    assert tag.status == "FAILED"
    assert tag.last_error is not None
    assert tag.last_error.startswith(shown)


async def test_statements_have_the_limits_of_the_settings(
    line: Line, settings: Settings, graph: GraphClient, redis: Redis, services: TaskServices, tmp_path: Path
) -> None:
    await buy(line, range(BUYERS))
    sources = ", ".join(f'events."Bought" AS b{number}' for number in range(9))
    slow = f"SELECT b0.customer_id, CAST(count(*) AS VARCHAR) AS value FROM {sources} GROUP BY 1"
    await save_tag(graph, "rank", {"sql": {"text": slow, "type": "STRING"}}, status="BUILDING", mode="DAILY")
    async with answering(graph, redis, settings.model_copy(update={"sql_time_s": 0.25}), tmp_path):
        await build_tag(context(services), "rank", 1)

    assert (await tag_of(graph, "rank")).last_error == "The statement takes longer than 0.25 seconds."


async def test_a_statement_reads_what_is_everybodys(
    line: Line, settings: Settings, graph: GraphClient, redis: Redis, services: TaskServices, tmp_path: Path
) -> None:
    for key in ("open", "closed"):
        await line.segment(key, {"everyone": True})
    await line.apply(make_identify(user_id="user-1"))
    private = Sharing("usr_somebody", Visibility.PRIVATE)
    await graph.write("tests/share", lambda tx: share_segment(tx, key="closed", sharing=private, now_ms=1))
    text = "SELECT customer_id, min(segment) AS value FROM segments GROUP BY 1"
    await save_tag(graph, "rank", {"sql": {"text": text, "type": "STRING"}}, status="BUILDING", mode="DAILY")
    async with answering(graph, redis, settings, tmp_path):
        await build_tag(context(services), "rank", 1)

    assert list((await values_of(graph, "rank")).values()) == ["open"]
