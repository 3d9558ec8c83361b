"""Builders for whole customers in the graph, as the ingest worker leaves them, without the ingest worker."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from base.ids import call_id
from base.keys import Keyring
from graph.client import GraphClient, Transaction
from graph.queries import parse
from graph.search_tokens import last_four, name_tokens

# 2026-01-01T00:00:00Z; far enough in the past that profiles are settled.
DAY_ONE_MS = 1_767_225_600_000

WRITE_CUSTOMERS = parse(
    "tests/write_customers",
    """
// Purpose: Customers with identifiers, events and memberships.
// Mode: WRITE
// Param: rows LIST OF maps
UNWIND $rows AS row
MERGE (c:Customer {id: row.id})
SET c.version = coalesce(c.version, 0) + 1, c.created_at = row.at, c.updated_at = row.at,
    c.attributes = row.attributes, c.search_tokens = row.search_tokens
FOREACH (i IN row.identifiers |
  MERGE (n:Identifier {uid: i.uid})
  ON CREATE SET n.namespace = i.namespace, n.status = 'ACTIVE', n.first_seen = i.first_seen, n.cipher = i.cipher,
    n.last_four = i.last_four
  SET n.last_seen = i.last_seen
  MERGE (c)-[h:HAS]->(n) ON CREATE SET h.from = i.first_seen, h.via = 'test')
FOREACH (e IN row.events |
  MERGE (n:Identifier {uid: e.uid})
  CREATE (n)-[:DID {name: e.name, at: e.at}]->(:Event {id: e.id, name: e.name, at: e.at, received_at: e.at,
    source: 'default', properties: e.properties, identifiers: [e.uid]}))
FOREACH (key IN row.segments |
  MERGE (s:Segment {key: key})
  CREATE (c)-[:IN_SEGMENT {segment: key, customer: row.id, since: row.at, segment_version: 1, sequence: 1}]->(s))
MERGE (:Source {key: 'default'})
""",
)
RETIRE = parse(
    "tests/retire_customer",
    """
// Purpose: One customer merged into another.
// Mode: WRITE
// Param: retired STRING
// Param: heir STRING
MATCH (a:Customer {id: $retired}) MATCH (b:Customer {id: $heir})
SET a:Retired, b.version = b.version + 1
CREATE (a)-[:MERGED_INTO]->(b)
""",
)


@dataclass
class Person:
    """One customer to be written; the first identifier carries the events."""

    id: str
    identifiers: Sequence[tuple[str, str]] = (("user_id", "user-1"),)
    attributes: Mapping[str, object] = field(default_factory=dict)
    # (name, ms after DAY_ONE_MS, properties)
    events: Sequence[tuple[str, int, Mapping[str, object]]] = ()
    segments: Sequence[str] = ()
    name: str | None = None
    at_ms: int = DAY_ONE_MS


async def write_people(graph: GraphClient, keyring: Keyring, *people: Person) -> None:
    """Write customers; writing one again bumps its version and adds its events and segments."""
    rows = [_row(keyring, person) for person in people]

    async def work(tx: Transaction) -> None:
        await tx.run(WRITE_CUSTOMERS, rows=rows)

    await graph.write("tests/write_people", work)


async def retire(graph: GraphClient, retired: str, heir: str) -> None:
    """Merge one customer into another, identifiers aside."""

    async def work(tx: Transaction) -> None:
        await tx.run(RETIRE, retired=retired, heir=heir)

    await graph.write("tests/retire", work)


def event_id(person: Person, place: int) -> str:
    """The id that `write_people` gives to an event."""
    return call_id("default", f"{person.id}-{person.at_ms}-{place}")


def _row(keyring: Keyring, person: Person) -> dict[str, object]:
    uids = [keyring.uid(*identifier) for identifier in person.identifiers]
    return {
        "id": person.id,
        "at": person.at_ms,
        "search_tokens": name_tokens(keyring, person.name),
        "attributes": json.dumps(
            {name: {"v": value, "at": person.at_ms, "s": "default"} for name, value in person.attributes.items()}
        ),
        "identifiers": [
            {
                "uid": uid,
                "namespace": namespace,
                "first_seen": DAY_ONE_MS,
                "last_seen": person.at_ms + place,
                "cipher": keyring.seal_display(value, uid),
                "last_four": last_four(keyring, namespace, value),
            }
            for place, (uid, (namespace, value)) in enumerate(zip(uids, person.identifiers, strict=True))
        ],
        "events": [
            {
                "id": event_id(person, place),
                "uid": uids[0],
                "name": name,
                "at": DAY_ONE_MS + after_ms,
                "properties": json.dumps(properties),
            }
            for place, (name, after_ms, properties) in enumerate(person.events)
        ],
        "segments": list(person.segments),
    }
