"""Lists under concurrency: whoever has a listed identifier at the end is in, and nobody else."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence

import pytest
from redis.asyncio import Redis

from base import clock
from base.errors import BadInput
from base.keys import Keyring
from delivery.publisher import ChangePublisher
from graph.client import GraphClient, Transaction
from graph.repositories import segment as segment_repository
from graph.repositories import segment_list as repository
from graph.repositories.segment_list import ListedRow
from tests.support.line import Line, assert_sequences, query
from tests.support.sightings import sighting
from workers.decisions.execution import Said
from workers.lists import importing
from workers.lists.importing import ListImport, Report
from workers.lists.lists import ImportMode, SegmentLists
from workers.live.context import LiveContext

USERS = 40
# Calls of two identifiers, with which both are dense nodes for Neo4j.
DENSE = 240
_MEMBERS = query("MATCH (c:Customer)-[:IN_SEGMENT]->(:Segment {key: 'vips'}) RETURN c.id AS id")
_LISTED = query(
    "MATCH (c:Customer)-[h:HAS WHERE h.to IS NULL]->(:Identifier)-[:LISTED_IN]->(:Segment {key: 'vips'}) "
    "RETURN DISTINCT c.id AS id"
)


@pytest.fixture
def lines(graph: GraphClient, redis: Redis, keyring: Keyring) -> list[Line]:
    return [Line.of(graph, redis, keyring) for _ in range(4)]


def lists_of(line: Line) -> SegmentLists:
    """Those of another process."""
    live = LiveContext(line.live.keyring, line.live.zone)
    return SegmentLists(line.graph, ChangePublisher(line.redis, line.graph), live)


async def import_users(line: Line, users: list[int], mode: ImportMode = ImportMode.ADD) -> Report:
    return await import_values(line, "user_id", [f"u{user}" for user in users], mode)


async def import_values(line: Line, namespace: str, values: list[str], mode: ImportMode = ImportMode.ADD) -> Report:
    lists = lists_of(line)
    done = ListImport(
        lists,
        line.live.keyring,
        lambda value: (value, True),
        key="vips",
        namespace=namespace,
        mode=mode,
        round=await lists.begin("vips", None, "admin", mode),
    )
    for row, value in enumerate(values, start=1):
        await done.add(row, value)
    return await done.finish()


def called(number: int, user: int) -> dict[str, object]:
    return {
        "type": "track",
        "event": "Seen",
        "messageId": f"c{number}",
        "userId": f"u{user}",
        "timestamp": clock.iso(clock.now_ms() - 1_000),
    }


async def check(line: Line) -> None:
    members = {row["id"] for row in await line.graph.read(_MEMBERS)}
    assert members == {row["id"] for row in await line.graph.read(_LISTED)}
    assert_sequences(await line.changes())


@pytest.mark.parametrize("seed", range(3))
async def test_lists_calls_and_decisions_at_once(seed: int, lines: list[Line], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "PAGE_VALUES", 7)
    chance = random.Random(seed)
    await lines[0].apply(*(called(user, user) for user in range(USERS)))
    customers = [str(await lines[0].customer("user_id", f"u{user}")) for user in range(USERS)]

    async def decide(line: Line) -> None:
        for one in range(0, USERS, 4):
            effect = await line.desk().merge(customers[one], customers[one + 1], Said("ann", "one person"))
            if chance.random() < 0.5:
                await line.desk().undo(str(effect.decision), Said("ann", "two after all"))

    async def call(line: Line) -> None:
        for number in range(30):
            await line.apply(called(1_000 + number, chance.randrange(USERS + 10)))

    async def change(line: Line) -> None:
        for mode in (ImportMode.ADD, ImportMode.REPLACE, ImportMode.REMOVE, ImportMode.REPLACE):
            await import_users(line, chance.sample(range(USERS + 10), 25), mode)

    await asyncio.gather(decide(lines[0]), call(lines[1]), change(lines[2]))

    await check(lines[3])
    assert await lines[3].graph.read(_MEMBERS) != []


async def test_two_imports_at_once_put_each_of_their_people_in_once(lines: list[Line]) -> None:
    await lines[0].apply(*(called(user, user) for user in range(USERS)))

    reports = await asyncio.gather(*(import_users(line, list(range(USERS))) for line in lines[:2]))

    assert [report.found for report in reports] == [USERS, USERS]
    await check(lines[3])
    assert len(await lines[3].changes()) == USERS


async def test_an_import_that_was_cut_off_is_finished_by_the_next(
    lines: list[Line], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "PAGE_VALUES", 5)
    line = lines[0]
    await line.apply(*(called(user, user) for user in range(USERS)))
    await import_users(line, list(range(20)))
    put, calls = SegmentLists.put, list[str]()

    async def failing(self: SegmentLists, *rest: object) -> set[str]:
        calls.append("put")
        if len(calls) == 3:
            raise ConnectionError
        return await put(self, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(SegmentLists, "put", failing)
    with pytest.raises(ConnectionError):
        await import_users(line, list(range(10, 40)), ImportMode.REPLACE)
    assert len(await line.graph.read(_MEMBERS)) == 20

    await import_users(line, list(range(10, 40)), ImportMode.REPLACE)

    assert {row["id"] for row in await line.graph.read(_MEMBERS)} == {
        await line.customer("user_id", f"u{user}") for user in range(10, 40)
    }
    await check(line)
    assert len(await line.changes()) == 20 + 20 + 10


@pytest.mark.parametrize("listed", ["a", "b"])
async def test_customers_that_a_worker_joins_in_memory_are_on_both_lists(lines: list[Line], listed: str) -> None:
    line = lines[0]
    await line.segment("seen", {"event": {"name": "Seen"}})
    await line.apply(sighting(1, kind="track", member="a"), sighting(2, kind="track", email="a@x.org"))
    await import_values(line, "user_id" if listed == "a" else "email", ["a" if listed == "a" else "a@x.org"])
    # The worker knows both from now on, and joins what it knows.
    await line.apply(sighting(3, kind="track", member="a"), sighting(4, kind="track", email="a@x.org"))
    await line.apply(sighting(5, kind="track", member="a", email="a@x.org"))

    await check(line)
    assert len(await line.graph.read(_MEMBERS)) == 1


@pytest.mark.parametrize("listed", ["a", "b"])
async def test_whose_identifier_goes_to_another_under_a_page_is_not_missed(
    lines: list[Line], monkeypatch: pytest.MonkeyPatch, listed: str
) -> None:
    line, other = lines[:2]
    await line.apply(sighting(1, member="a", email="a@x.org"), sighting(2, phone="13512345678", email="b@x.org"))
    # Dense nodes, which Neo4j locks in another way; and the call that changes whose they are does not name them.
    await line.apply(*(sighting(10 + n, kind="track", email=f"{'ab'[n % 2]}@x.org") for n in range(DENSE)))
    lock_owners, merges = repository.lock_owners, list[asyncio.Task[object]]()

    async def slowly(tx: Transaction, rows: Sequence[ListedRow]) -> dict[str, str | None]:
        owners = await lock_owners(tx, rows)
        if not merges:
            merges.append(asyncio.create_task(other.apply(sighting(3, member="a", phone="13512345678"))))
            await asyncio.wait(merges, timeout=2)
        return owners

    monkeypatch.setattr(repository, "lock_owners", slowly)
    await import_values(line, "email", [f"{listed}@x.org"])
    await asyncio.gather(*merges)

    await check(line)
    assert len(await line.graph.read(_MEMBERS)) == 1


async def test_a_segment_that_is_archived_under_an_import_takes_nobody_in(lines: list[Line]) -> None:
    line = lines[0]
    await line.apply(called(1, 1))
    lists = lists_of(line)
    round = await lists.begin("vips", None, "admin", ImportMode.ADD)

    async def archive(tx: Transaction) -> None:
        await segment_repository.lock_catalogue(tx)
        await segment_repository.archive(tx, key="vips", now_ms=clock.now_ms())

    await line.graph.write("tests/archive", archive)
    with pytest.raises(BadInput, match="archived or deleted meanwhile"):
        await lists.put("vips", round, [ListedRow(uid=line.uid("user_id", "u1"), namespace="user_id")])
    await check(line)
