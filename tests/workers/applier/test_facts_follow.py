"""Facts go where identifiers go: attributes and memberships of customers that a call concerns without being theirs."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import Any

import pytest
from redis.asyncio import Redis

from base.clock import iso
from base.keys import Keyring
from graph.client import GraphClient, Transaction
from graph.repositories import apply as repository
from graph.repositories import live as live_repository
from graph.repositories.apply import IdentifierRow, LockedPeople
from graph.repositories.live import CommitOrder
from ingest.calls import decode_calls
from tests.support.line import SOURCE, Line, assert_sequences, query
from tests.support.sealed import opened
from workers.applier.apply import Applied

T0 = 1_767_225_600_000
_PROFILE = query(
    """
    MATCH (:Identifier {uid: $uid})<-[h:HAS WHERE h.to IS NULL]-(c:Customer)
    RETURN c.id AS id, c.attributes AS attributes, COLLECT { MATCH (c)-[:IN_SEGMENT]->(s) RETURN s.key } AS segments
    """
)


@pytest.fixture
def line(graph: GraphClient, redis: Redis, keyring: Keyring) -> Line:
    return Line.of(graph, redis, keyring)


def call(at: int, kind: str = "identify", **fields: object) -> dict[str, object]:
    return {"type": kind, "messageId": f"m{at}", "timestamp": iso(T0 + at * 1000), **fields}


async def profile(line: Line, namespace: str, value: str) -> tuple[str, list[str]]:
    (row,) = await line.graph.read(_PROFILE, uid=line.uid(namespace, value))
    return str(opened(line.graph, row)["attributes"]), list(row["segments"])


async def test_a_kiosk_that_becomes_nobodys_takes_its_attributes_and_memberships_along(line: Line) -> None:
    await line.segment("shops", {"attribute": {"name": "place", "op": "EQ", "values": ["shop"]}})
    await line.apply(call(1, anonymousId="kiosk", userId="M1"))
    await line.apply(call(2, anonymousId="kiosk", traits={"place": "shop"}))
    for number in (2, 3, 4):
        await line.apply(call(number * 10, anonymousId="kiosk", userId=f"M{number}"))

    attributes, segments = await profile(line, "anonymous_id", "kiosk")
    assert '"place":{"v":"shop"' in attributes
    assert segments == ["shops"]
    assert await profile(line, "user_id", "M3") == ("{}", [])


async def test_whom_a_call_creates_beside_its_own_customer_is_evaluated(line: Line) -> None:
    """The older union id is too many for the member: it becomes a customer that no call is about."""
    await line.segment("everyone", {"everyone": True})
    for at, union_id in ((5, "u2"), (1, "u1")):
        external = [{"type": "wx_unionid", "id": union_id}]
        await line.apply(call(at, "track", event="Seen", userId="M", context={"externalIds": external}))

    assert (await profile(line, "wx_unionid", "u1"))[1] == ["everyone"]


async def test_an_email_that_somebody_else_typed_in_is_the_newest_of_its_owner(line: Line) -> None:
    await line.segment("old-mail", {"attribute": {"name": "email", "op": "EQ", "values": ["old@x.org"]}})
    await line.apply(call(1, userId="M", traits={"email": "old@x.org"}))
    await line.apply(call(2, userId="M", traits={"email": "new@x.org"}))
    assert (await profile(line, "user_id", "M"))[1] == []
    await line.apply(call(3, userId="N", traits={"email": "old@x.org"}, context={"verified": False}))

    assert await line.customer("email", "old@x.org") == await line.customer("user_id", "M")
    assert (await profile(line, "user_id", "M"))[1] == ["old-mail"]


async def test_a_rule_that_is_saved_and_built_while_a_batch_waits_for_locks_misses_nothing(
    line: Line, graph: GraphClient, redis: Redis, keyring: Keyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    await line.apply(call(1, userId="M"))
    other, lock = Line.of(graph, redis, keyring), repository.lock_people

    async def waiting(
        tx: Transaction, rows: Sequence[IdentifierRow], at_ms: int, graves: Sequence[str]
    ) -> LockedPeople:
        await other.segment("buyers", {"event": {"name": "Bought"}})
        await other.build("buyers")
        return await lock(tx, rows, at_ms, graves)

    monkeypatch.setattr(repository, "lock_people", waiting)
    await line.apply(call(2, "track", event="Bought", userId="M"))

    assert (await profile(line, "user_id", "M"))[1] == ["buyers"]


async def test_a_rule_that_is_saved_and_built_before_a_new_customer_is_committed_holds_for_it(
    line: Line, graph: GraphClient, redis: Redis, keyring: Keyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    await line.apply(call(1, userId="M"))
    other, commit = Line.of(graph, redis, keyring), live_repository.commit_changes
    built: list[str] = []

    async def late(tx: Transaction, *written: Any) -> CommitOrder:
        if not built:
            built.append("buyers")
            # No page of this build can show the customer that the batch creates.
            await other.segment("buyers", {"event": {"name": "Bought"}})
            await other.build("buyers")
        return await commit(tx, *written)

    monkeypatch.setattr(live_repository, "commit_changes", late)
    await line.apply(call(2, "track", event="Bought", userId="N"))

    assert (await profile(line, "user_id", "N"))[1] == ["buyers"]
    assert_sequences(await line.changes())


async def test_a_build_waits_for_whoever_commits_by_the_rules_of_before(
    line: Line, graph: GraphClient, redis: Redis, keyring: Keyring
) -> None:
    # Without any rule there is no catalogue yet, and a transaction that did not find it keeps others from making it.
    await line.segment("others", {"event": {"name": "Left"}})
    await line.apply(call(1, userId="M"))
    other = Line.of(graph, redis, keyring)
    decoded = decode_calls(
        json.dumps(call(2, "track", event="Bought", userId="N")).encode(), "track", T0, SOURCE, "1-0"
    )
    prepared = line.preparer.prepare(decoded.calls)
    building: list[asyncio.Task[None]] = []

    async def held(tx: Transaction) -> Applied:
        applied = await line.applier.apply(tx, prepared, [])
        await other.segment("buyers", {"event": {"name": "Bought"}})
        building.append(asyncio.create_task(other.build("buyers")))
        await asyncio.sleep(0.5)
        assert not building[0].done()
        return applied

    await graph.write("held", held)
    await building[0]

    assert (await profile(line, "user_id", "N"))[1] == ["buyers"]
