"""The columnar store holds what the graph holds, whatever happened, whenever it followed or was built."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from contextlib import suppress
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from redis.asyncio import Redis

from analytics.engines.clickhouse.place import ClickHousePlace
from analytics.engines.local import FileStore
from analytics.engines.port import Store
from analytics.query import asking
from analytics.query.sources import Tables
from analytics.store.batch import number_of
from analytics.store.file import ColumnFile
from analytics.store.spread import Kind
from base import clock
from base.errors import NotFound
from base.keys import Keyring
from base.settings import Settings
from graph.client import GraphClient
from graph.repositories.projection import ProjectionRepository
from rules.parser import parse_rule
from tests.property.graph.comparing import fresh
from tests.property.graph.deciding import SAID, decide
from tests.property.graph.streams import NOW_MS, SEGMENTS, random_calls
from tests.support.columns import contents, events_by_customer
from tests.support.line import Line, query
from tests.support.segments import hide_segment
from tests.support.tags import BOUGHT_COUNT, change_tag, save_tag
from workers.jobs import make_services
from workers.projection import follower as following
from workers.projection import rebuild as rebuilding
from workers.projection.follower import Follower, Lost
from workers.projection.reading import ProjectionReader
from workers.projection.rebuild import rebuild
from workers.tasks.segment import delete_segment
from workers.tasks.tag import delete_tag

CALLS = 60
# Of `tag_values`: customer, tag and since come before the kinds.
_NUMBER = 3 + list(Kind).index(Kind.NUMBER)
FAR_MS = 10**15
LIFE = {
    "lifecycle": {
        "stages": [
            {"stage": "regular", "rule": {"event": {"name": "Bought", "values": [2]}}},
            {"stage": "buyer", "rule": {"event": {"name": "Bought"}}},
        ]
    }
}
UTC = ZoneInfo("UTC")
_LIVING = query("MATCH (c:Customer) WHERE NOT c:Retired RETURN c.id AS id ORDER BY id")
_OWNED = query(
    """
    MATCH (c:Customer)-[h:HAS]->(:Identifier)-[d:DID]->(e:Event)
    WHERE NOT c:Retired AND d.at >= h.from AND (h.to IS NULL OR d.at < h.to)
    RETURN c.id AS customer, e.id AS event
    """
)
_MEMBERS = query(
    "MATCH (c:Customer)-[m:IN_SEGMENT]->() RETURN c.id AS customer, m.segment AS segment, m.since AS since"
)


_MOVED = query(
    """
    MATCH (c:Customer)-[m:MOVED]->()
    RETURN c.id AS customer, [m.tag, m.at, m.before, m.stage, m.reason, m.tag_version] AS move
    """
)
_STAYED = query(
    """
    MATCH (c:Customer)-[i:IN_SEGMENT|WAS_IN]->()
    RETURN c.id AS customer,
      [i.segment, i.sequence, i.since, i.until, coalesce(i.entered_version, i.segment_version), i.segment_version,
        i.cause] AS stay
    """
)
_TAGGED = query(
    "MATCH (c:Customer)-[t:TAGGED {tag: 'bought'}]->() RETURN c.id AS customer, t.tag AS tag, t.value AS value"
)


@pytest.fixture(autouse=True)
def _one_instant(monkeypatch: pytest.MonkeyPatch) -> None:
    """Memberships are compared as of one instant, so no time passes."""
    monkeypatch.setattr(clock, "now_ms", lambda: NOW_MS)


@pytest.fixture
def new_store(request: pytest.FixtureRequest) -> Callable[[], Store]:
    """Makes empty stores on an engine."""
    if request.param == "DuckDB":
        return lambda: FileStore(ColumnFile())
    place = ClickHousePlace.of(request.getfixturevalue("clickhouse").url)
    place.open()
    return place.begin


def on_each(seeds: int, fewer: int) -> pytest.MarkDecorator:
    """Seeds on DuckDB, and fewer on ClickHouse, of which a batch takes longer."""
    cases = [("DuckDB", seed) for seed in range(seeds)] + [("ClickHouse", seed) for seed in range(fewer)]
    return pytest.mark.parametrize(("new_store", "seed"), cases, indirect=["new_store"])


class Projection:
    """A columnar store beside a graph; in memory if none is given."""

    def __init__(self, graph: GraphClient, keyring: Keyring, store: Store | None = None) -> None:
        self.graph = graph
        self.repository = ProjectionRepository(graph)
        self.reader = ProjectionReader(self.repository, keyring)
        self.store = store or FileStore(ColumnFile())

    async def build(self) -> None:
        await rebuild(self.graph, self.reader, self.store, lambda done: None)
        self.follower = Follower(self.store, self.repository, self.reader)

    async def catch_up(self) -> None:
        while await self.follower.step():
            pass


async def assert_like_the_graph(projection: Projection) -> None:
    """By independent statements, not by those that the projection reads with."""
    graph, held = projection.graph, contents(projection.store)
    living = [row["id"] for row in await graph.read(_LIVING)]
    assert sorted(fixed[0] for fixed, _ in held["customers"]) == living
    owned = [(row["customer"], row["event"]) for row in await graph.read(_OWNED)]
    assert events_by_customer(projection.store) == sorted(owned)
    members = [(number_of(row["customer"]), row["segment"], row["since"]) for row in await graph.read(_MEMBERS)]
    assert sorted(held["members"]) == sorted(members)
    inside: dict[str, set[int]] = {key: set() for key in SEGMENTS}
    for customer, segment, _ in members:
        inside[segment].add(customer)
    # One rule, one meaning: who is in a segment by live evaluation is who the store finds.
    assert {key: found(projection.store, rule) for key, rule in SEGMENTS.items()} == inside
    assert sorted(held["moves"], key=repr) == sorted(
        [(number_of(row["customer"]), *row["move"]) for row in await graph.read(_MOVED)], key=repr
    )
    stayed = [(number_of(row["customer"]), *row["stay"]) for row in await graph.read(_STAYED)]
    assert sorted(held["changes"], key=repr) == sorted(
        [
            change
            for customer, segment, sequence, since, until, entered, left, cause in stayed
            for change in (
                (customer, segment, sequence - (until is not None), True, since, entered, None),
                *([(customer, segment, sequence, False, until, left, cause)] if until is not None else []),
            )
        ],
        key=repr,
    )
    tagged = [(number_of(row["customer"]), row["tag"], float(row["value"])) for row in await graph.read(_TAGGED)]
    assert sorted((*row[:2], row[_NUMBER]) for row in held["tag_values"] if row[1] == "bought") == sorted(tagged)


def found(store: Store, document: dict[str, object]) -> set[int]:
    """For whom a rule holds now, as the store answers."""
    rows = asking.customers(store.ask(), parse_rule(document), Tables(store.layout, store.engine), NOW_MS, UTC)
    return set(rows.column("customer").to_pylist())


async def tagged(line: Line) -> Line:
    """With tags that follow events and identity."""
    await save_tag(line.graph, "bought", BOUGHT_COUNT)
    await save_tag(line.graph, "life", LIFE)
    return line


async def happen(line: Line, seed: int, between: Any) -> None:
    """Calls with decisions, undos and an erasure in between; `between` is awaited after each."""
    calls, chance = random_calls(seed, CALLS), random.Random(seed)
    made: list[str] = []
    for number, call in enumerate(calls):
        await line.apply(call)
        await between()
        if number % 5 == 4 and (effect := await decide(line, line.desk(), calls[: number + 1], chance)):
            made.append(str(effect.decision))
            await between()
        if len(made) > 2 and chance.random() < 0.3:
            # What it was about may have been erased since.
            with suppress(NotFound):
                await line.desk().undo(made.pop(chance.randrange(len(made))), SAID)
            await between()
        if number == CALLS // 2:
            customer = chance.choice(await line.graph.read(_LIVING))["id"]
            erased = await line.desk().erase(customer, SAID)
            await between()
            while await line.desk().carry_on(str(erased.decision), FAR_MS):
                await between()


@on_each(6, 2)
async def test_a_store_that_followed_is_like_one_that_is_built_now(
    new_store: Callable[[], Store],
    seed: int,
    graph: GraphClient,
    redis: Redis,
    keyring: Keyring,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Sometimes several notes a batch, sometimes a part of them, sometimes none for long.
    chance = random.Random(seed)
    monkeypatch.setattr(following, "PAGE_NOTES", chance.choice([1, 3, 1000]))
    monkeypatch.setattr(following, "PAGE_CHANGES", chance.choice([1, 3, 1000]))
    line = await tagged(await fresh(graph, redis, keyring))
    followed = Projection(graph, keyring, new_store())
    await followed.build()

    async def follow() -> None:
        while chance.random() < 0.4:
            await followed.follower.step()

    await happen(line, 900 + seed, follow)
    await followed.catch_up()

    built = Projection(graph, keyring, new_store())
    await built.build()
    await built.catch_up()
    assert contents(followed.store) == contents(built.store)
    await assert_like_the_graph(built)


@on_each(4, 1)
async def test_a_store_can_be_built_while_everything_changes(
    new_store: Callable[[], Store],
    seed: int,
    graph: GraphClient,
    redis: Redis,
    keyring: Keyring,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rebuilding, "PAGE_CUSTOMERS", 2)
    monkeypatch.setattr(rebuilding, "PAGE_IDENTIFIERS", 2)
    chance = random.Random(seed)
    line = await tagged(await fresh(graph, redis, keyring))
    projection = Projection(graph, keyring, new_store())
    happening = happen(line, 950 + seed, _nothing)
    calls = random_calls(850 + seed, 30)
    for call in calls[:15]:
        await line.apply(call)

    original = ProjectionRepository.get_cut
    read, read_stays = ProjectionRepository.get_owners, ProjectionRepository.get_stays

    async def happens(until: int) -> None:
        if len(calls) > until and chance.random() < 0.7:
            await line.apply(calls.pop())
        if chance.random() < 0.2:
            await decide(line, line.desk(), calls[:15], chance)

    async def interrupted(self: ProjectionRepository, uids: Any) -> Any:
        await happens(15)
        return await read(self, uids)

    async def interrupted_before(self: ProjectionRepository, ids: Any) -> Any:
        await happens(22)
        return await read_stays(self, ids)

    monkeypatch.setattr(ProjectionRepository, "get_owners", interrupted)
    monkeypatch.setattr(ProjectionRepository, "get_stays", interrupted_before)
    await projection.build()
    monkeypatch.setattr(ProjectionRepository, "get_owners", read)
    monkeypatch.setattr(ProjectionRepository, "get_stays", read_stays)
    assert original is ProjectionRepository.get_cut
    await happening
    await projection.catch_up()

    built = Projection(graph, keyring)
    await built.build()
    await built.catch_up()
    assert contents(projection.store) == contents(built.store)
    await assert_like_the_graph(projection)


async def _nothing() -> None:
    pass


async def test_a_store_follows_beside_many_writers(graph: GraphClient, redis: Redis, keyring: Keyring) -> None:
    """A commit becomes visible record by record: a follower that looks meanwhile must not take a part for the whole."""
    await fresh(graph, redis, keyring)
    projection = Projection(graph, keyring)
    await projection.build()

    async def write(seed: int) -> None:
        line = Line.of(graph, redis, keyring)
        for call in random_calls(seed, 40):
            await line.apply({**call, "messageId": f"{seed}-{call['messageId']}"})

    writing = asyncio.gather(*(write(1_000 + seed) for seed in range(6)))
    while not writing.done():
        await projection.follower.step()
    await writing
    await projection.catch_up()

    await assert_like_the_graph(projection)


@on_each(6, 2)
async def test_a_segment_or_tag_that_is_deleted_and_made_anew_has_the_history_of_the_new_one(
    new_store: Callable[[], Store],
    seed: int,
    graph: GraphClient,
    redis: Redis,
    keyring: Keyring,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The sequences of the new one begin anew, and notes and changes are followed at their own paces."""
    chance = random.Random(seed)
    monkeypatch.setattr(following, "PAGE_NOTES", chance.choice([1, 3, 1000]))
    monkeypatch.setattr(following, "PAGE_CHANGES", chance.choice([1, 3, 1000]))
    monkeypatch.setattr(rebuilding, "PAGE_CUSTOMERS", 3)
    line = await tagged(await fresh(graph, redis, keyring))
    context = {"services": make_services(settings, graph, redis)}
    followed = Projection(graph, keyring, new_store())
    await followed.build()
    late: Projection | None = None
    # Not too many, so that everybody is in it again.
    calls = random_calls(700 + seed, 40)
    for part in range(4):
        for call in calls[part * 10 : part * 10 + 10]:
            await line.apply(call)
            while chance.random() < 0.3:
                await followed.follower.step()
        if part == chance.randrange(4):
            late = Projection(graph, keyring, new_store())
            await late.build()
        for _ in range(chance.randrange(3)):
            await followed.follower.step()
        if part == 3:
            break
        await hide_segment(graph, "buyers")
        await delete_segment(context, "buyers")
        await change_tag(graph, "life", status="DELETING")
        await delete_tag(context, "life")
        await line.segment("buyers", SEGMENTS["buyers"])
        await save_tag(graph, "life", LIFE, status="BUILDING")
        await line.build("buyers")
        await line.build("tag:life")
    for projection in (followed, late):
        if projection is not None:
            await projection.catch_up()
            await assert_like_the_graph(projection)


async def test_a_store_that_missed_notes_says_so(graph: GraphClient, redis: Redis, keyring: Keyring) -> None:
    line = await fresh(graph, redis, keyring)
    projection = Projection(graph, keyring)
    await projection.build()
    calls = random_calls(1, 6)
    for call in calls:
        await line.apply(call)
    until = (await projection.repository.get_cut()).touched
    await projection.repository.delete_until(until - 1, 1_000)

    with pytest.raises(Lost):
        await projection.follower.step()


async def test_a_store_of_another_graph_says_so(graph: GraphClient, redis: Redis, keyring: Keyring) -> None:
    line = await fresh(graph, redis, keyring)
    for call in random_calls(2, 6):
        await line.apply(call)
    projection = Projection(graph, keyring)
    await projection.build()
    await projection.catch_up()

    await fresh(graph, redis, keyring)

    with pytest.raises(Lost):
        await projection.follower.step()


@pytest.mark.parametrize("restarted", [True, False])
async def test_a_batch_that_was_written_is_not_written_again(
    restarted: bool, graph: GraphClient, redis: Redis, keyring: Keyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process dies, or Neo4j goes away, between the commit of a batch and the removal of its notes."""
    line = await fresh(graph, redis, keyring)
    projection = Projection(graph, keyring)
    await projection.build()
    for call in random_calls(3, 20):
        await line.apply(call)

    async def dies(self: ProjectionRepository, position: int, limit: int) -> int:
        raise ConnectionError

    with monkeypatch.context() as patch:
        patch.setattr(ProjectionRepository, "delete_until", dies)
        with pytest.raises(ConnectionError):
            await projection.follower.step()
    if restarted:
        projection.follower = Follower(projection.store, projection.repository, projection.reader)
    await projection.catch_up()

    await assert_like_the_graph(projection)
