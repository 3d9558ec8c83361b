"""Reads facts of customers and writes memberships, changes and the sweep's watermark."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypedDict

from graph.client import GraphClient, Transaction
from graph.queries import load

_GET_CATALOGUE_STATE = load("live/get_catalogue_state")
_GET_CATALOGUE = load("live/get_catalogue")
_GET_CUSTOMERS = load("live/get_customers")
_GET_EVENT_TIMES = load("live/get_event_times")
_GET_EVENTS = load("live/get_events")
_ENTER = load("live/enter_segments")
_LEAVE = load("live/leave_segments")
_TAKE_POSITIONS = load("live/take_positions")
_CREATE_CHANGES = load("live/create_changes")
_ANNOUNCE_SWEEP = load("live/announce_sweep")
_GET_SWEEP = load("live/get_sweep")
_FINISH_SWEEP = load("live/finish_sweep")
_SCAN_EVENTS = load("live/scan_events")
_SCAN_STARTING = load("live/scan_starting_events")
_SCAN_ATTRIBUTES = load("live/scan_attributes")
_PAGE_CUSTOMERS = load("live/page_customers")
_COUNT_CUSTOMERS = load("live/count_customers")


@dataclass(frozen=True, slots=True)
class StoredRule:
    """A segment's rule as stored; `rule` is JSON."""

    key: str
    version: int
    rule: str
    status: str


@dataclass(frozen=True, slots=True)
class StoredMembership:
    """The newest interval of a customer in a segment: since when inside, or until when it was."""

    segment: str
    inside: bool
    at: int
    version: int
    sequence: int


@dataclass(frozen=True, slots=True)
class SealedIdentifier:
    """An encrypted phone or e-mail that also is an attribute."""

    namespace: str
    uid: str
    cipher: bytes
    last_seen: int


@dataclass(frozen=True, slots=True)
class StoredCustomer:
    """What live evaluation needs of a customer besides events; `attributes` is JSON."""

    id: str
    version: int
    attributes: str
    memberships: tuple[StoredMembership, ...]
    sealed: tuple[SealedIdentifier, ...]


class EnterRow(TypedDict):
    """A membership that begins."""

    customer: str
    segment: str
    since: int
    version: int
    sequence: int


class LeaveRow(TypedDict):
    """A membership that ended."""

    customer: str
    segment: str
    since: int
    until: int
    version: int
    sequence: int


class RangeRow(TypedDict):
    """A half-open range of times of a named event or attribute: after < t <= until."""

    name: str
    after: int
    until: int


class ChangeRow(TypedDict):
    """An outbox entry; `body` is JSON."""

    position: int
    body: str


async def get_catalogue_state(tx: Transaction) -> tuple[int, int]:
    """(version of the rule catalogue, instant up to which the sweep is complete in ms); zeros before the first."""
    row = (await tx.run(_GET_CATALOGUE_STATE))[0]
    return row["catalogue"], row["swept"]


async def get_catalogue(tx: Transaction) -> list[StoredRule]:
    """All rules to evaluate live, by key."""
    return [StoredRule(row["key"], row["version"], row["rule"], row["status"]) for row in await tx.run(_GET_CATALOGUE)]


async def get_customers(tx: Transaction, ids: Sequence[str]) -> list[StoredCustomer]:
    """Attributes, memberships and readable identifiers; unknown ids are left out."""
    return [
        StoredCustomer(
            id=row["id"],
            version=row["version"],
            attributes=row["attributes"],
            memberships=tuple(
                # An open interval comes last, so that it wins over the closed ones in a mapping by segment.
                [StoredMembership(key, False, at, version, sequence) for key, at, version, sequence in row["left"]]
                + [StoredMembership(key, True, at, version, sequence) for key, at, version, sequence in row["members"]]
            ),
            sealed=tuple(SealedIdentifier(*entry) for entry in row["sealed"]),
        )
        for row in (await tx.run(_GET_CUSTOMERS, ids=ids) if ids else [])
    ]


async def get_event_times(
    tx: Transaction, ids: Sequence[str], names: Sequence[str], since: int
) -> list[tuple[str, list[str], list[int]]]:
    """(customer, names, times in ms parallel to them), in no order; customers without such events are left out."""
    rows = await tx.run(_GET_EVENT_TIMES, ids=ids, names=names, since=since) if ids and names else []
    return [(row["customer"], row["names"], row["times"]) for row in rows]


async def get_events(
    tx: Transaction, ids: Sequence[str], names: Sequence[str], since: int
) -> list[tuple[str, list[tuple[str, int, str, str]]]]:
    """(customer, [(name, at in ms, event id, properties JSON)]), in no order."""
    rows = await tx.run(_GET_EVENTS, ids=ids, names=names, since=since) if ids and names else []
    return [(row["customer"], row["events"]) for row in rows]


async def leave_segments(tx: Transaction, rows: Sequence[LeaveRow]) -> None:
    """Close memberships; run before `enter_segments` of the same batch."""
    if rows:
        await tx.run(_LEAVE, rows=rows)


async def enter_segments(tx: Transaction, rows: Sequence[EnterRow]) -> None:
    """Open memberships."""
    if rows:
        await tx.run(_ENTER, rows=rows)


async def take_positions(tx: Transaction, count: int) -> tuple[int, int]:
    """Take change positions and the lock that orders commits; (last position taken, swept_until in ms)."""
    row = (await tx.run(_TAKE_POSITIONS, count=count))[0]
    return row["last"], row["swept_until"]


async def create_changes(tx: Transaction, rows: Sequence[ChangeRow], at: int) -> None:
    """Write the outbox."""
    if rows:
        await tx.run(_CREATE_CHANGES, rows=rows, at=at)


async def announce_sweep(tx: Transaction, until: int) -> int:
    """Announce a sweep up to an instant; returns the greatest announced."""
    return int((await tx.run(_ANNOUNCE_SWEEP, until=until))[0]["swept_until"])


async def get_sweep(client: GraphClient) -> int:
    """Up to when the sweep is complete, ms; 0 before the first."""
    return int((await client.read(_GET_SWEEP))[0]["value"])


async def finish_sweep(tx: Transaction, until: int) -> None:
    """Store the watermark."""
    await tx.run(_FINISH_SWEEP, until=until)


async def scan_events(client: GraphClient, ranges: Sequence[RangeRow]) -> list[tuple[str, str]]:
    """(event name, customer) of events whose time lies in a range; each pair at least once."""
    rows = await client.read(_SCAN_EVENTS, ranges=ranges) if ranges else []
    return [(row["name"], row["customer"]) for row in rows]


async def scan_starting_events(client: GraphClient, after: int, until: int) -> list[tuple[str, str]]:
    """(event name, customer) of events from the future whose time comes in the range."""
    return [(row["name"], row["customer"]) for row in await client.read(_SCAN_STARTING, after=after, until=until)]


async def scan_attributes(client: GraphClient, ranges: Sequence[RangeRow]) -> list[tuple[str, str]]:
    """(attribute name, customer) of attribute values that name an instant in a range."""
    rows = await client.read(_SCAN_ATTRIBUTES, ranges=ranges) if ranges else []
    return [(row["name"], row["customer"]) for row in rows]


async def page_customers(client: GraphClient, after: str, size: int) -> list[str]:
    """Ids of living customers after an id, ascending; fewer than `size` on the last page."""
    return [row["id"] for row in await client.read(_PAGE_CUSTOMERS, after=after, size=size)]


async def count_customers(client: GraphClient) -> int:
    """All customers, retired ones included."""
    return int((await client.read(_COUNT_CUSTOMERS))[0]["count"])
