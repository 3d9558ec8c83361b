"""Versions of segments: every rule that one had, with who changed it and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from graph.client import GraphClient, Row
from graph.queries import load

_LIST_PAGE = load("segment_version/list_page")
_GET_MANY = load("segment_version/get_many")


@dataclass(frozen=True, slots=True)
class VersionRecord:
    """A rule that a segment had from `at_ms` on, and the segment's name then."""

    version: int
    name: str
    rule: msgspec.Raw
    author: str
    reason: str | None
    at_ms: int


class SegmentVersionRepository:
    """Each method is one statement. Segments are named by id: a key may be used again."""

    def __init__(self, graph: GraphClient):
        self._graph = graph

    async def list_page(self, segment_id: str, before: int, count: int) -> list[VersionRecord]:
        """Versions below a number, newest first."""
        rows = await self._graph.read(_LIST_PAGE, segment=segment_id, before=before, count=count)
        return [_version(row) for row in rows]

    async def get_many(self, segment_id: str, versions: Sequence[int]) -> dict[int, VersionRecord]:
        """Number → version; unknown ones are missing."""
        rows = await self._graph.read(_GET_MANY, segment=segment_id, versions=list(versions))
        return {row["version"]: _version(row) for row in rows}


def _version(row: Row) -> VersionRecord:
    return VersionRecord(
        version=row["version"],
        name=row["name"],
        rule=msgspec.Raw(row["rule"]),
        author=row["author"],
        reason=row["reason"],
        at_ms=row["at"],
    )
