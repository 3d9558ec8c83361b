"""Calls on identifiers: where they hang, calls that are taken back, and what is derived from those that are left."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple, TypedDict

from graph.client import Transaction
from graph.queries import load

_HANG_OVER = load("call/hang_over")
_HANG_BACK = load("call/hang_back")
_REORDER = load("call/reorder")
_LIST_UNSEEN = load("call/list_unseen")
_SET_SEEN = load("call/set_seen")
_FIND_CALL = load("call/find_call")
_WITHDRAW_CALL = load("call/withdraw_call")
_RESTORE_CALL = load("call/restore_call")
_RECOUNT_EVIDENCE = load("call/recount_evidence")
_GET_CALLED = load("call/get_called")
_DELETE_OBSERVATIONS = load("call/delete_observations")


class OrderRow(TypedDict):
    """A set of identifiers and their order, the strongest first."""

    key: str
    order: list[str]


class FoundCall(NamedTuple):
    """The identifiers of a call, the strongest first, and whether it was taken back."""

    uids: tuple[str, ...]
    withdrawn: bool


class HungCall(NamedTuple):
    """Where a call hangs or hung, and the key of its evidence; None for a single identifier."""

    uid: str
    evidence: str | None


class CalledRow(NamedTuple):
    """The traits (JSON) that a call on an identifier gave, and when (ms)."""

    uid: str
    source: str
    at_ms: int
    traits: str


async def find_call(tx: Transaction, call: str) -> FoundCall | None:
    """A call by its id; None when none took effect."""
    rows = await tx.run(_FIND_CALL, id=call)
    return FoundCall(tuple(rows[0]["uids"]), rows[0]["withdrawn"]) if rows else None


async def withdraw_call(tx: Transaction, call: str, decision: str) -> HungCall | None:
    """Take a call off its identifier; None when it hung nowhere."""
    rows = await tx.run(_WITHDRAW_CALL, id=call, decision=decision)
    return HungCall(rows[0]["hung"], rows[0]["evidence"]) if rows else None


async def restore_call(tx: Transaction, call: str) -> HungCall | None:
    """Hang a call that was taken back on its strongest usable identifier; None when it was not taken back."""
    rows = await tx.run(_RESTORE_CALL, id=call)
    return HungCall(rows[0]["hung"], rows[0]["evidence"]) if rows else None


async def hang_over(tx: Transaction, uids: Iterable[str]) -> set[str]:
    """Hang calls of identifiers that take part in links no more on others; uids that got something."""
    ordered = sorted(uids)
    return {row["uid"] for row in await tx.run(_HANG_OVER, uids=ordered)} if ordered else set()


async def hang_back(tx: Transaction, uids: Iterable[str]) -> set[str]:
    """Hang calls on identifiers that take part in links again; uids that lost or got something."""
    ordered = sorted(uids)
    rows = await tx.run(_HANG_BACK, uids=ordered) if ordered else []
    return {uid for row in rows for uid in (row["from_uid"], row["to_uid"])}


async def reorder(tx: Transaction, rows: Iterable[OrderRow]) -> set[str]:
    """Name identifiers of calls in a new order, and hang calls on the first; uids that lost or got something."""
    ordered = sorted(rows, key=lambda row: row["key"])
    return {row["uid"] for row in await tx.run(_REORDER, rows=ordered)} if ordered else set()


async def recount_evidence(tx: Transaction, keys: Iterable[str]) -> None:
    """Derive from their calls how often and when sets were seen."""
    await tx.run(_RECOUNT_EVIDENCE, keys=sorted(keys))


async def list_unseen(tx: Transaction, uids: Iterable[str]) -> set[str]:
    """Those of the identifiers that no call shows."""
    return {row["uid"] for row in await tx.run(_LIST_UNSEEN, uids=sorted(uids))}


async def set_seen(tx: Transaction, uids: Iterable[str]) -> None:
    """Derive from their calls when identifiers were seen first and last."""
    await tx.run(_SET_SEEN, uids=sorted(uids))


async def get_called(tx: Transaction, uids: Sequence[str]) -> list[CalledRow]:
    """Calls with traits on identifiers, in no order."""
    rows = await tx.run(_GET_CALLED, uids=uids)
    return [CalledRow(row["uid"], row["source"], row["at"], row["traits"]) for row in rows]


async def delete_observations(tx: Transaction, uids: Sequence[str]) -> None:
    """Forget what identifiers reported."""
    await tx.run(_DELETE_OBSERVATIONS, uids=uids)
