"""Segments: their definitions, counts, pages of members, and the statements that change them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from graph.client import GraphClient, Transaction
from graph.queries import load

LIST_ALL = load("segment/list_all")
GET_MANY = load("segment/get_many")
GET_BY_ID = load("segment/get_by_id")
LIST_PAGE = load("segment/list_page")
COUNT_MEMBERS = load("segment/count_members")
LIST_MEMBERS = load("segment/list_members")
LIST_RULES = load("segment/list_rules")
LOCK_CATALOGUE = load("segment/lock_catalogue")
CREATE = load("segment/create")
UPDATE_NAME = load("segment/update_name")
UPDATE_RULE = load("segment/update_rule")
HIDE = load("segment/hide")

# A segment with this status is gone for every reader; a job still removes what hangs on it.
DELETING = "DELETING"


class SegmentRecord(msgspec.Struct, frozen=True, gc=False):
    """One segment's definition and the state of its last build; times in ms."""

    id: str
    key: str
    name: str
    rule: msgspec.Raw
    version: int
    status: str
    as_of_ms: int | None
    last_error: str | None
    progress: float
    created_at_ms: int
    updated_at_ms: int


class StoredRule(msgspec.Struct, frozen=True, gc=False):
    """What checks of references and cycles need of a segment."""

    key: str
    rule: str
    status: str


class SegmentRepository:
    """Reads of segments, each one statement, and the steps of a change, each inside a caller's transaction."""

    def __init__(self, graph: GraphClient):
        self._graph = graph

    async def list_all(self) -> tuple[int, list[SegmentRecord]]:
        """The catalogue's counter and every definition; the definitions are at least as new as the counter."""
        row = (await self._graph.read(LIST_ALL))[0]
        # collect() of no segment is one list of nulls: OPTIONAL MATCH keeps the row that carries the counter.
        return row["catalogue"], [_segment(each) for each in row["segments"] if each[0] is not None]

    async def get_many(self, keys: Sequence[str]) -> dict[str, SegmentRecord]:
        """Key → segment; unknown keys are missing."""
        rows = await self._graph.read(GET_MANY, keys=list(keys))
        return {each.key: each for each in (_segment(row["segment"]) for row in rows)}

    async def find_by_id(self, segment_id: str) -> SegmentRecord | None:
        """The segment of that id."""
        rows = await self._graph.read(GET_BY_ID, id=segment_id)
        return _segment(rows[0]["segment"]) if rows else None

    async def list_page(self, after: str, search: str, count: int) -> list[SegmentRecord]:
        """Segments after the key `after`, ascending, whose key or name holds `search` (any case); "" for all."""
        rows = await self._graph.read(LIST_PAGE, after=after, search=search.lower(), count=count)
        return [_segment(row["segment"]) for row in rows]

    async def count_members(self, keys: Sequence[str]) -> dict[str, int]:
        """Key → number of members now; unknown keys are missing."""
        rows = await self._graph.read(COUNT_MEMBERS, keys=list(keys))
        return {row["key"]: row["members"] for row in rows}

    async def list_members(self, key: str, after: str, count: int) -> list[str]:
        """Customer ids of a segment after `after`, ascending, at most `count`."""
        rows = await self._graph.read(LIST_MEMBERS, key=key, after=after, count=count)
        return [row["id"] for row in rows]


async def lock_catalogue(tx: Transaction) -> None:
    """Wait until no other transaction changes segments, and count this change; always the first step."""
    await tx.run(LOCK_CATALOGUE)


async def list_rules(tx: Transaction) -> list[StoredRule]:
    """Every segment's rule, those being deleted included."""
    return [StoredRule(row["key"], row["rule"], row["status"]) for row in await tx.run(LIST_RULES)]


async def find(tx: Transaction, key: str) -> SegmentRecord | None:
    """The segment of that key, inside a transaction."""
    rows = await tx.run(GET_MANY, keys=[key])
    return _segment(rows[0]["segment"]) if rows else None


async def create(tx: Transaction, *, id: str, key: str, name: str, rule: str, now_ms: int) -> SegmentRecord:
    """A new segment; when the key is taken, the one that has it (its id differs from `id`)."""
    rows = await tx.run(CREATE, id=id, key=key, name=name, rule=rule, now_ms=now_ms)
    return _segment(rows[0]["segment"])


async def update_name(tx: Transaction, *, key: str, name: str, now_ms: int) -> SegmentRecord:
    """Rename; the segment must exist."""
    return _segment((await tx.run(UPDATE_NAME, key=key, name=name, now_ms=now_ms))[0]["segment"])


async def update_rule(tx: Transaction, *, key: str, version: int, name: str, rule: str, now_ms: int) -> SegmentRecord:
    """Another rule, as that version, to be built; the segment must exist."""
    rows = await tx.run(UPDATE_RULE, key=key, version=version, name=name, rule=rule, now_ms=now_ms)
    return _segment(rows[0]["segment"])


async def hide(tx: Transaction, *, key: str, now_ms: int) -> None:
    """Take the segment out of every read."""
    await tx.run(HIDE, key=key, now_ms=now_ms)


def _segment(row: Sequence[Any]) -> SegmentRecord:
    id_, key, name, rule, version, status, as_of, last_error, progress, created_at, updated_at = row
    return SegmentRecord(
        id=id_,
        key=key,
        name=name,
        rule=msgspec.Raw(rule),
        version=version,
        status=status,
        as_of_ms=as_of,
        last_error=last_error,
        progress=progress or 0.0,
        created_at_ms=created_at,
        updated_at_ms=updated_at,
    )
