"""Calls on identifiers: where they hang, calls that are taken back, and what is derived from those that are left."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypedDict

from graph.client import Row, Transaction
from graph.personal import Field
from graph.queries import load

_HANG_OVER = load("call/hang_over")
_HANG_BACK = load("call/hang_back")
_REORDER = load("call/reorder")
_LIST_UNSEEN = load("call/list_unseen")
_SET_SEEN = load("call/set_seen")
_FIND_CALL = load("call/find_call")
_GET_UIDS = load("call/get_uids")
_LIST_OF_IMPORT = load("call/list_of_import")
_COUNT_OF_IMPORT = load("call/count_of_import")
_WITHDRAW_CALLS = load("call/withdraw_calls")
_KEEP_WITHDRAWN = load("call/keep_withdrawn")
_RESTORE_CALLS = load("call/restore_calls")
_COUNT_EVIDENCE = load("call/count_evidence")
_SET_EVIDENCE = load("call/set_evidence")
_GET_CALLED = load("call/get_called")
_DELETE_OBSERVATIONS = load("call/delete_observations")


class OrderRow(TypedDict):
    """A set of identifiers and their order, the strongest first."""

    key: str
    order: list[str]


class FoundCall(NamedTuple):
    """The identifiers of a call, the strongest first, its source, and whether it was taken back."""

    uids: tuple[str, ...]
    source: str
    withdrawn: bool


class HungCalls(NamedTuple):
    """How many calls were taken off or hung on, the identifiers that they hung or hang on, and keys of evidence."""

    call_count: int
    uids: frozenset[str]
    evidence: frozenset[str]


@dataclass(frozen=True, slots=True)
class ImportedCalls:
    """Which calls of a source are meant.

    Args:
        until_ms: received up to then.
        taken_back_by: those that this decision has taken back; None: those that count.
    """

    source: str
    until_ms: int
    taken_back_by: str | None


class ImportedCall(NamedTuple):
    """A call of a source and the identifier that it hangs or hung on."""

    uid: str
    id: str


class ImportCount(NamedTuple):
    """Calls of a source, the identifiers that they hang or hung on, and who has those now."""

    call_count: int
    identifier_count: int
    customers: tuple[str, ...]


class CalledRow(NamedTuple):
    """The traits (JSON) that a call on an identifier gave, and when (ms)."""

    uid: str
    source: str
    at_ms: int
    traits: str


async def find_call(tx: Transaction, call: str) -> FoundCall | None:
    """A call by its id; None when none took effect."""
    rows = await tx.run(_FIND_CALL, id=call)
    return FoundCall(tuple(rows[0]["uids"]), rows[0]["source"], rows[0]["withdrawn"]) if rows else None


async def get_uids(tx: Transaction, calls: Sequence[str]) -> set[str]:
    """All identifiers of calls."""
    return set((await tx.run(_GET_UIDS, ids=calls))[0]["uids"])


async def list_of_import(tx: Transaction, of: ImportedCalls, uids: Sequence[str], count: int) -> list[ImportedCall]:
    """Calls of a source that hang or hung on identifiers, in the order of these, at most `count`."""
    rows = await tx.run(
        _LIST_OF_IMPORT, uids=uids, source=of.source, until=of.until_ms, decision=of.taken_back_by, count=count
    )
    return [ImportedCall(row["uid"], row["id"]) for row in rows]


async def count_of_import(tx: Transaction, of: ImportedCalls, uids: Sequence[str]) -> ImportCount:
    """How many calls of a source hang or hung on identifiers."""
    row = (await tx.run(_COUNT_OF_IMPORT, uids=uids, source=of.source, until=of.until_ms, decision=of.taken_back_by))[0]
    return ImportCount(row["calls"], row["identifiers"], tuple(row["customers"]))


async def withdraw_calls(tx: Transaction, calls: Sequence[str], decision: str) -> HungCalls:
    """Take calls off their identifiers; those that hang nowhere are left alone."""
    return _hung(tx, (await tx.run(_WITHDRAW_CALLS, ids=calls, decision=decision))[0])


async def restore_calls(tx: Transaction, calls: Sequence[str], decision: str) -> HungCalls:
    """Hang calls that a decision took back on their strongest usable identifiers.

    Calls that another decision takes back too stay away, and are the other's from now on.
    """
    await tx.run(_KEEP_WITHDRAWN, ids=calls, decision=decision)
    return _hung(tx, (await tx.run(_RESTORE_CALLS, ids=calls, decision=decision))[0])


def _hung(tx: Transaction, row: Row) -> HungCalls:
    tx.touched.hung.update(row["hung"])
    return HungCalls(row["count"], frozenset(row["hung"]), frozenset(row["evidence"]))


async def hang_over(tx: Transaction, uids: Iterable[str]) -> set[str]:
    """Hang calls of identifiers that take part in links no more on others; uids that got something."""
    ordered = sorted(uids)
    moved = {row["uid"] for row in await tx.run(_HANG_OVER, uids=ordered)} if ordered else set()
    if moved:
        tx.touched.hung.update(ordered, moved)
    return moved


async def hang_back(tx: Transaction, uids: Iterable[str]) -> set[str]:
    """Hang calls on identifiers that take part in links again; uids that lost or got something."""
    ordered = sorted(uids)
    rows = await tx.run(_HANG_BACK, uids=ordered) if ordered else []
    moved = {uid for row in rows for uid in (row["from_uid"], row["to_uid"])}
    tx.touched.hung.update(moved)
    return moved


async def reorder(tx: Transaction, rows: Iterable[OrderRow]) -> set[str]:
    """Name identifiers of calls in a new order, and hang calls on the first; uids that lost or got something."""
    ordered = sorted(rows, key=lambda row: row["key"])
    moved = {row["uid"] for row in await tx.run(_REORDER, rows=ordered)} if ordered else set()
    tx.touched.hung.update(moved)
    return moved


async def recount_evidence(tx: Transaction, keys: Iterable[str]) -> None:
    """Derive from their calls how often and when sets were seen."""
    ordered = sorted(keys)
    if not ordered:
        return
    counted = {row["key"]: row for row in await tx.run(_COUNT_EVIDENCE, keys=ordered)}
    unseen = {"count": 0, "first_at": None, "last_at": None}
    await tx.run(_SET_EVIDENCE, rows=[{"key": key, **_counts(counted.get(key, unseen))} for key in ordered])


def _counts(row: Row) -> dict[str, int | None]:
    return {"count": row["count"], "first_at": row["first_at"], "last_at": row["last_at"]}


async def list_unseen(tx: Transaction, uids: Iterable[str]) -> set[str]:
    """Those of the identifiers that no call shows."""
    return {row["uid"] for row in await tx.run(_LIST_UNSEEN, uids=sorted(uids))}


async def set_seen(tx: Transaction, uids: Iterable[str]) -> None:
    """Derive from their calls when identifiers were seen first and last."""
    await tx.run(_SET_SEEN, uids=sorted(uids))


async def get_called(tx: Transaction, uids: Sequence[str]) -> list[CalledRow]:
    """Calls with traits on identifiers, in no order."""
    rows = await tx.run(_GET_CALLED, uids=uids)
    return [
        CalledRow(row["uid"], row["source"], row["at"], tx.personal.open(row["traits"], Field.TRAITS, row["id"]))
        for row in rows
    ]


async def delete_observations(tx: Transaction, uids: Sequence[str]) -> None:
    """Forget what identifiers reported."""
    await tx.run(_DELETE_OBSERVATIONS, uids=uids)
