"""Versions of tags: every definition that one had, with who changed it and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from graph.client import GraphClient, Row, Transaction
from graph.queries import load

_KEEP = load("tag_version/keep")
_LIST_PAGE = load("tag_version/list_page")
_GET_MANY = load("tag_version/get_many")


@dataclass(frozen=True, slots=True)
class TagVersionRecord:
    """What decided a tag's values from `at_ms` on, and the tag's name then.

    Args:
        zone: None for the deployment's.
    """

    version: int
    name: str
    definition: msgspec.Raw
    mode: str
    zone: str | None
    keep_old: bool
    author: str
    reason: str | None
    at_ms: int


class TagVersionRepository:
    """Each method is one statement. Tags are named by id: a key may be used again."""

    def __init__(self, graph: GraphClient):
        self._graph = graph

    async def list_page(self, tag_id: str, before: int, count: int) -> list[TagVersionRecord]:
        """Versions below a number, newest first."""
        return [_version(row) for row in await self._graph.read(_LIST_PAGE, tag=tag_id, before=before, count=count)]

    async def get_many(self, tag_id: str, versions: Sequence[int]) -> dict[int, TagVersionRecord]:
        """Number → version; unknown ones are missing."""
        found = [_version(row) for row in await self._graph.read(_GET_MANY, tag=tag_id, versions=list(versions))]
        return {one.version: one for one in found}


async def keep(tx: Transaction, *, key: str, author: str, reason: str | None, now_ms: int) -> None:
    """Keep a tag as it is in this transaction as its version."""
    await tx.run(_KEEP, key=key, author=author, reason=reason, now_ms=now_ms)


def _version(row: Row) -> TagVersionRecord:
    known = dict(row["version"])
    return TagVersionRecord(definition=msgspec.Raw(known.pop("definition")), at_ms=known.pop("at"), **known)
