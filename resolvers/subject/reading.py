"""Reads everything about one person in parts of pages: what is in memory at once does not grow with the person.

Every part reads through the identifiers that the person has, in the times in which they were theirs, so nothing of
anybody else is in it, whatever device they share. The graph has no snapshots: `confirm` says at the end whether what
was read is still one person's.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

import msgspec

from base import clock
from base.clock import MIN_MS, iso
from base.errors import NotFound, Unavailable
from base.keys import Keyring
from graph.client import GraphClient
from graph.repositories.customer import CustomerKey, CustomerRepository, ProfileNeed, StoredProfile
from graph.repositories.segment import SegmentRepository
from graph.repositories.segment_history import FIRST_PLACE, Place, SegmentHistoryRepository
from graph.repositories.stage import FIRST_MOVE, StageRepository
from graph.repositories.subject import FIRST_CALL, Hanging, Hold, Person, StoredCall, SubjectRepository
from graph.repositories.tag import TagRepository
from ingest.naming import NamedCall, calls_naming
from resolvers.subject.consents import consent_changes, restrictions_now, said_now, said_row
from resolvers.subject.decisions import decisions_of
from resolvers.subject.lookups import Lookups
from rules.consent import is_reserved, said_of

Row: TypeAlias = dict[str, Any]

# All parts, in order.
PARTS: Final = (
    "identifiers",
    "attributes",
    "tags",
    "stages",
    "segments",
    "groups",
    "consents",
    "restrictions",
    "consentHistory",
    "decisions",
    "events",
    "calls",
    "takenBack",
    "putAside",
    "lookups",
)
# Places of calls are 100 bytes each and found by a pass over all of the person's; calls are up to 32 KB.
PAGE_PLACES: Final = 20_000
PAGE_CALLS: Final = 200
PAGE_ROWS: Final = 500

_decode = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


@dataclass(frozen=True, slots=True)
class Subject:
    """A person at an instant.

    Args:
        as_of_ms: what was received later is left out.
    """

    person: Person
    holds: Sequence[Hold]
    as_of_ms: int

    @property
    def ids(self) -> tuple[str, ...]:
        """The person's id, and those that they had before."""
        return (self.person.id, *self.person.earlier)

    def had(self, uid: str, at_ms: int) -> bool:
        """Whether an identifier was the person's at an instant."""
        return any(hold.uid == uid and hold.covers(at_ms) for hold in self.holds)


@dataclass(slots=True)
class Part:
    """A part of what is known.

    Args:
        pages: rows, to be read once.
        looked_back_to: set when it ends before the beginning: older rows were not looked at (ISO 8601).
    """

    name: str
    pages: AsyncIterator[Sequence[Row]]
    looked_back_to: str | None = field(default=None)


class SubjectReader:
    """One a process.

    Args:
        region: two letters, where phones without a country code are from.
    """

    def __init__(self, graph: GraphClient, keyring: Keyring, region: str):
        self._graph = graph
        self._keyring = keyring
        self._region = region
        self._subjects = SubjectRepository(graph)
        self._customers = CustomerRepository(graph)
        self._segments = SegmentRepository(graph)
        self._history = SegmentHistoryRepository(graph)
        self._tags = TagRepository(graph)
        self._stages = StageRepository(graph)
        self._lookups = Lookups(graph, keyring)

    async def open(self, customer: str) -> Subject:
        """Who a living or retired id means, as of now.

        Raises:
            NotFound: nobody.
        """
        person = await self._subjects.find(customer)
        if person is None:
            raise NotFound("There is no customer of this id.", hint="They may have been erased.")
        return Subject(person, await self._subjects.list_holds(person.id), clock.now_ms())

    async def confirm(self, subject: Subject) -> None:
        """See that what was read is still the person's: they are the same, and have lost no identifier.

        Raises:
            Unavailable: they were merged, split or erased meanwhile; what was read is no answer.
        """
        now = {(one.uid, one.from_ms): one.until_ms for one in await self._subjects.list_holds(subject.person.id)}
        for hold in subject.holds:
            if now.get((hold.uid, hold.from_ms), MIN_MS) != hold.until_ms:
                raise Unavailable("Who this person is has changed while it was read.", hint="Ask again.")

    def parts(self, subject: Subject) -> list[Part]:
        """All parts, each read when its pages are."""
        id, until_ms = subject.person.id, subject.as_of_ms
        lookups = Part("lookups", _nothing())
        lookups.pages = self._lookups.pages(subject.ids, lookups)
        found = [
            Part("identifiers", self._identifiers(subject)),
            Part("attributes", self._attributes(id)),
            Part("tags", self._tag_values(id)),
            Part("stages", self._moves(id)),
            Part("segments", self._stays(id)),
            Part("groups", self._groups(id)),
            Part("consents", self._consents(id)),
            Part("restrictions", self._restrictions(id)),
            Part("consentHistory", consent_changes(self._graph, id, until_ms)),
            Part("decisions", decisions_of(self._graph, self._keyring, subject.ids, subject.holds)),
            Part("events", self._calls(id, "DID", until_ms)),
            Part("calls", self._calls(id, "CALLED", until_ms)),
            Part("takenBack", self._calls(id, "WITHDRAWN", until_ms)),
            Part("putAside", self._put_aside(subject)),
            lookups,
        ]
        assert tuple(part.name for part in found) == PARTS
        return found

    async def _identifiers(self, subject: Subject) -> AsyncIterator[Sequence[Row]]:
        yield [_identifier(hold, self._keyring) for hold in subject.holds]

    async def _profile(self, id: str, need: ProfileNeed) -> StoredProfile:
        key = CustomerKey(id=id)
        found = (await self._customers.get_profiles([key], need)).get(key)
        if found is None or found.id != id:
            raise Unavailable("Who this person is has changed while it was read.", hint="Ask again.")
        return found

    async def _attributes(self, id: str) -> AsyncIterator[Sequence[Row]]:
        found = await self._profile(id, ProfileNeed())
        yield [
            {"name": name, "value": one.v, "observedAt": iso(one.at), "source": one.s}
            for name, one in sorted(found.attributes.items())
            if not is_reserved(name)
        ]

    async def _tag_values(self, id: str) -> AsyncIterator[Sequence[Row]]:
        found = (await self._profile(id, ProfileNeed(tags=True))).tags or ()
        known = await self._tags.get_many([one.tag_key for one in found])
        yield [
            {
                "key": one.tag_key,
                "name": known[one.tag_key].name if one.tag_key in known else one.tag_key,
                "value": one.value,
                "since": iso(one.since_ms),
                "labels": _labels(one.marks),
            }
            for one in sorted(found, key=lambda one: one.tag_key)
        ]

    async def _moves(self, id: str) -> AsyncIterator[Sequence[Row]]:
        keys = sorted(await self._stages.list_tags())
        known = await self._tags.get_many(keys)
        for key in keys:
            behind = FIRST_MOVE
            while page := await self._stages.list_of_customer(id, key, behind, PAGE_ROWS):
                behind = page[-1].at, page[-1].place
                name = known[key].name if key in known else key
                yield [
                    {"key": key, "name": name, "from": one.before, "to": one.stage, "at": iso(one.at)} for one in page
                ]

    async def _stays(self, id: str) -> AsyncIterator[Sequence[Row]]:
        behind = FIRST_PLACE
        while page := await self._history.list_of_customer(id, behind, PAGE_ROWS):
            last = page[-1]
            behind = Place(last.since_ms, last.sequence, last.segment_key, last.customer)
            known = await self._segments.get_many(sorted({one.segment_key for one in page}))
            yield [
                {
                    "key": one.segment_key,
                    "name": known[one.segment_key].name if one.segment_key in known else one.segment_key,
                    "since": iso(one.since_ms),
                    "until": _time(one.until_ms),
                }
                for one in page
            ]

    async def _groups(self, id: str) -> AsyncIterator[Sequence[Row]]:
        yield [
            {"key": one.key, "firstNamedAt": iso(one.first_at_ms), "lastNamedAt": iso(one.last_at_ms)}
            for one in await self._subjects.list_groups(id)
        ]

    async def _consents(self, id: str) -> AsyncIterator[Sequence[Row]]:
        yield said_now((await self._profile(id, ProfileNeed())).attributes, clock.now_ms())

    async def _restrictions(self, id: str) -> AsyncIterator[Sequence[Row]]:
        yield restrictions_now((await self._profile(id, ProfileNeed())).attributes)

    async def _calls(self, id: str, hanging: Hanging, until_ms: int) -> AsyncIterator[Sequence[Row]]:
        after = FIRST_CALL
        while places := await self._subjects.list_calls(id, hanging, after, PAGE_PLACES):
            after = places[-1]
            for start in range(0, len(places), PAGE_CALLS):
                wanted = places[start : start + PAGE_CALLS]
                found = await self._subjects.get_calls(id, [place.id for place in wanted], until_ms)
                yield [_call(found[place.id]) for place in wanted if place.id in found]
            if len(places) < PAGE_PLACES:
                return

    async def _put_aside(self, subject: Subject) -> AsyncIterator[Sequence[Row]]:
        async for page in calls_naming(self._graph, self._keyring, self._region, subject.had):
            yield [_put_aside(one) for one in page]


async def _nothing() -> AsyncIterator[Sequence[Row]]:
    return
    yield []


def _identifier(hold: Hold, keyring: Keyring) -> Row:
    value = None if hold.cipher is None else keyring.open_display(hold.cipher, hold.uid)
    row: Row = {
        "namespace": hold.namespace,
        "value": value,
        "status": hold.status,
        "from": None if hold.from_ms <= MIN_MS else iso(hold.from_ms),
        "until": _time(hold.until_ms),
    }
    # Of an identifier that others have or had, these are times of theirs.
    if hold.whole:
        row |= {"firstSeenAt": _time(hold.first_seen_ms), "lastSeenAt": _time(hold.last_seen_ms)}
    return row


def _call(stored: StoredCall) -> Row:
    row: Row = {
        "id": stored.id,
        **({"name": stored.name} if stored.name is not None else {"kind": stored.kind}),
        "at": iso(stored.at),
        "receivedAt": iso(stored.received_at),
        "source": stored.source,
    }
    traits = {} if stored.traits is None else _decode(stored.traits)
    said = [said_of(name, msgspec.json.decode(value)) for name, value in traits.items() if is_reserved(name)]
    documents: Iterable[tuple[str, object]] = (
        ("properties", _raw(stored.properties)),
        ("attributes", {name: value for name, value in traits.items() if not is_reserved(name)}),
        ("consents", [said_row(one) for one in said if one is not None]),
        ("group", stored.group),
        ("groupAttributes", _raw(stored.group_traits)),
        ("context", _raw(stored.context)),
        ("more", _raw(stored.extra)),
    )
    return row | {name: value for name, value in documents if value}


def _put_aside(named: NamedCall) -> Row:
    row: Row = {
        "id": named.row.id,
        "at": iso(named.at_ms),
        "receivedAt": iso(named.row.at_ms),
        "source": named.row.source,
        "reason": named.row.reason,
        "names": [{"namespace": one.namespace, "value": one.value} for one in named.names],
    }
    if (call := named.call) is not None:
        row |= {"name": call.name} if call.name is not None else {"kind": call.kind}
        row |= {"properties": call.values, "attributes": call.traits} if call.values or call.traits else {}
    return row


def _labels(marks: str | None) -> list[Row]:
    # (label, author, at): who of the staff it was is about somebody else.
    given = [] if marks is None else msgspec.json.decode(marks)
    return [{"label": label, "at": iso(at_ms)} for label, _, at_ms, *_ in given]


def _raw(document: str | None) -> msgspec.Raw | None:
    return None if document is None or document == "{}" else msgspec.Raw(document.encode())


def _time(at_ms: int | None) -> str | None:
    return None if at_ms is None else iso(at_ms)
