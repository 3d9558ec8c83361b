"""The purposes for which customers may be reached, as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from graph.client import GraphClient, Transaction
from graph.queries import load

_LIST_ALL = load("purpose/list_all")
_PUT = load("purpose/put")
_DELETE = load("purpose/delete")
_LOCK = load("purpose/lock")


@dataclass(frozen=True, slots=True)
class Purpose:
    """A purpose.

    Args:
        granted: what counts where nothing was said; False unless the law says otherwise.
        required: whether the service cannot be given without it; told to front ends, and nothing more.
    """

    key: str
    name_zh: str | None
    name_en: str | None
    granted: bool
    required: bool
    created_at_ms: int
    updated_at_ms: int


class PurposeRepository:
    """Reads of purposes."""

    def __init__(self, graph: GraphClient):
        self._graph = graph

    async def list_all(self) -> list[Purpose]:
        """By key."""
        return [_purpose(row) for row in await self._graph.read(_LIST_ALL)]


async def lock(tx: Transaction) -> list[Purpose]:
    """All purposes, under the lock of their changes."""
    await tx.run(_LOCK)
    return [_purpose(row) for row in await tx.run(_LIST_ALL)]


async def put(
    tx: Transaction, key: str, name_zh: str | None, name_en: str | None, now_ms: int, *, granted: bool, required: bool
) -> Purpose:
    """Make or change a purpose."""
    rows = await tx.run(_PUT, key=key, name_zh=name_zh, name_en=name_en, granted=granted, required=required, at=now_ms)
    return Purpose(key, name_zh, name_en, granted, required, rows[0]["created_at"], now_ms)


async def delete(tx: Transaction, key: str) -> bool:
    """Forget a purpose; False when there is none."""
    return bool((await tx.run(_DELETE, key=key))[0]["count"])


def _purpose(row: Mapping[str, Any]) -> Purpose:
    created_at_ms, updated_at_ms = row["created_at"], row["updated_at"]
    return Purpose(
        row["key"], row["name_zh"], row["name_en"], row["granted"], row["required"], created_at_ms, updated_at_ms
    )
