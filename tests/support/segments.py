"""Builders for stored segments and customers, without the API and the ingest worker."""

from __future__ import annotations

import json
from collections.abc import Mapping

from base import clock
from graph.client import GraphClient, Transaction
from graph.queries import parse
from graph.repositories import segment as segment_repository
from graph.repositories.resolution import ResolutionRows, write
from graph.repositories.segment import Heading, SegmentRecord, SegmentRepository

EVERYONE: Mapping[str, object] = {"everyone": True}
NOBODY: Mapping[str, object] = {"not": {"everyone": True}}

SEQUENCES = parse(
    "tests/list_sequences",
    """
// Purpose: Open memberships of a segment.
// Mode: READ
// Param: key STRING
// Column: customer STRING
// Column: sequence INTEGER
// Column: version INTEGER
MATCH (c:Customer)-[m:IN_SEGMENT]->(:Segment {key: $key})
RETURN c.id AS customer, m.sequence AS sequence, c.version AS version ORDER BY customer
""",
)


async def create_segment(
    graph: GraphClient, key: str = "buyers", rule: Mapping[str, object] = EVERYONE
) -> SegmentRecord:
    """A new segment that is to be built."""

    async def work(tx: Transaction) -> SegmentRecord:
        await segment_repository.lock_catalogue(tx)
        return await segment_repository.create(
            tx,
            id=f"seg_{key}",
            key=key,
            heading=Heading(key.title()),
            rule=json.dumps(rule),
            author="admin",
            reason=None,
            now_ms=clock.now_ms(),
        )

    return await graph.write("tests/create_segment", work)


async def change_rule(graph: GraphClient, key: str, version: int, rule: Mapping[str, object]) -> None:
    """A new rule as that version."""

    async def work(tx: Transaction) -> None:
        await segment_repository.lock_catalogue(tx)
        await segment_repository.update_rule(
            tx,
            key=key,
            version=version,
            heading=Heading(key.title()),
            rule=json.dumps(rule),
            author="admin",
            reason=None,
            now_ms=clock.now_ms(),
        )

    await graph.write("tests/change_rule", work)


async def hide_segment(graph: GraphClient, key: str) -> None:
    """What `deleteSegment` commits."""

    async def work(tx: Transaction) -> None:
        await segment_repository.lock_catalogue(tx)
        await segment_repository.hide(tx, key=key, now_ms=clock.now_ms())

    await graph.write("tests/hide_segment", work)


async def create_many_customers(graph: GraphClient, count: int) -> list[str]:
    """Customers of whom nothing is known; their ids, ascending."""
    ids = [f"cus_{number:08d}" for number in range(count)]

    async def work(tx: Transaction) -> None:
        await write(tx, ResolutionRows(created=ids), 1, clock.now_ms())

    await graph.write("tests/create_customers", work)
    return ids


async def segment_of(graph: GraphClient, key: str = "buyers") -> SegmentRecord:
    """The segment as readers see it."""
    return (await SegmentRepository(graph).get_many([key]))[key]


async def sequences_of(graph: GraphClient, key: str = "buyers") -> dict[str, int]:
    """Member → sequence of the change that made it one."""
    return {row["customer"]: row["sequence"] for row in await graph.read(SEQUENCES, key=key)}


async def versions_of(graph: GraphClient, key: str = "buyers") -> dict[str, int]:
    """Member → the customer's version."""
    return {row["customer"]: row["version"] for row in await graph.read(SEQUENCES, key=key)}
