"""Reads facts of customers; writes memberships, tags, changes and how far the sweep is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypedDict

from graph.client import GraphClient, Transaction
from graph.personal import Field
from graph.queries import load
from graph.repositories.apply import EventRow, expect_all

_GET_CATALOGUE_STATE = load("live/get_catalogue_state")
_GET_CATALOGUE = load("live/get_catalogue")
_GET_FACTS = load("live/get_facts")
_COMMIT_CHANGES = load("live/commit_changes")
_ANNOUNCE_SWEEP = load("live/announce_sweep")
_SCAN_EVENTS = load("live/scan_events")
_SCAN_STARTING = load("live/scan_starting_events")
_SCAN_ATTRIBUTES = load("live/scan_attributes")
_SCAN_TAGS = load("live/scan_tags")
_SCAN_TAGGED = load("live/scan_tagged")
_GET_TAGS = load("live/get_tags")
_PAGE_CUSTOMERS = load("live/page_customers")
_COUNT_CUSTOMERS = load("live/count_customers")

_OF_EVENTS = {
    "properties": Field.PROPERTIES,
    "context": Field.CONTEXT,
    "extra": Field.EXTRA,
    "traits": Field.TRAITS,
}


@dataclass(frozen=True, slots=True)
class StoredRule:
    """A segment's rule as stored; `rule` is JSON."""

    key: str
    version: int
    rule: str
    status: str


@dataclass(frozen=True, slots=True)
class StoredTag:
    """A tag's definition as stored; `definition` is JSON.

    Args:
        zone: None for the deployment's.
        on_events: computed whenever something touches it; otherwise by builds alone.
        building: a build is under way, or is to be.
        settled: a build of this version came to its end.
    """

    key: str
    version: int
    definition: str
    kind: str
    zone: str | None
    keep_old: bool
    on_events: bool
    building: bool
    settled: bool = True

    @property
    def is_computed(self) -> bool:
        """Whether anybody computes it now."""
        return self.on_events or self.building


class GivenValue(NamedTuple):
    """An imported value of a tag (JSON) on one of the identifiers, with its place in the order of imports."""

    tag: str
    round: int
    row: int
    value: str


class StoredValue(NamedTuple):
    """The newest value of a tag (JSON) and since when (ms); None: none since then. `marks` is JSON, of labels."""

    key: str
    value: str | None
    at: int
    version: int
    marks: str | None


@dataclass(frozen=True, slots=True)
class StoredMembership:
    """An interval of a customer in a segment: since when inside, or until when it was (ms)."""

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


class StoredEvent(NamedTuple):
    """An event of which more is read than its time (ms); properties are JSON."""

    at: int
    id: str
    properties: str


class StoredEvents(NamedTuple):
    """All events of one name, in no order: their times (ms), and the events themselves where more is read."""

    times: Sequence[int]
    whole: Sequence[StoredEvent]


@dataclass(frozen=True, slots=True)
class StoredFacts:
    """What live evaluation needs of a customer.

    Args:
        attributes: JSON.
        memberships: every interval; of a segment the newest comes last.
        lists: keys of segments into which one of the identifiers was imported.
        events: by name.
        tags: those that it has or had a value of.
        given: imported values of all its identifiers.
    """

    id: str
    version: int
    attributes: str
    memberships: Sequence[StoredMembership]
    sealed: tuple[SealedIdentifier, ...]
    lists: Sequence[str]
    events: Mapping[str, StoredEvents]
    tags: Sequence[StoredValue] = ()
    given: Sequence[GivenValue] = ()


class EnterRow(TypedDict):
    """A membership that begins."""

    customer: str
    segment: str
    since: int
    version: int
    sequence: int


class LeaveRow(TypedDict):
    """A membership that ended: by which versions of the rule it began and ended, and what ended it."""

    customer: str
    segment: str
    since: int
    until: int
    entered_version: int
    version: int
    sequence: int
    cause: str


class RetagRow(TypedDict):
    """Another value of a tag.

    Args:
        value: JSON; None for none any more.
        items: of a list, each as JSON.
        instant: that the value names, ms.
        marks: JSON, the labels behind the value.
    """

    customer: str
    tag: str
    value: str | None
    items: list[str] | None
    instant: int | None
    marks: str | None
    since: int
    version: int


class MoveRow(TypedDict):
    """A move from one stage of a life cycle to another, None for none; `number` counts those of the transaction."""

    customer: str
    tag: str
    before: str | None
    stage: str | None
    at: int
    reason: str
    version: int
    number: int


class RangeRow(TypedDict):
    """A half-open range of times of a named event or attribute: after < t <= until."""

    name: str
    after: int
    until: int


@dataclass(frozen=True, slots=True)
class CommitOrder:
    """What holds for a transaction from its place in the order of commits on.

    Args:
        last: the last position of the change log that it took.
        announced: instant in ms up to which a sweep was announced.
        swept: instant in ms up to which the sweep is complete; 0 before the first.
        catalogue: version of the rule catalogue.
        policy: version of the policy of identity.
    """

    last: int
    announced: int
    swept: int
    catalogue: int
    policy: int


@dataclass(frozen=True, slots=True)
class SweepRange:
    """A sweep to do: instants (ms) after `after`, up to and with `until`; by the rules of a catalogue version."""

    after: int
    until: int
    catalogue: int


async def get_catalogue_state(tx: Transaction) -> tuple[int, int]:
    """(version of the rule catalogue, instant up to which the sweep is complete in ms); zeros before the first."""
    row = (await tx.run(_GET_CATALOGUE_STATE))[0]
    return row["catalogue"], row["swept"]


async def get_catalogue(tx: Transaction) -> list[StoredRule]:
    """All rules to evaluate live, by key."""
    return [StoredRule(row["key"], row["version"], row["rule"], row["status"]) for row in await tx.run(_GET_CATALOGUE)]


async def get_tags(tx: Transaction) -> list[StoredTag]:
    """All tags whose values rules may read, by key."""
    return [StoredTag(**row) for row in await tx.run(_GET_TAGS)]


async def get_facts(
    tx: Transaction,
    ids: Sequence[str],
    since: Mapping[str, int],
    all_of: Sequence[str],
    *,
    with_lists: bool,
    with_given: bool,
    with_tags: bool,
) -> list[StoredFacts]:
    """Facts of customers; unknown ids are left out.

    Args:
        since: names of the events that are read → ms; events that are not newer are left out.
        all_of: names of those of which the properties are read too.
        with_lists: whether rules read imported lists.
        with_given: whether there are tags whose values are imported.
    """
    if not ids:
        return []
    open_ = tx.personal.open
    return [
        StoredFacts(
            id=row["id"],
            version=row["version"],
            attributes=open_(row["attributes"], Field.ATTRIBUTES, row["id"]),
            memberships=_intervals(row["left"], row["members"]),
            sealed=tuple(SealedIdentifier(*entry) for entry in row["sealed"]),
            lists=row["lists"],
            events={
                name: StoredEvents(
                    times, [StoredEvent(at, id_, open_(found, Field.PROPERTIES, id_)) for at, id_, found in whole]
                )
                for name, times, whole in row["events"]
            },
            tags=[StoredValue(*each) for each in row["tags"]],
            given=[GivenValue(*each) for each in row["given"]],
        )
        for row in await tx.run(
            _GET_FACTS,
            ids=ids,
            all_of=all_of,
            since=since,
            with_lists=with_lists,
            with_given=with_given,
            with_tags=with_tags,
        )
    ]


def _intervals(left: Sequence[Sequence[Any]], members: Sequence[Sequence[Any]]) -> list[StoredMembership]:
    found = [StoredMembership(key, False, at, version, sequence) for key, at, version, sequence in left]
    found += [StoredMembership(key, True, at, version, sequence) for key, at, version, sequence in members]
    found.sort(key=lambda one: one.sequence)
    return found


async def commit_changes(
    tx: Transaction,
    leave: Sequence[LeaveRow],
    enter: Sequence[EnterRow],
    bodies: Sequence[str],
    at: int,
    events: Sequence[EventRow] = (),
    retag: Sequence[RetagRow] = (),
    moves: Sequence[MoveRow] = (),
) -> CommitOrder:
    """Create events; take the lock that orders commits; then bring memberships and tags up to date, and the outbox.

    One statement, since a small transaction costs what its statements cost.

    Args:
        leave: memberships to close, before any of `enter`.
        bodies: the changes without their positions (`delivery.change.encode_without_position`), in order.
        at: instant of the outbox entries, ms.
        events: sorted by uid.
        retag: each customer and tag once.
        moves: of customers and tags of `retag`, in order.

    Raises:
        TryAgain: an event's id belongs to a call that took effect before.
        ConstraintError: or to an event.
    """
    tx.touched.events += [event["id"] for event in events]
    tx.touched.customers.update(row["customer"] for row in retag)
    tx.touched.moved.update(row["customer"] for row in moves)
    touched = tx.touched.take()
    row = (
        await tx.run(
            _COMMIT_CHANGES,
            leave=leave,
            enter=enter,
            retag=retag,
            moves=moves,
            bodies=bodies,
            touched=touched,
            at=at,
            events=[
                {**sealed, "said": tx.personal.said(event["traits"])}
                for event, sealed in zip(events, tx.personal.sealed_rows(events, "id", _OF_EVENTS), strict=True)
            ],
        )
    )[0]
    expect_all(events, row["created"])
    return CommitOrder(row["last"], row["announced"], row["swept"], row["catalogue"], row["policy"])


async def announce_sweep(tx: Transaction, done: int, now: int, step: int) -> SweepRange:
    """Note that the sweep is complete up to `done` (0: nothing to note), and announce the next, `step` ms at most."""
    row = (await tx.run(_ANNOUNCE_SWEEP, done=done, now=now, step=step))[0]
    return SweepRange(row["after"], row["until"], row["catalogue"])


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


async def scan_tags(client: GraphClient, ranges: Sequence[RangeRow]) -> list[tuple[str, str]]:
    """(tag key, customer) of values of tags that name an instant in a range."""
    rows = await client.read(_SCAN_TAGS, ranges=ranges) if ranges else []
    return [(row["name"], row["customer"]) for row in rows]


async def scan_tagged(client: GraphClient, tags: Sequence[str]) -> list[tuple[str, str]]:
    """(tag key, customer) of everybody who has a value of one of the tags."""
    rows = await client.read(_SCAN_TAGGED, tags=tags) if tags else []
    return [(row["name"], row["customer"]) for row in rows]


async def page_customers(client: GraphClient, after: str, size: int) -> list[str]:
    """Ids of living customers after an id, ascending; fewer than `size` on the last page."""
    return [row["id"] for row in await client.read(_PAGE_CUSTOMERS, after=after, size=size)]


async def count_customers(client: GraphClient) -> int:
    """All customers, retired ones included."""
    return int((await client.read(_COUNT_CUSTOMERS))[0]["count"])
