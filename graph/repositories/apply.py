"""Writes of a micro-batch: locks, evidence, events, observations, attributes. Rows must come sorted by their keys.

Statements that answer for every row of a batch answer in one record: the driver's cost is by the record.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypedDict

import msgspec

from graph.client import Transaction, TryAgain
from graph.personal import Field
from graph.queries import load
from graph.repositories import group as group_repository
from graph.repositories.identity import StoredIdentifier, stored_identifier
from graph.search_tokens import name_tokens

_FIND_APPLIED = load("apply/find_applied")
_LOCK_PEOPLE = load("apply/lock_people")
_LOCK_CUSTOMERS = load("apply/lock_customers")
_MERGE_EVIDENCE = load("apply/merge_evidence")
_CREATE_CALLS = load("apply/create_calls")
_MERGE_OBSERVATIONS = load("apply/merge_observations")
_SET_OBSERVATIONS = load("apply/set_observations")
_GET_OBSERVATIONS = load("apply/get_observations")
_SET_ATTRIBUTES = load("apply/set_attributes")
_MERGE_GROUPS = load("apply/merge_groups")
_MERGE_SOURCES = load("apply/merge_sources")

_OF_CALLS = {
    "traits": Field.TRAITS,
    "group_traits": Field.GROUP_TRAITS,
    "context": Field.CONTEXT,
    "extra": Field.EXTRA,
}
_OF_OBSERVATIONS = {"value": Field.OBSERVATION}

_decode_traits = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


class IdentifierRow(TypedDict):
    """An identifier as a batch saw it; times are event times in ms. `last_four` is as of `graph.search_tokens`."""

    uid: str
    namespace: str
    first_at: int
    last_at: int
    cipher: bytes
    last_four: str | None


@dataclass(frozen=True, slots=True)
class LockedPeople:
    """Identifiers by uid, and customer → version after counting it up; all of them locked until the commit.

    An identifier without holds was created by this transaction, or is blocked. Customers who had one of the
    identifiers are locked as far as a call of this transaction may belong to them. `erased` are those of the given
    keyed hashes that stand for something erased → when (ms). `seen_until`: uid → when it was seen last (ms), before
    this transaction.
    """

    identifiers: dict[str, StoredIdentifier]
    versions: dict[str, int]
    erased: dict[str, int]
    seen_until: dict[str, int]


class LookedUp(NamedTuple):
    """Call ids that took effect in an earlier transaction, and keyed hash → when what it stands for was erased (ms)."""

    applied: set[str]
    erased: dict[str, int]


class EvidenceRow(TypedDict):
    """How often and when a batch saw a set of identifiers together; `members` are (uid, whether the calls vouched)."""

    key: str
    source: str
    first_at: int
    last_at: int
    count: int
    members: Sequence[tuple[str, bool]]


class CallRow(TypedDict):
    """What is kept of every call.

    `uid` is the identifier that it hangs on; `identifiers` are all, the strongest first; `evidence` is the key of their
    set where they are several. `context` and `extra` are JSON: the call's context, and the keys that nobody knows; None
    when there is nothing.
    `blocked` opens with `Keyring.open_display` and the call's id to JSON: the values that identify nobody.
    """

    uid: str
    id: str
    at: int
    received_at: int
    source: str
    identifiers: list[str]
    evidence: str | None
    context: str | None
    extra: str | None
    blocked: bytes | None


class PlainCallRow(CallRow):
    """A call that is no event.

    `traits` are JSON, a person's with what is said of consents; None when there are none. `consents` are the latter
    alone. `group` is the group that it names, and `group_traits` are that group's.
    """

    kind: str
    traits: str | None
    consents: str | None
    group: str | None
    group_traits: str | None


class EventRow(CallRow):
    """An event; `starts_at` is set only while its time has not come. `traits` are the consents in it, JSON."""

    name: str
    properties: str
    traits: str | None
    starts_at: int | None


class ObservationRow(TypedDict):
    """An attribute's value as an identifier reported it; `value` is JSON, `instant` is set for times."""

    key: str
    uid: str
    name: str
    value: str
    at: int
    source: str
    instant: int | None


class StoredObservation(TypedDict):
    """An observation with the customer that it counts for."""

    customer: str
    name: str
    value: str
    at: int
    source: str


class AttributesRow(TypedDict):
    """A customer's derived attributes, a JSON object, and the name that it is searched by."""

    id: str
    attributes: str
    search_name: str | None


class GroupRow(TypedDict):
    """An identifier that a call put into a group."""

    uid: str
    key: str
    at: int
    traits: str


async def find_applied(tx: Transaction, ids: Sequence[str], graves: Sequence[str]) -> LookedUp:
    """What of calls is known from earlier transactions.

    Args:
        graves: keyed hashes (`Keyring.tombstone`) of the calls and of their identifiers.
    """
    row = (await tx.run(_FIND_APPLIED, ids=ids, graves=graves))[0]
    return LookedUp(set(row["ids"]), dict(row["erased"]))


async def lock_people(
    tx: Transaction, rows: Sequence[IdentifierRow], now: int, graves: Sequence[str] = ()
) -> LockedPeople:
    """Create new identifiers and lock all, in the order of the rows (sorted by uid), then lock their customers.

    Args:
        graves: as of `find_applied`.

    Raises:
        TryAgain: an identifier was erased while this waited for its lock.
    """
    row = (await tx.run(_LOCK_PEOPLE, rows=rows, now=now, graves=graves))[0]
    namespaces = {each["uid"]: each["namespace"] for each in rows}
    if namespaces.keys() != {one[0] for one in row["identifiers"]}:
        raise TryAgain("an identifier was erased")
    return LockedPeople(
        identifiers={
            uid: stored_identifier((uid, namespaces[uid], status, first_seen, decided), holds)
            for uid, status, first_seen, decided, holds, _ in row["identifiers"]
        },
        versions=dict(row["customers"]),
        erased=dict(row["erased"]),
        seen_until={one[0]: one[5] for one in row["identifiers"]},
    )


async def lock_customers(tx: Transaction, ids: Sequence[str], now: int) -> dict[str, int]:
    """Lock customers in order (sorted ids) and count their versions up; id → new version."""
    return {id: version for id, version, _ in (await tx.run(_LOCK_CUSTOMERS, ids=ids, now=now))[0]["locked"]}


async def lock_living(tx: Transaction, ids: Sequence[str], now: int) -> dict[str, int]:
    """The same, without those that were merged meanwhile."""
    locked = (await tx.run(_LOCK_CUSTOMERS, ids=ids, now=now))[0]["locked"]
    return {id: version for id, version, retired in locked if not retired}


async def merge_evidence(tx: Transaction, rows: Sequence[EvidenceRow]) -> set[str]:
    """Count evidence, and note the members of what was never seen before; its keys."""
    return set((await tx.run(_MERGE_EVIDENCE, rows=rows))[0]["keys"]) if rows else set()


async def create_calls(tx: Transaction, rows: Sequence[PlainCallRow]) -> None:
    """Marks of calls that are no events.

    Raises:
        TryAgain: one of the ids belongs to an event.
        ConstraintError: or to a call that took effect before.
    """
    if rows:
        sealed = [
            {**row, "said": tx.personal.said(row.pop("consents"))}
            for row in tx.personal.sealed_rows(rows, "id", _OF_CALLS)
        ]
        expect_all(rows, (await tx.run(_CREATE_CALLS, rows=sealed))[0]["created"])


def expect_all(rows: Sequence[object], created: int) -> None:
    """Raises:
    TryAgain: fewer were created than there are rows: the others took effect before.
    """
    if created != len(rows):
        raise TryAgain("calls that took effect before")


async def merge_observations(tx: Transaction, rows: Sequence[ObservationRow]) -> None:
    """Observations; an older one than the stored changes nothing, nor does one of the same time with a lower value."""
    if not rows:
        return
    sealed = tx.personal.sealed_rows(rows, "key", _OF_OBSERVATIONS)
    ties = dict((await tx.run(_MERGE_OBSERVATIONS, rows=sealed))[0]["ties"])
    better = [
        new
        for row, new in zip(rows, sealed, strict=True)
        if row["key"] in ties and row["value"] > tx.personal.open(ties[row["key"]], Field.OBSERVATION, row["key"])
    ]
    if better:
        await tx.run(_SET_OBSERVATIONS, rows=better)


async def get_observations(tx: Transaction, customers: Sequence[str]) -> list[StoredObservation]:
    """What the identifiers of customers reported while they were theirs, in no order."""
    found: list[StoredObservation] = []
    for row in await tx.run(_GET_OBSERVATIONS, ids=customers):
        if row["traits"] is None:
            told = {row["name"]: tx.personal.open(row["value"], Field.OBSERVATION, row["key"])}
        else:
            told = _traits(tx.personal.open(row["traits"], Field.TRAITS, row["key"]))
        found += [
            StoredObservation(customer=row["customer"], name=name, value=value, at=row["at"], source=row["source"])
            for name, value in told.items()
        ]
    return found


def _traits(document: str) -> dict[str, str]:
    """The traits of a call, each value still encoded."""
    return {name: bytes(value).decode() for name, value in _decode_traits(document).items()}


async def set_attributes(tx: Transaction, rows: Sequence[AttributesRow]) -> None:
    """Replace derived attributes."""
    if rows:
        tx.touched.customers.update(row["id"] for row in rows)
        personal = tx.personal
        await tx.run(
            _SET_ATTRIBUTES,
            rows=[
                {
                    "id": row["id"],
                    "attributes": personal.seal(row["attributes"], Field.ATTRIBUTES, row["id"]),
                    "search_tokens": name_tokens(personal.keyring, row["search_name"]),
                }
                for row in rows
            ],
        )


async def merge_groups(tx: Transaction, rows: Sequence[GroupRow]) -> None:
    """Groups and their members; of each group the traits of the newest call stay, ties by value."""
    if not rows:
        return
    best: dict[str, tuple[int, str]] = {}
    for row in rows:
        told = (row["at"], row["traits"])
        best[row["key"]] = max(told, best.get(row["key"], told))
    members = [{"key": row["key"], "uid": row["uid"], "at": row["at"]} for row in rows]
    for key, at, traits in (await tx.run(_MERGE_GROUPS, rows=members))[0]["groups"]:
        if at is not None and best[key] <= (at, tx.personal.open(traits, Field.GROUP, key)):
            del best[key]
    await group_repository.write_traits(tx, best)


async def merge_sources(tx: Transaction, keys: Sequence[str]) -> None:
    """Sources seen."""
    await tx.run(_MERGE_SOURCES, keys=keys)
