"""Imported values under concurrency: everybody has the newest value of their identifiers, and nobody another one."""

from __future__ import annotations

import asyncio
import random

import pytest
from redis.asyncio import Redis

from base.keys import Keyring
from delivery.publisher import ChangePublisher
from graph.client import GraphClient
from graph.repositories import tag_list as repository
from ingest.imports.tag_values import tag_value
from rules.type_problems import ValueType
from tests.support.line import Line, assert_sequences, query
from tests.support.sightings import sighting
from tests.support.tags import change_tag, save_tag, values_of
from tests.workers.lists.test_lists import USERS, called
from workers.decisions.execution import Said
from workers.lists import tagging
from workers.lists.addressing import ByIdentifier
from workers.lists.lists import ImportMode
from workers.lists.tagging import TagImport, TagReport
from workers.lists.values import TagValues
from workers.live.context import LiveContext

_NEWEST = query(
    "MATCH (c:Customer)-[h:HAS WHERE h.to IS NULL]->(:Identifier)-[g:GIVES]->(:Tag {key: 'points'}) "
    "WITH c, g ORDER BY g.round DESC, g.row DESC RETURN c.id AS id, head(collect(g.value)) AS value"
)
_MEMBERS = query("MATCH (c:Customer)-[:IN_SEGMENT]->(:Segment {key: 'many'}) RETURN c.id AS id")
MANY = {"tag": {"key": "points", "op": "GTE", "values": [50]}}


@pytest.fixture
async def lines(graph: GraphClient, redis: Redis, keyring: Keyring) -> list[Line]:
    lines = [Line.of(graph, redis, keyring) for _ in range(4)]
    await save_tag(graph, "points", {"imported": {"type": "NUMBER"}})
    await lines[0].segment("many", MANY)
    return lines


async def give(line: Line, rows: list[tuple[int, int]], mode: ImportMode = ImportMode.ADD) -> TagReport:
    live = LiveContext(line.live.keyring, line.live.zone)
    values = TagValues(line.graph, ChangePublisher(line.redis, line.graph), live)
    done = TagImport(
        values,
        ByIdentifier(line.live.keyring, "user_id", lambda value: (value, True)),
        lambda value: tag_value(value, ValueType.NUMBER, line.live.zone),
        key="points",
        mode=mode,
        round=await values.begin("points", "admin"),
    )
    for number, (user, value) in enumerate(rows, start=1):
        await done.add(number, f"u{user}", value)
    return await done.finish()


async def check(line: Line) -> None:
    newest = {row["id"]: float(row["value"]) for row in await line.graph.read(_NEWEST)}
    assert await values_of(line.graph, "points") == newest
    members = {row["id"] for row in await line.graph.read(_MEMBERS)}
    assert members == {customer for customer, value in newest.items() if value >= 50}
    assert_sequences(await line.changes())


@pytest.mark.parametrize("seed", range(3))
async def test_imports_calls_and_decisions_at_once(
    seed: int, lines: list[Line], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tagging, "PAGE_VALUES", 7)
    chance = random.Random(seed)
    await lines[0].apply(*(called(user, user) for user in range(USERS)))
    customers = [str(await lines[0].customer("user_id", f"u{user}")) for user in range(USERS)]

    async def decide(line: Line) -> None:
        for one in range(0, USERS, 4):
            effect = await line.desk().merge(customers[one], customers[one + 1], Said("ann", "one person"))
            if chance.random() < 0.5:
                await line.desk().undo(str(effect.decision), Said("ann", "two after all"))

    async def call(line: Line) -> None:
        for number in range(20):
            await line.apply(called(1_000 + number, chance.randrange(USERS + 10)))

    async def change(line: Line) -> None:
        for mode in (ImportMode.ADD, ImportMode.REPLACE, ImportMode.REMOVE, ImportMode.REPLACE):
            users = [chance.randrange(USERS + 10) for _ in range(25)]
            await give(line, [(user, chance.randrange(100)) for user in users], mode)

    await asyncio.gather(decide(lines[0]), call(lines[1]), change(lines[2]), change(lines[3]))

    await check(lines[3])
    assert await values_of(lines[3].graph, "points") != {}


async def test_a_replacement_that_was_cut_off_is_finished_by_the_next(
    lines: list[Line], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tagging, "PAGE_VALUES", 5)
    line = lines[0]
    await line.apply(*(called(user, user) for user in range(USERS)))
    await give(line, [(user, 1) for user in range(20)])
    put, calls = TagValues.put, list[str]()

    async def failing(self: TagValues, *rest: object) -> object:
        calls.append("put")
        if len(calls) == 3:
            raise ConnectionError
        return await put(self, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(TagValues, "put", failing)
    rows = [(user, 60) for user in range(10, 40)]
    with pytest.raises(ConnectionError):
        await give(line, rows, ImportMode.REPLACE)
    assert sorted((await values_of(line.graph, "points")).values()) == [1] * 10 + [60] * 10

    await give(line, rows, ImportMode.REPLACE)

    assert list((await values_of(line.graph, "points")).values()) == [60] * 30
    await check(line)
    assert len(await line.changes()) == 30


async def test_the_value_of_an_import_that_began_later_stands(lines: list[Line]) -> None:
    line = lines[0]
    await line.apply(called(1, 1))
    live = LiveContext(line.live.keyring, line.live.zone)
    early = await TagValues(line.graph, ChangePublisher(line.redis, line.graph), live).begin("points", "admin")
    await give(line, [(1, 60)])
    uid = line.uid("user_id", "u1")

    async def late(tx: object) -> bool:
        row = repository.GivenRow(uid=uid, value="1", row=1)
        return await repository.put(tx, "points", [row], early, 0)  # type: ignore[arg-type]

    assert await line.graph.write("tests/late", late)
    await check(line)
    assert list((await values_of(line.graph, "points")).values()) == [60]


async def test_a_tag_that_is_paused_under_an_import_takes_no_more(lines: list[Line]) -> None:
    line = lines[0]
    await line.apply(called(1, 1))
    begin = TagValues.begin

    async def paused(self: TagValues, key: str, author: str) -> int:
        round = await begin(self, key, author)
        await change_tag(line.graph, "points", status="PAUSED")
        return round

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TagValues, "begin", paused)
        with pytest.raises(Exception, match="paused or deleted meanwhile"):
            await give(line, [(1, 60)])
    assert await values_of(line.graph, "points") == {}


@pytest.mark.parametrize("newest", ["a", "b"])
async def test_customers_that_a_worker_joins_in_memory_have_the_newest_value(lines: list[Line], newest: str) -> None:
    line = lines[0]
    await line.segment("seen", {"event": {"name": "Seen"}})
    await line.apply(sighting(1, kind="track", member="ua"), sighting(2, kind="track", email="a@x.org"))
    other = "b" if newest == "a" else "a"
    for value, who in ((60, other), (70, newest)):
        namespace, name = ("user_id", "ua") if who == "a" else ("email", "a@x.org")
        await give_one(line, namespace, name, value)
    # The worker knows both from now on, and joins what it knows.
    await line.apply(sighting(4, kind="track", member="ua"), sighting(5, kind="track", email="a@x.org"))
    await line.apply(sighting(6, kind="track", member="ua", email="a@x.org"))

    assert list((await values_of(line.graph, "points")).values()) == [70]
    await check(line)


async def give_one(line: Line, namespace: str, name: str, value: int) -> None:
    values = TagValues(
        line.graph, ChangePublisher(line.redis, line.graph), LiveContext(line.live.keyring, line.live.zone)
    )
    done = TagImport(
        values,
        ByIdentifier(line.live.keyring, namespace, lambda text: (text, True)),
        lambda given: tag_value(given, ValueType.NUMBER, line.live.zone),
        key="points",
        mode=ImportMode.ADD,
        round=await values.begin("points", "admin"),
    )
    await done.add(1, name, value)
    assert (await done.finish()).found == 1
