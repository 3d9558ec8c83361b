"""What moved in ranges of time: customers between the stages of a life cycle, and into segments and out of them."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from analytics.query.expressions import Table, by_bounds, number
from analytics.query.sources import Tables


def stages_query(tables: Tables, tag: str, from_ms: int, to_ms: int, reasons: Collection[str]) -> Table:
    """A row for each two stages (null: none) between which somebody moved in from ≤ t < to: before, stage, moves."""
    moves = tables.moves()
    moves = moves.filter(
        moves.tag == tables.engine.text(tag),
        moves.at >= from_ms,
        moves.at < to_ms,
        moves.reason.isin([tables.engine.text(reason) for reason in sorted(reasons)]),
    )
    return moves.group_by(["before", "stage"]).aggregate(moves=moves.count())


def changes_query(tables: Tables, segment: str, edges_ms: Sequence[int]) -> Table:
    """A row for each bucket in which somebody entered or left a segment: bucket, entered, exited.

    Args:
        edges_ms: ascending, where buckets begin. 0 is the first bucket; the last has no end.
    """
    changes = tables.changes()
    changes = changes.filter(changes.segment == tables.engine.text(segment), changes.at >= edges_ms[0])
    # Instants of this age are exact as doubles.
    bounds = [number(edge) for edge in edges_ms[1:]]
    bucket = by_bounds(changes.at.cast("float64"), bounds, [number(place) for place in range(len(edges_ms))])
    return changes.group_by(bucket.name("bucket")).aggregate(
        entered=changes.count(where=changes.entered), exited=changes.count(where=~changes.entered)
    )


def members_query(tables: Tables, segment: str) -> Table:
    """One row: how many are in a segment."""
    members = tables.members()
    inside = members.filter(members.segment == tables.engine.text(segment))
    return inside.aggregate(members=inside.count())
