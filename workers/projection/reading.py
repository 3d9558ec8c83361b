"""Reads nodes of the graph as batches for the columnar store."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Final

import msgspec

from analytics.store.batch import (
    Batch,
    CustomerCells,
    EventCells,
    Membership,
    SegmentChange,
    StageMove,
    Stretch,
    TagCells,
)
from analytics.store.spread import cells_of, spread
from base.clock import MIN_MS
from base.keys import Keyring
from base.pages import pages
from delivery.change import CustomerChange, decode
from graph.repositories.change import StoredChange
from graph.repositories.projection import (
    Note,
    ProjectedCustomer,
    ProjectedEvent,
    ProjectedOwner,
    ProjectedStay,
    ProjectionRepository,
)
from rules.consent import consent_cells, is_reserved
from workers.live.facts import decode_attributes, readable_identifiers

# Nodes of one statement: some ten milliseconds, and some megabytes in one record.
PAGE_CUSTOMERS: Final = 1_000
PAGE_IDENTIFIERS: Final = 1_000
PAGE_EVENTS: Final = 2_000

_decode_properties = msgspec.json.Decoder(dict[str, object]).decode


class ProjectionReader:
    """What the graph holds now, in the form of the columnar store."""

    def __init__(self, repository: ProjectionRepository, keyring: Keyring):
        self._repository = repository
        self._keyring = keyring

    async def touched(
        self, notes: Sequence[Note], changes: Sequence[StoredChange], *, doubtful: bool, doubtful_changes: bool = False
    ) -> Batch:
        """Everything that notes and changes name, as it is now.

        Args:
            doubtful: whether events of the notes may be in the store already.
            doubtful_changes: whether changes may be.
        """
        customers = _union(note.customers for note in notes)
        hung = _union(note.hung for note in notes)
        rehung = frozenset(hung)
        created = await self._created(_union(note.events for note in notes))
        members, nowhere = memberships(changes)
        moved = _union(note.moved for note in notes)
        cleared = frozenset(name for note in notes for name in note.cleared)
        dropped = {key: note.changes for note in notes for key in note.dropped}
        living, tags = await self.customers(customers)
        return Batch(
            customers={**dict.fromkeys(customers), **living},
            owners=await self.owners(_union(note.owned for note in notes)),
            events=[event for event in created if event.uid not in rehung] + await self.hanging(hung),
            rehung=rehung,
            doubtful=doubtful,
            members=members,
            tags=tags,
            nowhere=nowhere,
            moved=frozenset(moved),
            moves=await self.moves(moved),
            changes=[one for one in segment_changes(changes) if not _forgotten(one, cleared, dropped)],
            doubtful_changes=doubtful_changes,
            cleared=cleared,
            dropped=dropped,
        )

    async def customers(self, ids: Sequence[str]) -> tuple[dict[str, CustomerCells], list[TagCells]]:
        """Those of them who live, by id, and the values of their tags."""
        found: dict[str, CustomerCells] = {}
        tags: list[TagCells] = []
        for page in pages(ids, PAGE_CUSTOMERS):
            for stored in await self._repository.get_customers(page):
                found[stored.id] = self._customer(stored)
                tags += [
                    TagCells(stored.id, one.tag, one.since_ms, dict(cells_of(msgspec.json.decode(one.value))))
                    for one in stored.tags
                ]
        return found, tags

    async def members(self, ids: Sequence[str]) -> list[Membership]:
        """The segments of customers."""
        return [Membership(*stored) for stored in await self._repository.get_members(ids)]

    async def moves(self, ids: Sequence[str]) -> list[StageMove]:
        """All moves of customers between stages, whether they live or not."""
        found: list[StageMove] = []
        for page in pages(ids, PAGE_CUSTOMERS):
            found += [StageMove(*stored) for stored in await self._repository.get_moves(page)]
        return found

    async def changes(self, ids: Sequence[str]) -> list[SegmentChange]:
        """All changes of segments of customers, whether they live or not."""
        return [change for stay in await self._repository.get_stays(ids) for change in _of_stay(stay)]

    async def owners(self, uids: Sequence[str]) -> dict[str, list[Stretch]]:
        """Who has had each of the identifiers, and when."""
        found: dict[str, list[Stretch]] = {uid: [] for uid in uids}
        for page in pages(uids, PAGE_IDENTIFIERS):
            for stored in await self._repository.get_owners(page):
                found[stored.uid].append(_stretch(stored))
        return found

    async def hanging(self, uids: Sequence[str]) -> list[EventCells]:
        """All events on the identifiers."""
        found: list[EventCells] = []
        for page in pages(uids, PAGE_IDENTIFIERS):
            found += map(_event, await self._repository.get_hanging(page))
        return found

    async def _created(self, ids: Sequence[str]) -> list[EventCells]:
        found: list[EventCells] = []
        for page in pages(ids, PAGE_EVENTS):
            found += map(_event, await self._repository.get_events(page))
        return found

    def _customer(self, stored: ProjectedCustomer) -> CustomerCells:
        attributes = decode_attributes(stored.attributes)
        values: dict[str, object] = {name: one.v for name, one in attributes.items() if not is_reserved(name)}
        values.update(consent_cells(attributes))
        values.update(readable_identifiers(stored.sealed, self._keyring))
        return CustomerCells(stored.id, stored.created_at_ms, spread(values))


def memberships(changes: Iterable[StoredChange]) -> tuple[list[Membership], frozenset[str]]:
    """The newest state of each pair that changed, and customers who were erased and are nowhere any more."""
    newest: dict[tuple[str, str], Membership] = {}
    erased: set[str] = set()
    for stored in changes:
        change = decode(stored.body)
        if isinstance(change, CustomerChange):
            if change.kind == "ERASED":
                erased.add(change.customer)
        else:
            since_ms = change.occurred_at if change.kind == "ENTERED" else None
            newest[change.customer, change.segment] = Membership(change.customer, change.segment, since_ms)
    return [one for one in newest.values() if one.customer not in erased], frozenset(erased)


def segment_changes(changes: Iterable[StoredChange]) -> Iterator[SegmentChange]:
    """The changes of the log that are of segments. What entering was caused by, the graph does not keep."""
    for stored in changes:
        change = decode(stored.body)
        if not isinstance(change, CustomerChange):
            entered = change.kind == "ENTERED"
            yield SegmentChange(
                change.customer,
                change.segment,
                change.sequence,
                entered,
                change.occurred_at,
                change.segment_version,
                None if entered else change.cause,
                stored.position,
            )


def _forgotten(change: SegmentChange, cleared: Collection[str], dropped: Mapping[str, int]) -> bool:
    return change.customer in cleared or change.position <= dropped.get(change.segment, 0)


def _of_stay(stay: ProjectedStay) -> Iterator[SegmentChange]:
    begun = stay.sequence if stay.until_ms is None else stay.sequence - 1
    yield SegmentChange(stay.customer, stay.segment, begun, True, stay.since_ms, stay.entered_version, None)
    if stay.until_ms is not None:
        yield SegmentChange(
            stay.customer, stay.segment, stay.sequence, False, stay.until_ms, stay.left_version, stay.cause
        )


def _union(lists: Iterable[Sequence[str]]) -> list[str]:
    return sorted({name for names in lists for name in names})


def _stretch(stored: ProjectedOwner) -> Stretch:
    return Stretch(stored.customer, None if stored.from_ms <= MIN_MS else stored.from_ms, stored.to_ms)


def _event(stored: ProjectedEvent) -> EventCells:
    properties = spread(_decode_properties(stored.properties or "{}"))
    return EventCells(stored.uid, stored.name, stored.at_ms, stored.id, properties)
