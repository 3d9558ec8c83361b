"""The outbox: one :Change node a change, written by whoever changes memberships or customers, read and removed here."""

from __future__ import annotations

from dataclasses import dataclass

from graph.client import GraphClient, Transaction
from graph.queries import load

LIST_RANGE = load("change/list_range")
LIST_OLDEST = load("change/list_oldest")
GET_LAST_POSITION = load("change/get_last_position")
DELETE_UNTIL = load("change/delete_until")

# Neo4j's INTEGER is 64 bits, signed.
MAX_POSITION = 2**63 - 1


@dataclass(frozen=True, slots=True)
class StoredChange:
    """A :Change node as it is stored; `body` is JSON."""

    position: int
    body: str


@dataclass(frozen=True, slots=True)
class ChangeAge:
    """Position and instant (ms since 1970 UTC) of a :Change node."""

    position: int
    at_ms: int


class ChangeRepository:
    """Reads and trims the outbox. Every method is one statement."""

    def __init__(self, graph: GraphClient):
        self._graph = graph

    async def list_range(self, after: int, limit: int, until: int = MAX_POSITION) -> list[StoredChange]:
        """Changes with after < position ≤ until, ascending, at most `limit`."""
        rows = await self._graph.read(LIST_RANGE, after=after, until=until, limit=limit)
        return [StoredChange(row["position"], row["body"]) for row in rows]

    async def list_oldest(self, limit: int) -> list[ChangeAge]:
        """The `limit` lowest positions with their instants, ascending."""
        rows = await self._graph.read(LIST_OLDEST, limit=limit)
        return [ChangeAge(row["position"], row["at"]) for row in rows]

    async def get_last_position(self) -> int:
        """The last position that a committed transaction took; 0 when there was none."""
        rows = await self._graph.read(GET_LAST_POSITION)
        return int(rows[0]["position"]) if rows else 0

    async def delete_until(self, position: int, limit: int) -> int:
        """Remove at most `limit` changes up to and including `position`, lowest first; returns how many."""

        async def work(tx: Transaction) -> int:
            rows = await tx.run(DELETE_UNTIL, until=position, limit=limit)
            return int(rows[0]["deleted"])

        return await self._graph.write("change/delete_until", work)
