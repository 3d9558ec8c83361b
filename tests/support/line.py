"""The write path without processes: calls in, one transaction a batch, and a picture of the graph to compare."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from redis.asyncio import Redis

from base import clock
from base.keys import Keyring
from delivery.change import AnyChange, Change, decode
from delivery.publisher import ChangePublisher
from graph.client import GraphClient, Transaction
from graph.queries import Query, sent_text
from ingest.calls import decode_calls
from tests.support.sealed import opened
from workers.applier.apply import Applied, Applier
from workers.applier.batch import PreparedCall, Preparer
from workers.decisions.desk import Desk
from workers.decisions.upkeep import Upkeep
from workers.live.builder import Builder
from workers.live.context import LiveContext
from workers.live.sweep import Sweep

SOURCE = "default"


def query(text: str, mode: str = "READ") -> Query:
    """A statement of a test."""
    return Query("test", sent_text(text), "", "READ" if mode == "READ" else "WRITE", frozenset(), (), ())


@dataclass(slots=True)
class Line:
    """Applies bodies as one ingest worker does; several lines on one graph are several workers."""

    graph: GraphClient
    redis: Redis
    keyring: Keyring
    live: LiveContext
    applier: Applier
    preparer: Preparer
    entries: int = 0

    @classmethod
    def of(cls, graph: GraphClient, redis: Redis, keyring: Keyring, zone: str = "UTC") -> Line:
        live = LiveContext(keyring, ZoneInfo(zone))
        preparer = Preparer(keyring)
        return cls(graph, redis, keyring, live, Applier(live, preparer), preparer)

    async def apply(self, *calls: Mapping[str, object], source: str = SOURCE, look_up: bool = True) -> Applied:
        """Apply calls in one transaction; without `look_up`, as the worker tries a small batch first."""
        self.entries += 1
        body = json.dumps({"batch": list(calls)}).encode()
        decoded = decode_calls(body, "batch", clock.now_ms(), source, f"{id(self)}-{self.entries}")
        assert not decoded.rejected, decoded.rejected
        return await self.apply_prepared(self.preparer.prepare(decoded.calls), look_up=look_up)

    async def apply_prepared(self, prepared: Sequence[PreparedCall], *, look_up: bool = True) -> Applied:
        """Apply decoded calls in one transaction."""

        async def work(tx: Transaction) -> Applied:
            nonlocal look_up
            look_up_now, look_up = look_up, True
            return await self.applier.apply(tx, prepared, [], look_up=look_up_now)

        applied = await self.graph.write("test_apply", work)
        self.applier.remember(applied)
        return applied

    async def segment(self, key: str, rule: Mapping[str, object], version: int = 1) -> None:
        """Save a segment's rule, live at once and not built."""

        async def work(tx: Transaction) -> None:
            await tx.run(_SAVE_SEGMENT, key=key, rule=json.dumps(rule), version=version)

        await self.graph.write("test_segment", work)

    async def build(self, key: str, version: int = 1) -> None:
        """Build a segment in full."""

        async def progress(done: float, built_until: str) -> None:
            assert 0 <= done <= 1
            assert built_until

        builder = Builder(self.graph, ChangePublisher(self.redis, self.graph), self.live)
        await builder.begin()
        await builder.build_all(key, version, progress)

    def sweep(self) -> Sweep:
        """A sweep with a cache of its own, as in another process."""
        live = LiveContext(self.keyring, self.live.zone)
        return Sweep(self.graph, self.redis, ChangePublisher(self.redis, self.graph), live)

    async def changes(self) -> list[Change]:
        """The changes of segments in the outbox, in order."""
        return [one for one in await self.log() if isinstance(one, Change)]

    async def log(self) -> list[AnyChange]:
        """The whole outbox in order; its positions have no gap."""
        rows = await self.graph.read(query("MATCH (c:Change) RETURN c.body AS body ORDER BY c.position"))
        log = [decode(row["body"]) for row in rows]
        assert [one.position for one in log] == list(range(1, len(log) + 1))
        return log

    def desk(self) -> Desk:
        """Where decisions are made, as in an API process."""
        live = LiveContext(self.keyring, self.live.zone)
        return Desk(self.graph, ChangePublisher(self.redis, self.graph), live)

    def upkeep(self) -> Upkeep:
        """What a check or a new policy puts right with, as in a worker process."""
        live = LiveContext(self.keyring, self.live.zone)
        return Upkeep(self.graph, ChangePublisher(self.redis, self.graph), live)

    def uid(self, namespace: str, value: str) -> str:
        """The blind index of a value."""
        return self.keyring.uid(namespace, value)

    async def customer(self, namespace: str, value: str) -> str | None:
        """Who has an identifier now."""
        rows = await self.graph.read(_OWNER, uid=self.uid(namespace, value))
        return rows[0]["id"] if rows else None

    async def partition(self) -> set[frozenset[str]]:
        """The identifiers of each customer."""
        return {frozenset(row["uids"]) for row in await self.graph.read(_PARTITION)}

    async def picture(self) -> dict[str, Any]:
        """Everything that must not depend on order, repeats or batching, with customers named by their identifiers."""
        customers = [opened(self.graph, row) for row in await self.graph.read(_CUSTOMERS)]
        observations = [opened(self.graph, row) for row in await self.graph.read(_OBSERVATIONS)]
        groups = [opened(self.graph, row) for row in await self.graph.read(_GROUPS)]
        return {
            "customers": sorted((sorted(row["uids"]), row["attributes"], sorted(row["segments"])) for row in customers),
            "events": sorted((row["uid"], row["id"], row["name"], row["at"]) for row in await self.graph.read(_EVENTS)),
            "holds": sorted(
                (row["uid"], row["start"], row["end"] or 0, sorted(row["uids"]))
                for row in await self.graph.read(_HOLDS)
            ),
            # Their times are those of when they were written: explanations read the evidence.
            "links": sorted(
                (row["a"], row["b"], row["status"], row["reason"] or "") for row in await self.graph.read(_LINKS)
            ),
            "evidence": sorted(
                (row["key"], row["first_at"], row["last_at"], row["count"]) for row in await self.graph.read(_EVIDENCE)
            ),
            "observations": sorted((row["key"], row["value"], row["at"]) for row in observations),
            "calls": sorted((row["uid"], row["id"]) for row in await self.graph.read(_CALLS)),
            "memberships": sorted((row["uid"], row["group"], row["at"]) for row in await self.graph.read(_MEMBERSHIPS)),
            "groups": sorted((row["key"], row["at"], row["traits"]) for row in groups),
            "seen": sorted((row["uid"], row["first"], row["last"]) for row in await self.graph.read(_SEEN)),
            "shared": sorted(row["uid"] for row in await self.graph.read(_SHARED)),
        }


def assert_sequences(changes: Sequence[Change]) -> None:
    """ENTERED and EXITED alternate, sequences count 1, 2, 3 … per customer and segment, in the order of positions."""
    assert [change.position for change in changes] == sorted({change.position for change in changes})
    last: dict[tuple[str, str], Change] = {}
    for change in changes:
        before = last.get((change.customer, change.segment))
        assert change.sequence == (1 if before is None else before.sequence + 1)
        assert change.kind == ("ENTERED" if before is None or before.kind == "EXITED" else "EXITED")
        assert before is None or change.occurred_at >= before.occurred_at
        last[change.customer, change.segment] = change


_SAVE_SEGMENT = query(
    """
    MERGE (s:Segment {key: $key})
    SET s.id = 'seg_' + $key, s.name = $key, s.rule = $rule, s.version = $version, s.status = 'LIVE'
    WITH s
    MERGE (k:Counter {name: 'catalogue'})
    SET k.value = coalesce(k.value, 0) + 1
    """,
    "WRITE",
)
_OWNER = query("MATCH (:Identifier {uid: $uid})<-[h:HAS WHERE h.to IS NULL]-(c:Customer) RETURN c.id AS id")
_PARTITION = query(
    "MATCH (c:Customer)-[h:HAS WHERE h.to IS NULL]->(i:Identifier) RETURN collect(i.uid) AS uids, c.id AS c"
)
_CUSTOMERS = query(
    """
    MATCH (c:Customer) WHERE NOT c:Retired
    RETURN COLLECT { MATCH (c)-[h:HAS WHERE h.to IS NULL]->(i:Identifier) RETURN i.uid } AS uids,
      c.id AS id, c.attributes AS attributes, COLLECT { MATCH (c)-[:IN_SEGMENT]->(s:Segment) RETURN s.key } AS segments
    """
)
_EVENTS = query("MATCH (i:Identifier)-[d:DID]->(e:Event) RETURN i.uid AS uid, e.id AS id, d.name AS name, d.at AS at")
_EVIDENCE = query(
    "MATCH (e:Evidence) WHERE e.count > 0 "
    "RETURN e.key AS key, e.first_at AS first_at, e.last_at AS last_at, e.count AS count"
)
_OBSERVATIONS = query("MATCH (o:Observation) RETURN o.key AS key, o.value AS value, o.at AS at")
_CALLS = query("MATCH (i:Identifier)-[:CALLED]->(c:Call) RETURN i.uid AS uid, c.id AS id")
_MEMBERSHIPS = query("MATCH (i:Identifier)-[m:MEMBER_OF]->(g:Group) RETURN i.uid AS uid, g.key AS group, m.at AS at")
_GROUPS = query("MATCH (g:Group) RETURN g.key AS key, g.at AS at, g.traits AS traits")
_HOLDS = query(
    """
    MATCH (i:Identifier)<-[h:HAS]-(c:Customer)
    RETURN i.uid AS uid, h.from AS start, h.to AS end,
      COLLECT { MATCH (c)-[open:HAS WHERE open.to IS NULL]->(j:Identifier) RETURN j.uid } AS uids
    """
)
_LINKS = query(
    """
    MATCH (a:Identifier)-[l:LINKED]->(b:Identifier) WHERE l.status <> 'revoked'
    RETURN a.uid AS a, b.uid AS b, l.status AS status, l.reason AS reason
    """
)
_SEEN = query(
    "MATCH (i:Identifier)<-[:HAS]-() RETURN DISTINCT i.uid AS uid, i.first_seen AS first, i.last_seen AS last"
)
_SHARED = query("MATCH (i:Identifier {status: 'SHARED'}) RETURN i.uid AS uid")
