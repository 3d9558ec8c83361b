"""The review list: what somebody should look at. Items are noted where identity is resolved, and checked when read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypedDict

from graph.client import GraphClient, Row, Transaction
from graph.queries import load

_MERGE_ITEMS = load("review/merge_items")
_PAGE_OPEN = load("review/page_open")
_PAGE_ALL = load("review/page_all")
_LIST_TRUE = load("review/list_true")
_LOCK = load("review/lock")
_SETTLE = load("review/settle")
_DELETE = load("review/delete")

OPEN = "OPEN"
ACCEPTED = "ACCEPTED"
DISMISSED = "DISMISSED"

# After every place: they begin with digits.
LAST_PLACE = "~"


class ReviewKind(StrEnum):
    """Why something is on the list."""

    REJECTED_LINK = "REJECTED_LINK"
    SHARED_IDENTIFIER = "SHARED_IDENTIFIER"
    NEAR_LIMIT = "NEAR_LIMIT"
    LARGE_CUSTOMER = "LARGE_CUSTOMER"


class ReviewRow(TypedDict):
    """An item that arose.

    `uids` are the two ends of a link, or the shared identifier; the other kinds have `customer`, and `least` and
    `size`: from how many identifiers on it is an item, and how many there are.
    """

    id: str
    kind: str
    uids: list[str]
    customer: str | None
    namespace: str | None
    least: int | None
    size: int | None


@dataclass(frozen=True, slots=True)
class ReviewItem:
    """An item whose cause is there now.

    Args:
        place: where it is in the list; None when it is not open.
        size: how many identifiers there are, of `namespace` where it is near a limit.
        identifiers: (uid, namespace, ciphertext); of a large customer none.
        blocking: uids of the pair that a rejected link would have put into one customer.
    """

    id: str
    kind: ReviewKind
    state: str
    since_ms: int
    place: str | None
    namespace: str | None
    least: int | None
    size: int
    customers: tuple[str, ...]
    identifiers: tuple[tuple[str, str, bytes], ...]
    blocking: tuple[str, ...]


async def merge_items(tx: Transaction, rows: Sequence[ReviewRow], now_ms: int) -> None:
    """Note items that arose; the customers that they are about are locked."""
    if rows:
        await tx.run(_MERGE_ITEMS, rows=sorted(rows, key=lambda row: row["id"]), now=now_ms)


async def settle(tx: Transaction, item: str, state: str, grown: int | None = None) -> None:
    """Accept, dismiss or open an item; one that is gone stays so."""
    await tx.run(_SETTLE, id=item, state=state, grown=grown)


async def lock(tx: Transaction, ids: Sequence[str]) -> None:
    """Lock items, sorted by id."""
    await tx.run(_LOCK, ids=ids)


async def list_true(tx: Transaction, ids: Sequence[str]) -> dict[str, ReviewItem]:
    """Those of the items whose cause is there, by id."""
    return {row["id"]: _item(row) for row in await tx.run(_LIST_TRUE, ids=ids)}


async def delete(tx: Transaction, ids: Iterable[str]) -> None:
    """Forget items."""
    await tx.run(_DELETE, ids=sorted(ids))


class ReviewRepository:
    """Reads of the review list; every method is one statement."""

    def __init__(self, graph: GraphClient):
        self._graph = graph

    async def page_open(self, kinds: Sequence[str], before: str, count: int) -> list[tuple[str, str]]:
        """Open items as (id, place), newest first, at places before one."""
        rows = await self._graph.read(_PAGE_OPEN, kinds=kinds, before=before, count=count)
        return [(row["id"], row["place"]) for row in rows]

    async def page_all(self, after: str, size: int) -> list[str]:
        """Ids of all items after one, ascending, settled ones too."""
        return [row["id"] for row in await self._graph.read(_PAGE_ALL, after=after, size=size)]

    async def get_many(self, ids: Sequence[str]) -> dict[str, ReviewItem]:
        """Those of the items whose cause is there, by id."""
        return {row["id"]: _item(row) for row in await self._graph.read(_LIST_TRUE, ids=ids)}


def _item(row: Row) -> ReviewItem:
    return ReviewItem(
        id=row["id"],
        kind=ReviewKind(row["kind"]),
        state=row["state"],
        since_ms=row["since"],
        place=row["place"],
        namespace=row["namespace"],
        least=row["least"],
        size=row["size"],
        customers=tuple(row["customers"]),
        identifiers=tuple((uid, namespace, cipher) for uid, namespace, cipher in row["identifiers"]),
        blocking=tuple(row["blocking"] or ()),
    )
