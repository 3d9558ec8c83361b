"""The role `analytics` with its store on ClickHouse: it answers what it answers from a file, and outlives a server."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis

from analytics.engines.clickhouse.place import ClickHousePlace
from analytics.engines.port import Place
from analytics.query.order import By, Order
from base import clock
from base.errors import BadInput, Unavailable
from base.keys import Keyring
from base.settings import Settings
from cli.projection import line_of
from graph.client import GraphClient
from tests.support.answering import answering
from tests.support.builders import make_identify
from tests.support.clickhouse_server import PASSWORD, ClickHouseServer, clickhouse_server
from tests.support.line import Line
from tests.support.purchases import buy
from tests.support.segments import create_segment, segment_of, sequences_of
from tests.support.tags import BOUGHT_COUNT, save_tag
from tests.support.waiting import until
from workers.jobs import make_services
from workers.projection import state
from workers.projection.client import ColumnStore
from workers.tasks.segment import build_segment
from workers.tasks.tag import build_tag

CUSTOMERS = 23
BUYERS = 12
BOUGHT: dict[str, Any] = {"event": {"name": "Bought", "values": [2]}}
EVENT = {"name": "Bought", "measure": {"kind": "SUM", "property": "price"}}
TAGS: dict[str, dict[str, Any]] = {
    "statistical": BOUGHT_COUNT,
    "shares": {"statistical": {"event": EVENT, "shares": [{"value": "top", "topPercent": 40}]}},
    "preference": {"preference": {"event": {"name": "Bought"}, "property": "item", "top": 3}},
    "rfm": {"rfm": {"event": EVENT, "scores": True}},
}


@pytest.fixture
async def line(graph: GraphClient, redis: Redis, keyring: Keyring) -> Line:
    """Of the customers, the n-th of the first ones has bought n times; two are on one device."""
    line = Line.of(graph, redis, keyring)
    await line.apply(
        *(make_identify(user_id=f"user-{n}", traits={"n": n, "city": "Äbc"[: n % 4]}) for n in range(CUSTOMERS))
    )
    await buy(line, range(1, BUYERS + 1))
    return line


async def answers(store: ColumnStore) -> dict[str, Any]:
    """To a question of each kind; without names of results and instants."""
    told: dict[str, Any] = {}
    for name, rule in {"events": BOUGHT, "city": {"attribute": {"name": "city", "op": "SET"}}}.items():
        told[name] = (await store.count(rule)).count
    orders = [Order(By.ID, "", False), Order(By.ATTRIBUTE, "city", True), Order(By.TAG, "statistical", False)]
    for order in (*orders, Order(By.LAST_EVENT, "Bought", False)):
        listed = await store.list_customers(BOUGHT, order, is_known=True, count=5)
        behind = await store.list_customers(
            None, order, is_known=True, count=9, after=listed.places[-1], now_ms=listed.now_ms
        )
        told[f"by {order.by} {order.name}"] = (list(listed.places), list(behind.places))
    for name, definition in TAGS.items():
        built = await store.begin_tag_build(name, json.dumps(definition).encode(), None, keep_old=False)
        differing = await store.compare_build(built.name)
        told[f"build of {name}"] = (built.count, differing, await store.page_values(built.name, 0, 100))
        spread = await store.spread_tag(name, is_list=name == "preference", value_count=9, bucket_count=4)
        told[f"spread of {name}"] = (sorted(map(repr, spread.values)), spread.customers, spread.least, spread.buckets)
        await store.end_build(built.name)
    told["moves"] = await store.count_segment_moves("buyers", [0, clock.now_ms()])
    told["stages"] = await store.count_stage_moves("life", 0, clock.now_ms(), ["TIME"])
    told["found"] = sorted(await store.find_customers("n", ["3", "4", "x"]))
    return told


async def test_it_answers_what_a_file_answers(
    line: Line, settings: Settings, clickhouse: ClickHouseServer, tmp_path: Path
) -> None:
    services = make_services(settings, line.graph, line.redis)
    store = ColumnStore(line.redis, line.keyring)
    await create_segment(line.graph, rule=BOUGHT)
    await save_tag(line.graph, "statistical", BOUGHT_COUNT, status="BUILDING")
    places: dict[str, Place | None] = {"DuckDB": None, "ClickHouse": ClickHousePlace.of(clickhouse.url)}
    told = {}
    for name, place in places.items():
        async with answering(line.graph, line.redis, settings, tmp_path / name, place):
            # The first builds both, from its answers.
            await build_segment({"services": services}, "buyers", 1)
            await build_tag({"services": services}, "statistical", 1)
            assert (await segment_of(line.graph)).status == "LIVE"
            assert len(await sequences_of(line.graph)) == BUYERS - 1
            told[name] = await answers(store)
            said = await state.find(line.redis)
            assert said is not None
            assert line_of(said).startswith(f"on {name}, as of ")
        await line.redis.delete(state.PROJECTION_STATE)

    assert told["ClickHouse"] == told["DuckDB"]
    assert told["DuckDB"]["build of rfm"][0] == BUYERS


async def test_a_segment_is_built_by_its_answer(
    line: Line, settings: Settings, clickhouse: ClickHouseServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    services = make_services(settings, line.graph, line.redis)

    async def never(*args: object) -> None:
        raise AssertionError("passes over everybody")

    monkeypatch.setattr(services.builder, "build_all", never)
    async with answering(line.graph, line.redis, settings, tmp_path, ClickHousePlace.of(clickhouse.url)):
        await buy(line, [20], "late")
        await create_segment(
            line.graph, rule={"all": [BOUGHT, {"attribute": {"name": "n", "op": "GTE", "values": [5]}}]}
        )
        await build_segment({"services": services}, "buyers", 1)

        assert (await segment_of(line.graph)).status == "LIVE"
        assert list((await sequences_of(line.graph)).values()) == [1] * (BUYERS - 4 + 1)
        with pytest.raises(BadInput, match="ClickHouse"):
            await ColumnStore(line.redis, line.keyring).check_sql("SELECT 1", "NUMBER", None)


async def test_it_goes_on_when_the_server_is_back(
    line: Line, settings: Settings, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    store = ColumnStore(line.redis, line.keyring)
    async with (
        clickhouse_server(tmp_path / "server") as server,
        answering(line.graph, line.redis, settings, tmp_path, ClickHousePlace.of(server.url)) as owner,
    ):
        assert (await store.count(BOUGHT)).count == BUYERS - 1
        server.stop()
        with pytest.raises(Unavailable, match="ClickHouse"):
            await store.count(BOUGHT)
        await buy(line, [20], "late")
        await until(lambda: owner.last_error)
        assert "ClickHouse" in str(owner.last_error)
        await until(lambda: _says_so(line.redis))
        with pytest.raises(Unavailable, match="ClickHouse"):
            await store.count(BOUGHT)

        await server.start()
        await until(lambda: _follows(line.redis))
        assert (await store.count(BOUGHT)).count == BUYERS
        assert owner.builds == 1
    out, err = capfd.readouterr()
    assert PASSWORD not in out + err


async def _says_so(redis: Redis) -> bool:
    told = await state.find(redis)
    return told is not None and not told.answers and "ClickHouse" in str(told.last_error)


async def _follows(redis: Redis) -> bool:
    told = await state.find(redis)
    return told is not None and told.answers and told.last_error is None
