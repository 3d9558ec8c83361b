"""Tags: their definitions, counts, and the statements that change them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import msgspec

from graph.client import GraphClient, Transaction
from graph.queries import load
from graph.repositories.sharing import OPEN, Sharing, sharing_of

LIST_ALL = load("tag/list_all")
GET_MANY = load("tag/get_many")
GET_BY_ID = load("tag/get_by_id")
LIST_PAGE = load("tag/list_page")
COUNT_CUSTOMERS = load("tag/count_customers")
COUNT_VALUES = load("tag/count_values")
MEASURE_NUMBERS = load("tag/measure_numbers")
COUNT_BUCKETS = load("tag/count_buckets")
CREATE = load("tag/create")
UPDATE = load("tag/update")
SET_STATUS = load("tag/set_status")

DRAFT = "DRAFT"
BUILDING = "BUILDING"
LIVE = "LIVE"
PAUSED = "PAUSED"
OFFLINE = "OFFLINE"
# A tag with this status is gone for every reader; a job still removes what hangs on it.
DELETING = "DELETING"


class TagRecord(msgspec.Struct, frozen=True, gc=False):
    """One tag's definition and the state of its last build; times in ms.

    Args:
        zone: None for the deployment's.
        reads: of a tag by SQL, what its statement names, each as JSON (see `resolvers.rule_users.NameKey`).
    """

    id: str
    key: str
    name: str
    category: str | None
    kind: str
    value_type: str
    mode: str
    zone: str | None
    keep_old: bool
    version: int
    definition: msgspec.Raw
    status: str
    as_of_ms: int | None
    last_error: str | None
    progress: float
    created_at_ms: int
    updated_at_ms: int
    sharing: Sharing = OPEN
    reads: tuple[str, ...] = ()


class TagRepository:
    """Reads of tags, each one statement."""

    def __init__(self, graph: GraphClient):
        self._graph = graph

    async def list_all(self) -> tuple[int, list[TagRecord]]:
        """The catalogue's counter and every definition; the definitions are at least as new as the counter."""
        row = (await self._graph.read(LIST_ALL))[0]
        return row["catalogue"], [_tag(each) for each in row["tags"] if each["status"] != DELETING]

    async def get_many(self, keys: Sequence[str]) -> dict[str, TagRecord]:
        """Key → tag; unknown keys are missing."""
        rows = await self._graph.read(GET_MANY, keys=list(keys))
        return {each.key: each for each in (_tag(row["tag"]) for row in rows)}

    async def find_by_id(self, tag_id: str) -> TagRecord | None:
        """The tag of that id."""
        rows = await self._graph.read(GET_BY_ID, id=tag_id)
        return _tag(rows[0]["tag"]) if rows else None

    async def list_page(
        self,
        after: str,
        search: str,
        category: str,
        count: int,
        *,
        viewer: Sequence[str] | None,
        only: Collection[str] | None = None,
    ) -> list[TagRecord]:
        """Tags after the key `after`, ascending, whose key or name holds `search` (any case), in or below a category.

        Args:
            search, category: "" for all.
            viewer: of `access.sharing.Viewer.names`.
            only: ids, of which others are left out.
        """
        rows = await self._graph.read(
            LIST_PAGE,
            after=after,
            search=search.lower(),
            category=category,
            only=None if only is None else list(only),
            viewer=viewer,
            count=count,
        )
        return [_tag(row["tag"]) for row in rows]

    async def count_customers(self, keys: Sequence[str]) -> dict[str, int]:
        """Key → how many customers have a value now; unknown keys are missing."""
        rows = await self._graph.read(COUNT_CUSTOMERS, keys=list(keys))
        return {row["key"]: row["customers"] for row in rows}

    async def count_values(self, key: str, count: int) -> list[tuple[str, int]]:
        """(value as JSON, how many customers have it), the most frequent first."""
        rows = await self._graph.read(COUNT_VALUES, key=key, count=count)
        return [(row["value"], row["customers"]) for row in rows]

    async def measure_numbers(self, key: str) -> tuple[int, float | None, float | None, float | None]:
        """How many have a value; the least, greatest and average number, None without."""
        row = (await self._graph.read(MEASURE_NUMBERS, key=key))[0]
        return row["customers"], row["least"], row["greatest"], row["average"]

    async def count_buckets(self, key: str, bounds: Sequence[float]) -> list[int]:
        """How many numbers lie below the first of ascending bounds, from it to below the second, and so on."""
        rows = await self._graph.read(COUNT_BUCKETS, key=key, bounds=list(bounds))
        held = {row["bucket"]: row["customers"] for row in rows}
        return [held.get(place, 0) for place in range(len(bounds) + 1)]


async def list_all(tx: Transaction) -> list[TagRecord]:
    """Every tag, those being deleted included, inside a transaction."""
    return [_tag(each) for each in (await tx.run(LIST_ALL))[0]["tags"]]


async def find(tx: Transaction, key: str) -> TagRecord | None:
    """The tag of that key, inside a transaction."""
    rows = await tx.run(GET_MANY, keys=[key])
    return _tag(rows[0]["tag"]) if rows else None


async def create(tx: Transaction, *, id: str, key: str, properties: Mapping[str, object], now_ms: int) -> TagRecord:
    """A new tag; when the key is taken, the one that has it (its id differs from `id`)."""
    return _tag((await tx.run(CREATE, id=id, key=key, properties=properties, now_ms=now_ms))[0]["tag"])


async def update(tx: Transaction, *, key: str, properties: Mapping[str, object], now_ms: int) -> TagRecord:
    """Other properties; the tag must exist."""
    return _tag((await tx.run(UPDATE, key=key, properties=properties, now_ms=now_ms))[0]["tag"])


async def set_status(tx: Transaction, *, key: str, status: str, now_ms: int) -> TagRecord:
    """Another place in its life, a build to begin anew; the tag must exist."""
    return _tag((await tx.run(SET_STATUS, key=key, status=status, now_ms=now_ms))[0]["tag"])


def _tag(row: Mapping[str, Any]) -> TagRecord:
    known = dict(row)
    return TagRecord(
        definition=msgspec.Raw(known.pop("definition")),
        as_of_ms=known.pop("as_of"),
        created_at_ms=known.pop("created_at"),
        updated_at_ms=known.pop("updated_at"),
        reads=tuple(known.pop("reads") or ()),
        sharing=sharing_of(known.pop("owner"), known.pop("visibility"), known.pop("shared")),
        **known,
    )
