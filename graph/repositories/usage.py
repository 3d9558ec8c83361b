"""When segments and tags were last asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from graph.client import GraphClient, Transaction
from graph.queries import load

_BEGIN = load("usage/begin")
_SET_MANY = load("usage/set_many")
_GET_MANY = load("usage/get_many")
_LIST_ALL = load("usage/list_all")

# Stands in `list_all` for the instant since which it is noted.
SINCE: Final = "*"


class UsageRepository:
    """The last use of each, in ms."""

    def __init__(self, graph: GraphClient):
        self._graph = graph

    async def begin(self, now_ms: int) -> None:
        """Say that it is noted from now on, unless that was said before."""

        async def work(tx: Transaction) -> None:
            await tx.run(_BEGIN, now_ms=now_ms)

        await self._graph.write(_BEGIN.name, work)

    async def set_many(self, used: Mapping[str, int]) -> None:
        """Note when these ids were asked for; what is gone is left out."""
        rows = [{"of": id_, "at": used[id_]} for id_ in sorted(used)]

        async def work(tx: Transaction) -> None:
            await tx.run(_SET_MANY, rows=rows)

        await self._graph.write(_SET_MANY.name, work)

    async def get_many(self, ids: Sequence[str]) -> dict[str, int]:
        """Id → last use; those that were never asked for are missing."""
        return {row["id"]: row["at"] for row in await self._graph.read(_GET_MANY, ids=list(ids))}

    async def list_all(self) -> dict[str, int]:
        """The same of everything, with `SINCE`."""
        return {row["id"]: row["at"] for row in await self._graph.read(_LIST_ALL)}
