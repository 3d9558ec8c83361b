"""What the graph and the stream hold after a chaos run, read past the service."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from redis.asyncio import Redis

from base.valkey import CHANGES_STREAM
from delivery.change import AnyChange, Change, decode
from graph.client import GraphClient, Row, Transaction
from graph.repositories import live
from rules.facts import EventHistory, Facts
from tests.support.line import query
from tests.support.sealed import opened

# Every commit that changes a membership takes this lock first, see `workers/live/outbox.py`.
_LOCK = query("MATCH (k:Counter {name: 'changes'}) SET k.value = k.value RETURN k.swept_until AS announced", "WRITE")
_EVENTS = query(
    """
    MATCH (e:Event)
    RETURN e.id AS id, e.name AS name, e.at AS at, e.properties AS properties,
      COUNT { (:Identifier)-[:DID]->(e) } AS places
    """
)
_CALLS = query("MATCH (c:Call) RETURN c.id AS id")
_CUSTOMERS = query(
    """
    MATCH (c:Customer) WHERE NOT c:Retired
    RETURN c.id AS id, c.attributes AS attributes,
      COLLECT { MATCH (c)-[h:HAS WHERE h.to IS NULL]->(i:Identifier) RETURN i.uid } AS uids,
      COLLECT { MATCH (c)-[m:IN_SEGMENT]->(:Segment) RETURN [m.segment, m.sequence] } AS memberships
    """
)
_CUSTOMERS_EVENTS = query(
    """
    MATCH (c:Customer)-[h:HAS WHERE h.to IS NULL]->(:Identifier)-[d:DID]->(e:Event)
    RETURN c.id AS customer, d.name AS name, d.at AS at, e.id AS id, e.properties AS properties
    """
)
_EVIDENCE = query("MATCH (e:Evidence) RETURN sum(e.count) AS calls")
_RETIRED = query(
    "MATCH (c:Retired) RETURN count { (c)-[:IN_SEGMENT]->() } + count { (c)-[h:HAS WHERE h.to IS NULL]->() } AS edges"
)
_QUARANTINED = query("MATCH (q:Quarantined) RETURN q.reason AS reason, q.detail AS detail")
_SWEPT = query("OPTIONAL MATCH (k:Counter {name: 'sweep'}) RETURN coalesce(k.value, 0) AS value")
_OUTBOX = query("MATCH (c:Change) RETURN c.position AS position, c.body AS body ORDER BY position")


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """An event; `places` is on how many identifiers it hangs."""

    name: str
    at_ms: int
    properties: Mapping[str, Any]
    places: int


@dataclass(frozen=True, slots=True)
class StoredCustomer:
    """A living customer; `memberships` is segment → sequence of the change that opened it."""

    uids: frozenset[str]
    attributes: Mapping[str, Any]
    memberships: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Picture:
    """Everything that a run must have left behind.

    Args:
        swept_ms: the sweep's watermark, and the instant up to which it may have worked already.
        evidence_calls: how many calls all evidence together counts.
        retired_edges: open memberships and identifiers of customers that were merged away.
    """

    events: Mapping[str, StoredEvent]
    calls: frozenset[str]
    customers: Mapping[str, StoredCustomer]
    histories: Mapping[str, Mapping[str, EventHistory]]
    swept_ms: tuple[int, int]
    evidence_calls: int
    retired_edges: int
    quarantined: list[str]
    outbox: list[AnyChange]

    @property
    def changes(self) -> list[Change]:
        """Those lines of the outbox that are about segments."""
        return [change for change in self.outbox if isinstance(change, Change)]

    def facts(self, customer: str, segments: frozenset[str]) -> Facts:
        """What rules may know of a customer, with the segments that it is taken to be in."""
        stored = self.customers[customer]
        return Facts(stored.attributes, self.histories.get(customer, {}), segments)


async def read_picture(graph: GraphClient) -> Picture:
    """Read everything in one transaction that keeps memberships from changing meanwhile."""
    return await graph.write("read_picture", _read)


async def read_swept(graph: GraphClient) -> int:
    """Up to when the sweep is complete, ms; 0 before the first."""
    return int((await graph.read(_SWEPT))[0]["value"])


async def read_stream(redis: Redis) -> list[AnyChange]:
    """All published changes, in order."""
    return [decode(fields[b"c"]) for _, fields in await redis.xrange(CHANGES_STREAM)]


async def _read(tx: Transaction) -> Picture:
    announced_ms = (await tx.run(_LOCK))[0]["announced"]
    _, swept_ms = await live.get_catalogue_state(tx)
    return Picture(
        events={
            row["id"]: StoredEvent(row["name"], row["at"], json.loads(row["properties"]), row["places"])
            for row in (opened(tx, each) for each in await tx.run(_EVENTS))
        },
        calls=frozenset(row["id"] for row in await tx.run(_CALLS)),
        customers={
            row["id"]: StoredCustomer(
                frozenset(row["uids"]),
                {name: value["v"] for name, value in json.loads(row["attributes"]).items()},
                dict(row["memberships"]),
            )
            for row in (opened(tx, each) for each in await tx.run(_CUSTOMERS))
        },
        histories=_histories([opened(tx, each) for each in await tx.run(_CUSTOMERS_EVENTS)]),
        swept_ms=(swept_ms, max(swept_ms, announced_ms)),
        evidence_calls=(await tx.run(_EVIDENCE))[0]["calls"],
        retired_edges=sum(row["edges"] for row in await tx.run(_RETIRED)),
        quarantined=[f"{row['reason']}: {row['detail']}" for row in await tx.run(_QUARANTINED)],
        outbox=[decode(row["body"]) for row in await tx.run(_OUTBOX)],
    )


def _histories(rows: Iterable[Row]) -> dict[str, dict[str, EventHistory]]:
    gathered: dict[str, dict[str, list[tuple[int, str, Mapping[str, object]]]]] = {}
    for row in rows:
        history = gathered.setdefault(row["customer"], {}).setdefault(row["name"], [])
        history.append((row["at"], row["id"], json.loads(row["properties"])))
    return {
        customer: {name: EventHistory.of(events) for name, events in names.items()}
        for customer, names in gathered.items()
    }
