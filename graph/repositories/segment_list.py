"""Imported lists: identifiers that are LISTED_IN a segment, whoever has them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TypedDict

from graph.client import GraphClient, Transaction
from graph.queries import load

_BEGIN = load("segment_list/begin")
_FIND_OWNERS = load("segment_list/find_owners")
_LOCK_OWNERS = load("segment_list/lock_owners")
_PUT = load("segment_list/put")
_TAKE = load("segment_list/take")
_SCAN_OLDER = load("segment_list/scan_older")
_GET_IDENTIFIERS = load("segment_list/get_identifiers")

# After every round.
ANY_ROUND = 2**62


class ListedRow(TypedDict):
    """An identifier to be locked."""

    uid: str
    namespace: str


class SegmentListRepository:
    """Reads outside of a transaction; each is one statement."""

    def __init__(self, graph: GraphClient):
        self._graph = graph

    async def get_identifiers(self, ids: Sequence[str]) -> dict[str, list[tuple[str, str]]]:
        """Customer id asked for → (uid, namespace) of what whoever it means has now; ids of nobody are missing."""
        rows = await self._graph.read(_GET_IDENTIFIERS, ids=list(ids))
        return {row["asked"]: [(uid, namespace) for uid, namespace in row["identifiers"]] for row in rows}


async def find_owned(graph: GraphClient, uids: Collection[str]) -> set[str]:
    """Those of the identifiers that somebody has now."""
    return {row["uid"] for row in await graph.read(_FIND_OWNERS, uids=list(uids))}


async def scan_older(graph: GraphClient, key: str, round: int, count: int) -> list[ListedRow]:
    """Some of the identifiers on a list that are of earlier rounds; empty when there are none."""
    rows = await graph.read(_SCAN_OLDER, key=key, round=round, count=count)
    return [ListedRow(uid=row["uid"], namespace=row["namespace"]) for row in rows]


async def begin(tx: Transaction, key: str, *, is_new: bool, replace: bool, now_ms: int) -> int:
    """The round of the import that begins; a new segment becomes live."""
    return int((await tx.run(_BEGIN, key=key, is_new=is_new, replace=replace, now_ms=now_ms))[0]["round"])


async def lock_owners(tx: Transaction, rows: Sequence[ListedRow]) -> dict[str, str | None]:
    """Lock identifiers (sorted by uid) → who has each now; unknown ones are missing."""
    return {row["uid"]: row["customer"] for row in await tx.run(_LOCK_OWNERS, rows=rows)}


async def put(tx: Transaction, key: str, uids: Sequence[str], round: int, now_ms: int) -> bool:
    """Put locked identifiers on the list; False when the segment is archived or gone."""
    rows = await tx.run(_PUT, key=key, uids=uids, round=round, now_ms=now_ms)
    return int(rows[0]["listed"]) == len(uids)


async def take(tx: Transaction, key: str, uids: Sequence[str], before: int = ANY_ROUND) -> set[str]:
    """Take locked identifiers of rounds before this one off the list; those that were on it."""
    return {row["uid"] for row in await tx.run(_TAKE, key=key, uids=uids, before=before)}
