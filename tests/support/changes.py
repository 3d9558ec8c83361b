"""Builders for the outbox: what a committed ingest transaction leaves behind, without the ingest worker."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import msgspec

from base import clock
from delivery.change import AnyChange, Change, CustomerChange, CustomerChangeKind, encode
from graph.client import GraphClient, Transaction
from graph.queries import Query, parse

C = TypeVar("C", bound=AnyChange)

COMMIT = parse(
    "tests/commit_changes",
    """
// Purpose: Take the next positions under the counter's lock and write that many changes, as the ingest worker does.
// Mode: WRITE
// Param: rows LIST of maps {body, at}; the body holds POSITION where the number belongs
// Column: positions LIST of INTEGER
MERGE (n:Counter {name: 'changes'}) ON CREATE SET n.value = 0
SET n.value = n.value + size($rows)
WITH n.value - size($rows) AS below
UNWIND range(1, size($rows)) AS i
CREATE (c:Change {position: below + i, at: $rows[i - 1].at,
                  body: replace($rows[i - 1].body, '"position":0,', '"position":' + toString(below + i) + ',')})
WITH c ORDER BY c.position
RETURN collect(c.position) AS positions
""",
)


def make_change(position: int = 0, *, segment: str = "buyers", customer: str = "cus_1", sequence: int = 1) -> Change:
    """A change with plausible values; its id is unique for its position."""
    return Change(
        position=position,
        id=f"chg_{position}_{customer}_{sequence}",
        kind="ENTERED" if sequence % 2 else "EXITED",
        segment=segment,
        segment_version=1,
        customer=customer,
        sequence=sequence,
        occurred_at=1_750_000_000_000,
        cause="EVENT",
        event_id=None,
    )


def make_customer_change(
    position: int = 0, kind: CustomerChangeKind = "MERGED", *, customer: str = "cus_1", other: str | None = "cus_2"
) -> CustomerChange:
    """A change of a customer with plausible values; its id is unique for its position."""
    return CustomerChange(
        position=position,
        id=f"chg_{position}_{customer}",
        kind=kind,
        customer=customer,
        other=other,
        occurred_at=1_750_000_000_000,
        decision="dec_1",
    )


async def commit_changes(graph: GraphClient, changes: Sequence[C], *, at_ms: int | None = None) -> list[C]:
    """Write changes to the outbox in one transaction; returns them with the positions that they were given."""
    at_ms = clock.now_ms() if at_ms is None else at_ms
    rows = [{"body": encode(change).decode(), "at": at_ms} for change in changes]

    async def work(tx: Transaction) -> list[int]:
        return list((await tx.run(COMMIT, rows=rows))[0]["positions"])

    positions = await graph.write("tests/commit_changes", work)
    return [
        msgspec.structs.replace(change, position=position) for change, position in zip(changes, positions, strict=True)
    ]


async def remove_changes(graph: GraphClient, until: int) -> None:
    """What retention does to the outbox, at once."""
    query: Query = parse(
        "tests/remove_changes",
        """
// Purpose: Remove the outbox up to a position.
// Mode: WRITE
// Param: until INTEGER
MATCH (c:Change) WHERE c.position <= $until DELETE c
""",
    )

    async def work(tx: Transaction) -> None:
        await tx.run(query, until=until)

    await graph.write("tests/remove_changes", work)
