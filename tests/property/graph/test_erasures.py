"""Whoever is erased, from whatever history: the graph is as if the person had never been, and stays so."""

from __future__ import annotations

import os
import random

import pytest
from redis.asyncio import Redis

from base import clock
from base.keys import Keyring
from graph.client import GraphClient
from ingest.calls import decode_calls
from tests.property.graph.comparing import differences, fresh
from tests.property.graph.streams import NOW_MS, Call, random_calls
from tests.support.calls import make_batch
from tests.support.dump import dump
from tests.support.line import SOURCE, Line, assert_sequences, query
from workers.applier.batch import PreparedCall, without
from workers.decisions.execution import Said
from workers.identity.check import IdentityCheck

SAID = Said("ann", "by chance")
FAR_MS = 10**15
CALLS = 40
_CUSTOMERS = query(
    "MATCH (c:Customer)-[h:HAS WHERE h.to IS NULL]->(:Identifier) RETURN DISTINCT c.id AS id ORDER BY id"
)
_ALONE = query(
    """
    MATCH (c:Customer {id: $id})-[:HAS]->(i:Identifier)
    WHERE NOT EXISTS { (i)<-[:HAS]-(o:Customer) WHERE o <> c }
    RETURN DISTINCT i.uid AS uid
    """
)
_CALLS = query(
    """
    MATCH (c:Customer {id: $id})-[h:HAS]->(i:Identifier)-[d:DID|CALLED]->(call)
    WHERE d.at >= h.from AND (h.to IS NULL OR d.at < h.to)
    RETURN DISTINCT call.id AS id
    """
)


@pytest.fixture(autouse=True)
def _one_instant(monkeypatch: pytest.MonkeyPatch) -> None:
    """Memberships are compared as of one instant, so no time passes."""
    monkeypatch.setattr(clock, "now_ms", lambda: NOW_MS)


def prepared(line: Line, call: Call) -> list[PreparedCall]:
    decoded = decode_calls(make_batch(call), "batch", NOW_MS, SOURCE, "entry")
    return line.preparer.prepare(decoded.calls)


SEEDS = range(int(os.environ.get("KITH_TEST_ERASURES", "6")))


@pytest.mark.parametrize("seed", SEEDS)
async def test_erased_is_as_if_the_person_had_never_been(
    seed: int, graph: GraphClient, redis: Redis, keyring: Keyring
) -> None:
    calls, chance = random_calls(700 + seed, CALLS), random.Random(seed)
    line = await fresh(graph, redis, keyring)
    applied = [one for call in calls for one in prepared(line, call)]
    for one in applied:
        await line.apply_prepared([one])
    customer = chance.choice(await graph.read(_CUSTOMERS))["id"]
    alone = {row["uid"] for row in await graph.read(_ALONE, id=customer)}
    theirs = {row["id"] for row in await graph.read(_CALLS, id=customer)}

    effect = await line.desk().erase(customer, SAID)
    while await line.desk().carry_on(str(effect.decision), FAR_MS):
        pass

    assert effect.call_count == len(theirs)
    left = await dump(graph)
    assert [uid for uid in alone if uid in left] == []
    assert [call for call in theirs if call in untold(left)] == []
    got = await line.picture()
    assert_sequences(await line.changes())
    report = await IdentityCheck(graph, line.upkeep().replay).run(repair=False)
    assert not report.faults, report.named

    # Everything again: the same calls, and in batches.
    await line.apply(*calls)
    for call in calls:
        await line.apply(call, look_up=False)
    assert differences(await line.picture(), got) == {}

    line = await fresh(graph, redis, keyring)
    for one in applied:
        if one.id not in theirs:
            await line.apply_prepared([without(one, alone)])
    assert differences(await line.picture(), got) == {}


def untold(text: str) -> str:
    """Without the changes of segments, which name the events that caused them until their retention ends."""
    return "\n".join(line for line in text.splitlines() if not line.startswith("['Change']"))
