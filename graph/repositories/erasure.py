"""Removes a person from the graph, and keeps just enough to know what is of before."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import NamedTuple, TypedDict

from graph.client import GraphClient, Transaction
from graph.queries import load
from graph.repositories.call import HungCalls
from graph.repositories.decision import DONE, RUNNING

_LIST_HELD = load("erasure/list_held")
_LIST_BESIDE = load("erasure/list_beside")
_GET_SETS = load("erasure/get_sets")
_TAKE_CALLS = load("erasure/take_calls")
_RENAME_SETS = load("erasure/rename_sets")
_LIST_BARE_SETS = load("erasure/list_bare_sets")
_DELETE_SETS = load("erasure/delete_sets")
_LIST_BARE_IDENTIFIERS = load("erasure/list_bare_identifiers")
_LIST_LINKED = load("erasure/list_linked")
_RELEASE_IDENTIFIERS = load("erasure/release_identifiers")
_RELEASE_CUSTOMER = load("erasure/release_customer")
_CLEAR_CUSTOMERS = load("erasure/clear_customers")
_DELETE_LINES = load("erasure/delete_lines")
_CLEAR_LINES = load("erasure/clear_lines")
_RESTART_PASSES = load("erasure/restart_passes")
_PUT_TOMBSTONES = load("erasure/put_tombstones")
_FIND_TOMBSTONES = load("erasure/find_tombstones")
_COUNT_CALLS = load("erasure/count_calls")
_LIST_CALLS = load("erasure/list_calls")
_HIDE_SUBJECTS = load("erasure/hide_subjects")
_DELETE_CALLS = load("erasure/delete_calls")
_DELETE_REMAINS = load("erasure/delete_remains")
_SET_WORK = load("erasure/set_work")
_CLEAR_REASONS = load("erasure/clear_reasons")
_PUT_PLACE = load("erasure/put_place")
_GET_REPORT = load("erasure/get_report")


class Place(StrEnum):
    """Where a person can be; the order is that in which an erasure goes through them.

    GRAPH: identifiers, and with them attributes, memberships, tags and evidence. CALLS: events and other calls.
    INGEST: calls that had been accepted and not applied. QUARANTINE: calls that were put aside. COLUMNS: the columnar
    store.
    """

    GRAPH = "GRAPH"
    CALLS = "CALLS"
    INGEST = "INGEST"
    QUARANTINE = "QUARANTINE"
    COLUMNS = "COLUMNS"


class Reached(NamedTuple):
    """A place that an erasure is done with.

    Args:
        removed: how many, of what the place counts; None where nothing is counted.
    """

    removed: int | None
    at_ms: int


class StoredReport(NamedTuple):
    """What is kept of an erasure: nothing of the person but ids that nobody has any more.

    Args:
        places: those that it is done with.
    """

    at_ms: int
    author: str
    reason: str
    state: str
    customers: tuple[str, ...]
    places: Mapping[Place, Reached]


class Held(NamedTuple):
    """An identifier that a customer has or had.

    Args:
        alone: nobody else has or had it.
        stretches: (start, end) in ms when the customer had it, by start; the open one has no end.
    """

    uid: str
    alone: bool
    stretches: tuple[tuple[int, int | None], ...]


class NamingSet(NamedTuple):
    """A set of identifiers seen together: its members, uid → whether its calls vouch for the value."""

    key: str
    source: str
    first_at_ms: int
    last_at_ms: int
    members: dict[str, bool]


class StretchRow(TypedDict):
    """A stretch of time of an identifier, start ≤ t < end in ms; the open one has no end."""

    uid: str
    start: int
    end: int | None


class RenameRow(TypedDict):
    """A set of identifiers, and the key of what is left of it; None where that is no set."""

    key: str
    evidence: str | None


async def list_held(tx: Transaction, customer: str) -> dict[str, Held]:
    """What a living customer has and had, by uid."""
    return {
        row["uid"]: Held(row["uid"], row["alone"], tuple(sorted(map(tuple, row["stretches"]))))
        for row in await tx.run(_LIST_HELD, id=customer)
    }


async def list_beside(tx: Transaction, uids: Iterable[str], count: int) -> set[str]:
    """Identifiers that any call ever named together with these, these among them; at most `count`."""
    return set((await tx.run(_LIST_BESIDE, uids=sorted(uids), count=count))[0]["uids"])


async def get_sets(tx: Transaction, uids: Iterable[str]) -> list[NamingSet]:
    """Sets that name any of the identifiers, by key."""
    rows = await tx.run(_GET_SETS, uids=sorted(uids))
    found = [
        NamingSet(row["key"], row["source"], row["first_at"], row["last_at"], dict(row["members"])) for row in rows
    ]
    return sorted(found)


async def take_calls(tx: Transaction, rows: Iterable[StretchRow], decision: str) -> HungCalls:
    """Take calls in stretches of time off their identifiers, to be deleted."""
    ordered = sorted(rows, key=lambda row: (row["uid"], row["start"]))
    if not ordered:
        return HungCalls(0, frozenset(), frozenset())
    uids = {row["uid"] for row in ordered}
    tx.touched.hung.update(uids)
    tx.touched.owned.update(uids)
    (row,) = await tx.run(_TAKE_CALLS, rows=ordered, decision=decision)
    return HungCalls(row["count"], frozenset(row["hung"]), frozenset(row["evidence"]))


async def rename_sets(tx: Transaction, rows: Iterable[RenameRow], uids: Iterable[str]) -> set[str]:
    """Let calls on other identifiers name these no more; keys of the old sets that such calls showed."""
    ordered = sorted(rows, key=lambda row: row["key"])
    return {row["key"] for row in await tx.run(_RENAME_SETS, rows=ordered, uids=sorted(uids))} if ordered else set()


async def list_bare_sets(tx: Transaction, keys: Iterable[str]) -> set[str]:
    """Those of the sets that no call shows any more, not even one that was taken back."""
    ordered = sorted(keys)
    return {row["key"] for row in await tx.run(_LIST_BARE_SETS, keys=ordered)} if ordered else set()


async def delete_sets(tx: Transaction, keys: Iterable[str]) -> None:
    """Forget sets."""
    if ordered := sorted(keys):
        await tx.run(_DELETE_SETS, keys=ordered)


async def list_bare_identifiers(tx: Transaction, uids: Iterable[str]) -> set[str]:
    """Those of the identifiers that nothing shows any more, blocked ones apart."""
    ordered = sorted(uids)
    return {row["uid"] for row in await tx.run(_LIST_BARE_IDENTIFIERS, uids=ordered)} if ordered else set()


async def list_linked(tx: Transaction, uids: Iterable[str]) -> set[tuple[str, str]]:
    """Pairs (a < b) that any link ever joined, of which one is among the identifiers."""
    return {(row["a"], row["b"]) for row in await tx.run(_LIST_LINKED, uids=sorted(uids))}


async def release_identifiers(tx: Transaction, uids: Iterable[str], decision: str) -> None:
    """Identifiers exist no longer; their calls are to be deleted."""
    if ordered := sorted(uids):
        tx.touched.hung.update(ordered)
        tx.touched.owned.update(ordered)
        await tx.run(_RELEASE_IDENTIFIERS, uids=ordered, decision=decision)


async def release_customer(tx: Transaction, customer: str) -> list[str]:
    """A locked customer, and those who were merged into it, have and had nothing any more; ids of the latter."""
    (row,) = await tx.run(_RELEASE_CUSTOMER, id=customer)
    return list(row["ids"])


async def clear_customers(tx: Transaction, ids: Iterable[str], now_ms: int) -> None:
    """Nothing is left of customers but their ids."""
    ordered = sorted(ids)
    tx.touched.customers.update(ordered)
    tx.touched.moved.update(ordered)
    tx.touched.cleared.update(ordered)
    await tx.run(_CLEAR_CUSTOMERS, ids=ordered, now=now_ms)


async def clear_log(tx: Transaction, customers: Iterable[str], uids: Iterable[str]) -> None:
    """The log has no lines of the resolver and no reasons about these customers alone, and no such identifiers."""
    ids = sorted(customers)
    await tx.run(_DELETE_LINES, ids=ids)
    await tx.run(_CLEAR_REASONS, ids=ids)
    ordered = sorted(uids)
    await tx.run(_CLEAR_LINES, uids=ordered)
    await tx.run(_RESTART_PASSES, uids=ordered)


async def put_tombstones(tx: Transaction, keys: Iterable[str], at_ms: int) -> None:
    """Remember keyed hashes of what was erased."""
    if ordered := sorted(keys):
        await tx.run(_PUT_TOMBSTONES, keys=ordered, at=at_ms)


async def find_tombstones(graph: GraphClient, keys: Iterable[str]) -> dict[str, int]:
    """Those of the keyed hashes that stand for something erased → when (ms)."""
    return {row["key"]: row["at"] for row in await graph.read(_FIND_TOMBSTONES, keys=sorted(keys))}


async def count_calls(tx: Transaction, decision: str) -> int:
    """How many calls an erasure has still to delete."""
    return int((await tx.run(_COUNT_CALLS, decision=decision))[0]["count"])


async def list_calls(tx: Transaction, decision: str, count: int) -> list[str]:
    """Ids of calls that an erasure has still to delete, at most `count`."""
    return [row["id"] for row in await tx.run(_LIST_CALLS, decision=decision, count=count)]


async def delete_calls(tx: Transaction, tombstones: Mapping[str, str], at_ms: int) -> None:
    """Delete calls, id → its keyed hash, and remember the latter."""
    if not tombstones:
        return
    await put_tombstones(tx, tombstones.values(), at_ms)
    await tx.run(_HIDE_SUBJECTS, rows=[{"id": id, "key": key} for id, key in sorted(tombstones.items())])
    await tx.run(_DELETE_CALLS, ids=sorted(tombstones))


async def delete_remains(tx: Transaction, decision: str) -> None:
    """Delete what was left of identifiers while calls hung on them."""
    await tx.run(_DELETE_REMAINS, decision=decision)


async def set_work(tx: Transaction, decision: str, call_count: int, left_count: int | None) -> None:
    """Note how far an erasure is.

    Args:
        call_count: of all calls that it deletes.
        left_count: of those that are left; None when everything is done.
    """
    state = DONE if left_count is None else RUNNING
    done = 1.0 if left_count is None else 0.99 * (1 - left_count / max(call_count, 1))
    await tx.run(_SET_WORK, decision=decision, state=state, progress=done, calls=call_count)


async def put_place(tx: Transaction, decision: str, place: Place, count: int | None, at_ms: int) -> None:
    """Note that an erasure is done with a place; doing it again adds to the count."""
    await tx.run(_PUT_PLACE, decision=decision, place=place, count=count, at=at_ms)


async def find_report(graph: GraphClient, decision: str) -> StoredReport | None:
    """What is kept of an erasure; None when there is none of that id."""
    rows = await graph.read(_GET_REPORT, decision=decision)
    if not rows:
        return None
    row = rows[0]
    places = {Place(place): Reached(count, at_ms) for place, count, at_ms in row["places"]}
    return StoredReport(row["at"], row["author"], row["reason"], row["state"], tuple(sorted(row["customers"])), places)
