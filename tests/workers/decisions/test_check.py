"""The check of identity: silent on a graph that is right, loud on one that is not, and it puts that right."""

from __future__ import annotations

import random

import pytest
from redis.asyncio import Redis

from base import clock
from base.ids import call_id
from base.keys import Keyring
from graph.client import GraphClient, Transaction
from graph.queries import Query
from tests.property.graph.streams import NOW_MS, SEGMENTS, random_calls
from tests.support.line import SOURCE, Line, query
from tests.support.sightings import sighting
from workers.decisions.desk import NamedIdentifier
from workers.decisions.execution import Said
from workers.identity.check import FaultKind, IdentityCheck, Report

SAID = Said("ann", "a test")
WRONG_OWNER = query(
    """
    MATCH (i:Identifier {uid: $uid})<-[h:HAS WHERE h.to IS NULL]-(:Customer), (other:Customer {id: $other})
    CREATE (other)-[:HAS {from: h.from, whole: true}]->(i) DELETE h
    """,
    "WRITE",
)
WRONG_STRETCH = query("MATCH (:Identifier {uid: $uid})<-[h:HAS]-() SET h.from = 5", "WRITE")
ORPHAN = query("CREATE (:Customer {id: $uid, version: 1, attributes: '{}'})", "WRITE")
CIRCLE = query(
    "MATCH (a:Customer {id: $uid}), (b:Customer {id: $other}) CREATE (a)-[:MERGED_INTO]->(b), (b)-[:MERGED_INTO]->(a)",
    "WRITE",
)


@pytest.fixture
def line(graph: GraphClient, redis: Redis, keyring: Keyring) -> Line:
    return Line.of(graph, redis, keyring)


async def checked(line: Line, *, repair: bool = False) -> Report:
    return await IdentityCheck(line.graph, line.upkeep().replay).run(repair=repair)


async def damage(line: Line, statement: Query, uid: str, other: str | None = None) -> None:
    async def work(tx: Transaction) -> None:
        await tx.run(statement, uid=uid, other=other)

    await line.graph.write("test_damage", work)


async def test_a_graph_that_lived_is_right(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now_ms", lambda: NOW_MS)
    for key, rule in SEGMENTS.items():
        await line.segment(key, rule)
    for call in random_calls(7, 60):
        await line.apply(call)
    desk, chance = line.desk(), random.Random(7)
    people = sorted(await line.partition(), key=lambda uids: (-len(uids), min(uids)))
    rows = await line.graph.read(
        query("MATCH (i:Identifier) RETURN i.uid AS uid, i.namespace AS namespace, i.cipher AS c")
    )
    customer = (await line.graph.read(_OWNER, uid=min(people[0])))[0]["id"]
    await desk.split(customer, [min(people[0])], SAID)
    row = chance.choice([each for each in rows if each["namespace"] == "email"])
    await desk.block(NamedIdentifier(row["uid"], row["namespace"], row["c"]), SAID)
    await desk.revoke_call(call_id(SOURCE, str(random_calls(7, 60)[3]["messageId"])), SAID)
    report = await checked(line)
    assert not report.faults, report
    assert (report.identifier_count, report.repaired) == (len(rows), 0)


@pytest.mark.parametrize("statement", [WRONG_OWNER, WRONG_STRETCH], ids=["a wrong owner", "a wrong stretch"])
async def test_what_is_wrong_is_named_and_put_right(line: Line, statement: Query) -> None:
    await line.segment("seen", {"event": {"name": "Seen"}})
    await line.apply(sighting(1, kind="track", member="M", cookie="c"), sighting(2, member="N"))
    right = await line.picture()
    await damage(line, statement, line.uid("anonymous_id", "c"), await line.customer("user_id", "N"))
    wrong = await line.picture()
    assert wrong != right

    report = await checked(line)
    assert report.named[FaultKind.HOLDS] == [line.uid("anonymous_id", "c")]
    assert await line.picture() == wrong, "without --repair nothing is changed"
    repaired = await checked(line, repair=True)
    assert repaired.repaired == 1
    assert await line.picture() == right
    assert not (await checked(line)).faults


async def test_orphans_and_circles_are_named(line: Line) -> None:
    await line.apply(sighting(1, member="M"), sighting(2, member="N"))
    await damage(line, ORPHAN, "cus_orphan")
    await damage(line, CIRCLE, str(await line.customer("user_id", "M")), await line.customer("user_id", "N"))
    report = await checked(line)
    assert report.faults == {FaultKind.ORPHAN: 1, FaultKind.ASTRAY: 2}


_OWNER = query("MATCH (:Identifier {uid: $uid})<-[h:HAS WHERE h.to IS NULL]-(c:Customer) RETURN c.id AS id")
