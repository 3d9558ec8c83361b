"""Imported values of tags: identifiers that GIVE whoever has them a value."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple, TypedDict

from graph.client import GraphClient, Transaction
from graph.queries import load
from graph.repositories.segment_list import ANY_ROUND, ListedRow

_BEGIN = load("tag_list/begin")
_FIND_OWNERS = load("tag_list/find_owners")
_FIND_BESIDE = load("tag_list/find_beside")
_PUT = load("tag_list/put")
_TAKE = load("tag_list/take")
_SCAN_OLDER = load("tag_list/scan_older")


class GivenRow(TypedDict):
    """A value (JSON) for an identifier, and the row that brings it."""

    uid: str
    value: str
    row: int


class Beside(NamedTuple):
    """An identifier that gives a value to whoever has the asked one."""

    asked: str
    uid: str
    namespace: str


async def find_owners(graph: GraphClient, uids: Collection[str]) -> dict[str, str]:
    """Identifier → who has it now; those that nobody has are missing."""
    return {row["uid"]: row["customer"] for row in await graph.read(_FIND_OWNERS, uids=list(uids))}


async def find_beside(graph: GraphClient, key: str, uids: Collection[str]) -> list[Beside]:
    """Identifiers that give a value to the owners of these, the same ones among them."""
    return [Beside(**row) for row in await graph.read(_FIND_BESIDE, key=key, uids=list(uids))]


async def scan_older(graph: GraphClient, key: str, round: int, count: int) -> list[ListedRow]:
    """Some of the identifiers whose values are of earlier imports; empty when there are none."""
    rows = await graph.read(_SCAN_OLDER, key=key, round=round, count=count)
    return [ListedRow(uid=row["uid"], namespace=row["namespace"]) for row in rows]


async def begin(tx: Transaction, key: str) -> int:
    """The place of the import that begins in the order of imports."""
    return int((await tx.run(_BEGIN, key=key))[0]["round"])


async def put(tx: Transaction, key: str, rows: Sequence[GivenRow], round: int, now_ms: int) -> bool:
    """Give locked identifiers values (sorted by uid); False when the tag rests or is gone."""
    found = await tx.run(_PUT, key=key, rows=rows, round=round, now_ms=now_ms)
    return int(found[0]["given"]) == len(rows)


async def take(tx: Transaction, key: str, uids: Sequence[str], before: int = ANY_ROUND) -> set[str]:
    """Take the values of imports before this one from locked identifiers; those that had one."""
    return {row["uid"] for row in await tx.run(_TAKE, key=key, uids=uids, before=before)}
