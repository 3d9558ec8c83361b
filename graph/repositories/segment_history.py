"""Who was in segments when: intervals, open as IN_SEGMENT and closed as WAS_IN."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from base.clock import MAX_MS
from graph.client import GraphClient
from graph.queries import load

_SCAN_MEMBERS = load("segment_history/scan_members")
_LIST_OF_CUSTOMER = load("segment_history/list_of_customer")
_COUNT_MOVES = load("segment_history/count_moves")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page of a customer's intervals begins: behind this one, newest first."""

    since_ms: int
    sequence: int
    segment: str
    customer: str


FIRST_PLACE = Place(MAX_MS + 1, 0, "", "")


@dataclass(frozen=True, slots=True)
class StayRecord:
    """An interval of a customer in a segment (ms); still open without `until_ms`.

    Args:
        customer: the id then; another than the customer's who was merged since.
        entered_version, left_version: of the rule.
        ended_by: the kind of cause that ended it.
    """

    segment_key: str
    customer: str
    since_ms: int
    until_ms: int | None
    entered_version: int
    left_version: int | None
    ended_by: str | None
    sequence: int


@dataclass(frozen=True, slots=True)
class Moves:
    """How many entered and left in one range of time."""

    entered: int
    exited: int


class SegmentHistoryRepository:
    """Each method is one statement."""

    def __init__(self, graph: GraphClient):
        self._graph = graph

    async def scan_members(self, key: str, at_ms: int, after: str, count: int) -> tuple[list[str], str | None]:
        """Who of the next customers after an id was in a segment at an instant.

        Args:
            count: how many intervals to look at, of the open and of the closed ones each.

        Returns:
            Ids of then, ascending, each person once, and the id up to which this looked; None: nobody is left.
        """
        row = (await self._graph.read(_SCAN_MEMBERS, key=key, at=at_ms, after=after, count=count))[0]
        return sorted(row["ids"]), row["scanned_to"]

    async def list_of_customer(
        self, customer: str, behind: Place, count: int, viewer: Sequence[str] | None = None
    ) -> list[StayRecord]:
        """A living customer's intervals, those under ids that were merged into it included, newest first.

        Args:
            viewer: of `access.sharing.Viewer.names`; only of segments that they see.
        """
        rows = await self._graph.read(
            _LIST_OF_CUSTOMER,
            id=customer,
            since=behind.since_ms,
            sequence=behind.sequence,
            segment=behind.segment,
            customer=behind.customer,
            viewer=viewer,
            count=count,
        )
        return [
            StayRecord(
                segment_key=row["segment"],
                customer=row["customer"],
                since_ms=row["since"],
                until_ms=row["until"],
                entered_version=row["entered_version"],
                left_version=row["left_version"],
                ended_by=row["ended_by"],
                sequence=row["sequence"],
            )
            for row in rows
        ]

    async def count_moves(self, key: str, edges_ms: Sequence[int]) -> tuple[int, list[Moves]]:
        """Members now, and who moved between each two of the ascending edges, and after the last of them.

        Changes that are committed while this reads may be in the one and not in the other.
        """
        ends_ms = [*edges_ms[1:], MAX_MS + 1]
        ranges = [{"from": from_ms, "to": to_ms} for from_ms, to_ms in zip(edges_ms, ends_ms, strict=True)]
        rows = await self._graph.read(_COUNT_MOVES, key=key, ranges=ranges)
        if not rows:
            return 0, [Moves(0, 0) for _ in ranges]
        return rows[0]["members"], [Moves(entered, exited) for entered, exited in rows[0]["moves"]]
