"""Moves of customers between the stages of life cycles."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from base.clock import MAX_MS
from graph.client import GraphClient, Transaction
from graph.queries import load

_LIST_OF_CUSTOMER = load("stage/list_of_customer")
_COUNT_MOVES = load("stage/count_moves")
_LIST_TAGS = load("stage/list_tags")
_FORGET = load("stage/forget")

# Behind which (at in ms, place) the newest page begins.
FIRST_MOVE = (MAX_MS + 1, 0)


@dataclass(frozen=True, slots=True)
class MoveRecord:
    """A move from one stage to another, None for none, at an instant (ms).

    Args:
        customer: the id then; another than the customer's who was merged since.
        version: of the tag.
        place: among the moves of one instant.
    """

    customer: str
    before: str | None
    stage: str | None
    at: int
    reason: str
    version: int
    place: int


@dataclass(frozen=True, slots=True)
class MoveCount:
    """How often customers moved from one stage to another; None for none."""

    before: str | None
    stage: str | None
    count: int


class StageRepository:
    """Each method is one statement."""

    def __init__(self, graph: GraphClient):
        self._graph = graph

    async def list_of_customer(self, customer: str, tag: str, behind: tuple[int, int], count: int) -> list[MoveRecord]:
        """A living customer's moves, those under ids that were merged into it included, newest first."""
        at_ms, place = behind
        rows = await self._graph.read(_LIST_OF_CUSTOMER, id=customer, tag=tag, at=at_ms, place=place, count=count)
        return [MoveRecord(**row) for row in rows]

    async def count_moves(self, tag: str, from_ms: int, to_ms: int, reasons: Collection[str]) -> list[MoveCount]:
        """How often customers moved in from ≤ t < to, in no order; moves that never happened are missing."""
        rows = await self._graph.read(
            _COUNT_MOVES, **{"tag": tag, "from": from_ms, "to": to_ms, "reasons": sorted(reasons)}
        )
        return [MoveCount(row["before"], row["stage"], row["moves"]) for row in rows]

    async def list_tags(self) -> list[str]:
        """Keys of the tags that have stages."""
        return [row["key"] for row in await self._graph.read(_LIST_TAGS)]

    async def forget(self, tag: str, before_ms: int, limit: int) -> int:
        """Remove at most `limit` moves that are older than an instant; returns how many."""

        async def work(tx: Transaction) -> int:
            rows = await tx.run(_FORGET, tag=tag, before=before_ms, limit=limit)
            tx.touched.moved.update(rows[0]["customers"])
            return int(rows[0]["removed"])

        return await self._graph.write(_FORGET.name, work)
