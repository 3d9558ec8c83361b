"""Segments: their definitions, counts, pages of members, and the statements that change them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import msgspec

from graph.client import GraphClient, Transaction
from graph.queries import load
from graph.repositories.sharing import OPEN, Sharing, Visibility, sharing_of

LIST_ALL = load("segment/list_all")
GET_MANY = load("segment/get_many")
GET_BY_ID = load("segment/get_by_id")
LIST_PAGE = load("segment/list_page")
COUNT_MEMBERS = load("segment/count_members")
LIST_MEMBERS = load("segment/list_members")
LIST_RULES = load("segment/list_rules")
LOCK_CATALOGUE = load("segment/lock_catalogue")
CREATE = load("segment/create")
DESCRIBE = load("segment/describe")
UPDATE_RULE = load("segment/update_rule")
HIDE = load("segment/hide")
ARCHIVE = load("segment/archive")
COUNT_FOLDERS = load("segment/count_folders")

# A segment with this status is gone for every reader; a job still removes what hangs on it.
DELETING = "DELETING"
# Archived: kept as it was, not kept up to date, not offered for new use.
OFFLINE = "OFFLINE"
FAILED = "FAILED"


class SegmentRecord(msgspec.Struct, frozen=True, gc=False):
    """One segment's definition and the state of its last build; times in ms."""

    id: str
    key: str
    name: str
    folder: str
    description: str
    rule: msgspec.Raw
    version: int
    status: str
    as_of_ms: int | None
    last_error: str | None
    progress: float
    created_at_ms: int
    updated_at_ms: int
    sharing: Sharing = OPEN


class Heading(msgspec.Struct, frozen=True, gc=False):
    """What people call a segment and where they put it; no folder is ""."""

    name: str
    folder: str = ""
    description: str = ""


class StoredRule(msgspec.Struct, frozen=True, gc=False):
    """What checks of references and cycles need of a segment."""

    key: str
    rule: str
    status: str
    sharing: Sharing


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

    async def list_page(
        self,
        after: str,
        search: str,
        folder: str,
        archived: bool | None,
        count: int,
        *,
        viewer: Sequence[str] | None,
        only: Collection[str] | None = None,
    ) -> list[SegmentRecord]:
        """Segments after the key `after`, ascending.

        Args:
            search: a part of key or name, in any case; "" for all.
            folder: those in it or below; "" for all.
            archived: those that are, or are not; None for both.
            viewer: of `access.sharing.Viewer.names`.
            only: ids, of which others are left out.
        """
        rows = await self._graph.read(
            LIST_PAGE,
            after=after,
            search=search.lower(),
            folder=folder,
            archived=archived,
            only=None if only is None else list(only),
            viewer=viewer,
            count=count,
        )
        return [_segment(row["segment"]) for row in rows]

    async def count_folders(self, count: int, viewer: Sequence[str] | None) -> list[tuple[str, int]]:
        """Folders that hold segments themselves, and how many that a viewer sees, by path; "" for those in none."""
        rows = await self._graph.read(COUNT_FOLDERS, count=count, viewer=viewer)
        return [(row["path"], row["segments"]) for row in rows]

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
    return [
        StoredRule(row["key"], row["rule"], row["status"], sharing_of(row["owner"], row["visibility"], row["shared"]))
        for row in await tx.run(LIST_RULES)
    ]


async def find(tx: Transaction, key: str) -> SegmentRecord | None:
    """The segment of that key, inside a transaction."""
    rows = await tx.run(GET_MANY, keys=[key])
    return _segment(rows[0]["segment"]) if rows else None


async def create(
    tx: Transaction,
    *,
    id: str,
    key: str,
    heading: Heading,
    rule: str,
    author: str,
    reason: str | None,
    now_ms: int,
    private: bool = False,
) -> SegmentRecord:
    """A new segment of its author's; when the key is taken, the one that has it (its id differs from `id`)."""
    rows = await tx.run(
        CREATE,
        id=id,
        key=key,
        **_parts(heading),
        rule=rule,
        author=author,
        reason=reason,
        owner=author,
        visibility=Visibility.PRIVATE.value if private else None,
        now_ms=now_ms,
    )
    return _segment(rows[0]["segment"])


async def describe(tx: Transaction, *, key: str, heading: Heading, now_ms: int) -> SegmentRecord:
    """Another heading; the segment must exist."""
    return _segment((await tx.run(DESCRIBE, key=key, **_parts(heading), now_ms=now_ms))[0]["segment"])


async def update_rule(
    tx: Transaction,
    *,
    key: str,
    version: int,
    heading: Heading,
    rule: str,
    author: str,
    reason: str | None,
    now_ms: int,
) -> SegmentRecord:
    """Another rule, as that version, to be built; the segment must exist."""
    rows = await tx.run(
        UPDATE_RULE,
        key=key,
        version=version,
        **_parts(heading),
        rule=rule,
        author=author,
        reason=reason,
        now_ms=now_ms,
    )
    return _segment(rows[0]["segment"])


async def archive(tx: Transaction, *, key: str, now_ms: int) -> SegmentRecord:
    """Keep the segment as it is from now on; it must exist."""
    return _segment((await tx.run(ARCHIVE, key=key, now_ms=now_ms))[0]["segment"])


async def hide(tx: Transaction, *, key: str, now_ms: int) -> None:
    """Take the segment out of every read."""
    await tx.run(HIDE, key=key, now_ms=now_ms)


def heading_of(segment: SegmentRecord) -> Heading:
    """What the segment is called and where it is."""
    return Heading(segment.name, segment.folder, segment.description)


def _parts(heading: Heading) -> dict[str, str]:
    return {"name": heading.name, "folder": heading.folder, "description": heading.description}


def _segment(row: Sequence[Any]) -> SegmentRecord:
    id_, key, name, folder, description, rule, version, status, as_of, last_error, progress, *rest = row
    created_at, updated_at, owner, visibility, shared = rest
    return SegmentRecord(
        id=id_,
        key=key,
        name=name,
        folder=folder,
        description=description,
        rule=msgspec.Raw(rule),
        version=version,
        status=status,
        as_of_ms=as_of,
        last_error=last_error,
        progress=progress or 0.0,
        created_at_ms=created_at,
        updated_at_ms=updated_at,
        sharing=sharing_of(owner, visibility, shared),
    )
