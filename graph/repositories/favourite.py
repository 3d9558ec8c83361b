"""The segments and tags that somebody has among their favourites."""

from __future__ import annotations

from typing import Final

from graph.client import GraphClient, Transaction
from graph.queries import Query, load

_ADD_SEGMENT = load("favourite/add_segment")
_ADD_TAG = load("favourite/add_tag")
_REMOVE_SEGMENT = load("favourite/remove_segment")
_REMOVE_TAG = load("favourite/remove_tag")
_LIST_IDS = load("favourite/list_ids")

# Of one principal, of both kinds together.
MAX_FAVOURITES: Final = 1_000


class FavouriteRepository:
    """Favourites by principal id; they go with what they name."""

    def __init__(self, graph: GraphClient):
        self._graph = graph

    async def list_ids(self, of: str) -> set[str]:
        """Ids of segments and tags."""
        return {row["id"] for row in await self._graph.read(_LIST_IDS, of=of)}

    async def add(self, of: str, key: str, *, is_tag: bool, now_ms: int) -> bool:
        """Put something among them; False when there are as many as may be."""
        query = _ADD_TAG if is_tag else _ADD_SEGMENT

        async def work(tx: Transaction) -> bool:
            rows = await tx.run(query, of=of, key=key, most=MAX_FAVOURITES, now_ms=now_ms)
            # One that was deleted a moment ago is nobody's favourite any more.
            return all(row["done"] for row in rows)

        return await self._graph.write(query.name, work)

    async def remove(self, of: str, key: str, *, is_tag: bool) -> None:
        """Take something off."""
        query: Query = _REMOVE_TAG if is_tag else _REMOVE_SEGMENT

        async def work(tx: Transaction) -> None:
            await tx.run(query, of=of, key=key)

        await self._graph.write(query.name, work)
