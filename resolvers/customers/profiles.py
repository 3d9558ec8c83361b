"""Profiles as requests see them, read in shared statements and kept while the customer's version stands."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

import msgspec

from access.sharing import Viewer
from base import clock, metrics
from base.keys import Keyring
from graph.repositories.consent import Attribute as ObservedConsent
from graph.repositories.customer import (
    CustomerKey,
    CustomerRepository,
    CustomerVersion,
    ProfileNeed,
    StoredIdentifier,
    StoredProfile,
)
from graph.repositories.event import EventRecord, EventRepository, EventsAsked
from graph.repositories.segment import SegmentRecord
from graph.repositories.tag import TagRecord
from resolvers.batching import Coalescer
from resolvers.catalogue import DefinitionCatalogue
from rules.consent import Observed, is_reserved

# A commit becomes visible record by record: a profile of somebody who changed less than this ago may be half old.
# It is shown, as any read then may be, but not kept.
SETTLE_MS = 2_000
# Encoded profiles kept in one process; with their keys and table about 1.3 times as much memory.
MAX_CACHE_BYTES = 48 * 1024 * 1024
_ENTRY_OVERHEAD_BYTES = 600
# As many kinds of requests are read side by side; beyond, the least recently used kind is forgotten.
MAX_NEEDS = 256
WARM_UP_SIZES = (1, 10, 100)


class Identifier(msgspec.Struct, frozen=True, gc=False):
    """One identifier, its value readable; times in ms."""

    uid: str
    namespace: str
    value: str
    first_seen_ms: int
    last_seen_ms: int
    masked: bool = False


class Attribute(msgspec.Struct, frozen=True, gc=False):
    """One attribute; `value` is encoded JSON, `source` is `identifier` for the e-mail and phone of the identifiers."""

    name: str
    value: msgspec.Raw
    observed_at_ms: int
    source: str
    masked: bool = False


class Membership(msgspec.Struct, frozen=True):
    """One membership, with the segment's definition (see DefinitionCatalogue for what of it is current)."""

    segment: SegmentRecord
    since_ms: int
    segment_version: int


class Label(msgspec.Struct, frozen=True, array_like=True):
    """A label that somebody put on a customer; what more is stored of it is not shown."""

    label: str
    author: str
    at_ms: int


class Assignment(msgspec.Struct, frozen=True):
    """A tag's value (encoded JSON), with its definition (see DefinitionCatalogue for what of it is current)."""

    tag: TagRecord
    value: msgspec.Raw
    since_ms: int
    labels: Sequence[Label]


@dataclass(slots=True)
class Profile:
    """One customer, with the parts that were asked for; None for the others.

    Args:
        is_limited: there are segments or tags that not everybody may see, whether they are shown or not.
    """

    id: str
    created_at_ms: int
    updated_at_ms: int
    attributes: Mapping[str, Attribute]
    identifiers: Sequence[Identifier] | None
    memberships: Sequence[Membership] | None
    tags: Sequence[Assignment] | None
    events: dict[EventsAsked, Sequence[EventRecord]]
    is_limited: bool = False
    consents: Mapping[str, Observed] = field(default_factory=dict)


class Rendering(Protocol):
    """Turns a profile into the encoded JSON that a request shows of it. Equal renderings give equal bytes."""

    @property
    def key(self) -> Hashable:
        """Equal for renderings that show the same of a profile."""

    def render(self, profile: Profile) -> bytes:
        """The encoded object. No I/O."""


class Masking(Protocol):
    """Hides what somebody may not see. Equal keys hide the same."""

    @property
    def key(self) -> int:
        """Changes with what is hidden."""

    def profile(self, profile: Profile) -> Profile:
        """What is left of a profile."""


@dataclass(frozen=True, slots=True)
class Sight:
    """What somebody may see of people.

    Args:
        viewer: which segments and tags they may know of.
        mask: what hides personal values from them; None: nothing is hidden.
    """

    viewer: Viewer
    mask: Masking | None


@dataclass(frozen=True, slots=True)
class Rendered:
    """A customer as encoded JSON, ready to be put into a response."""

    id: str
    body: bytes


@dataclass(frozen=True, slots=True)
class _Kept:
    body: bytes
    id: str
    version: int
    catalogue: int


# Customer, rendering, and for whom; None: for everybody.
_Place: TypeAlias = tuple[CustomerKey, Hashable, Hashable]


class ProfileReader:
    """Reads profiles for all requests of a process."""

    def __init__(
        self,
        customers: CustomerRepository,
        events: EventRepository,
        segments: DefinitionCatalogue[SegmentRecord],
        tags: DefinitionCatalogue[TagRecord],
        keyring: Keyring,
        max_cache_bytes: int = MAX_CACHE_BYTES,
    ):
        self._customers = customers
        self._events = events
        self._segments = segments
        self._tags = tags
        self._keyring = keyring
        self._versions: Coalescer[CustomerKey, CustomerVersion] = Coalescer(customers.get_versions)
        self._readers: OrderedDict[ProfileNeed, Coalescer[CustomerKey, StoredProfile]] = OrderedDict()
        self._kept: OrderedDict[_Place, _Kept] = OrderedDict()
        # Whether anybody was ever seen with what not everybody may see: without, there is one place to look at.
        self._has_closed = False
        self._kept_bytes = 0
        self._max_cache_bytes = max_cache_bytes

    async def warm_up(self) -> None:
        """Have Neo4j plan the statements before the first reader waits for it; a plan takes up to seconds when cold.

        Neo4j keeps a plan for each power of ten of a list's length.
        """
        whole = ProfileNeed(identifiers=True, segments=True, tags=True, events=EventsAsked(count=1))
        for size in WARM_UP_SIZES:
            nobody = [CustomerKey(uid=f"nobody|{place}") for place in range(size)]
            await self._customers.get_versions(nobody)
            await self._customers.get_profiles(nobody, whole)

    async def find(self, key: CustomerKey, need: ProfileNeed, sight: Sight) -> Profile | None:
        """Who the key means now, with the needed parts; None when it means nobody.

        Args:
            sight: what whoever asks may see.
        """
        stored = await self._reader(need).load(key)
        return None if stored is None else await self._profile(stored, need, sight)

    async def find_rendered(
        self, key: CustomerKey, need: ProfileNeed, sight: Sight, rendering: Rendering
    ) -> Rendered | None:
        """The same, encoded; from memory when neither the customer nor the segments' definitions have changed.

        What everybody may see of a customer is kept once for each way of masking; where something is not for everybody,
        once for each asker.
        """
        shown = (rendering.key, sight.mask and sight.mask.key)
        place: _Place = (key, shown, None)
        kept = self._kept.get(place)
        if kept is None and self._has_closed:
            place = (key, shown, sight.viewer.audience)
            kept = self._kept.get(place)
        if kept is not None:
            current = await self._versions.load(key)
            if current is not None and (kept.id, kept.version, kept.catalogue) == (
                current.id,
                current.version,
                current.catalogue,
            ):
                metrics.CACHE.labels("profile", "hit").inc()
                if place in self._kept:
                    self._kept.move_to_end(place)
                return Rendered(kept.id, kept.body)
            metrics.CACHE.labels("profile", "stale").inc()
            self._drop(place)
        else:
            metrics.CACHE.labels("profile", "miss").inc()
        stored = await self._reader(need).load(key)
        if stored is None:
            return None
        profile = await self._profile(stored, need, sight)
        body = rendering.render(profile)
        place = (key, shown, sight.viewer.audience if profile.is_limited else None)
        self._has_closed |= profile.is_limited
        if clock.now_ms() - stored.updated_at_ms > SETTLE_MS and self._is_settled(need):
            self._keep(place, _Kept(body, stored.id, stored.version, stored.catalogue))
        return Rendered(stored.id, body)

    async def get_many(self, ids: Sequence[str], need: ProfileNeed, sight: Sight) -> list[Profile]:
        """Customers by id, in the order given, with the needed parts; those that are gone are left out."""
        return list((await self.get_by_id(ids, need, sight)).values())

    async def get_by_id(self, ids: Sequence[str], need: ProfileNeed, sight: Sight) -> dict[str, Profile]:
        """Id asked for → customer, who has another one if merged since; otherwise as `get_many`."""
        keys = {customer_id: CustomerKey(id=customer_id) for customer_id in ids}
        found = await self._customers.get_profiles(list(keys.values()), need) if keys else {}
        return {each: await self._profile(found[key], need, sight) for each, key in keys.items() if key in found}

    def _is_settled(self, need: ProfileNeed) -> bool:
        """Whether the definitions that a profile shows can no longer be older than their counter."""
        return (not need.segments or self._segments.is_settled()) and (not need.tags or self._tags.is_settled())

    def _reader(self, need: ProfileNeed) -> Coalescer[CustomerKey, StoredProfile]:
        reader = self._readers.get(need)
        if reader is None:

            async def read(keys: Sequence[CustomerKey]) -> dict[CustomerKey, StoredProfile]:
                return await self._customers.get_profiles(keys, need)

            reader = self._readers[need] = Coalescer(read)
            if len(self._readers) > MAX_NEEDS:
                self._readers.popitem(last=False)
        return reader

    async def _profile(self, stored: StoredProfile, need: ProfileNeed, sight: Sight) -> Profile:
        identifiers = None
        attributes = {
            name: Attribute(name, value.v, value.at, value.s)
            for name, value in stored.attributes.items()
            if not is_reserved(name)
        }
        if stored.identifiers is not None:
            identifiers = self._open(stored.identifiers)
            _add_readable(attributes, identifiers)
        memberships = None if stored.segments is None else await self._memberships(stored)
        tags = None if stored.tags is None else await self._assignments(stored)
        is_limited = any(not each.segment.sharing.is_open for each in memberships or ()) or any(
            not each.tag.sharing.is_open for each in tags or ()
        )
        if is_limited and memberships is not None:
            memberships = [each for each in memberships if sight.viewer.sees(each.segment.sharing)]
        if is_limited and tags is not None:
            tags = [each for each in tags if sight.viewer.sees(each.tag.sharing)]
        events: dict[EventsAsked, Sequence[EventRecord]] = {}
        if need.events is not None and stored.events is not None:
            events[need.events] = stored.events
        for asked in need.more_events:
            events[asked] = (await self._events.list_of_customers([stored.id], asked)).get(stored.id, ())
        profile = Profile(
            id=stored.id,
            created_at_ms=stored.created_at_ms,
            updated_at_ms=stored.updated_at_ms,
            attributes=attributes,
            identifiers=identifiers,
            memberships=memberships,
            tags=tags,
            events=events,
            is_limited=is_limited,
            consents={
                name: ObservedConsent(msgspec.json.decode(value.v), value.at, value.s)
                for name, value in stored.attributes.items()
                if is_reserved(name)
            },
        )
        return profile if sight.mask is None else sight.mask.profile(profile)

    async def _memberships(self, stored: StoredProfile) -> list[Membership]:
        known = await self._segments.at(stored.catalogue) if stored.segments else {}
        return [
            Membership(known[each.segment_key], each.since_ms, each.segment_version)
            for each in sorted(stored.segments or (), key=lambda each: each.segment_key)
            if each.segment_key in known
        ]

    async def _assignments(self, stored: StoredProfile) -> list[Assignment]:
        known = await self._tags.at(stored.catalogue) if stored.tags else {}
        return [
            Assignment(known[each.tag_key], each.value, each.since_ms, _labels(each.marks) if each.marks else ())
            for each in sorted(stored.tags or (), key=lambda each: each.tag_key)
            if each.tag_key in known
        ]

    def _open(self, sealed: Sequence[StoredIdentifier]) -> list[Identifier]:
        opened = [
            Identifier(
                uid=each.uid,
                namespace=each.namespace,
                value=self._keyring.open_display(each.cipher, each.uid),
                first_seen_ms=each.first_seen_ms,
                last_seen_ms=each.last_seen_ms,
            )
            for each in sealed
        ]
        opened.sort(key=lambda each: (-each.last_seen_ms, each.uid))
        return opened

    def _keep(self, place: _Place, kept: _Kept) -> None:
        self._drop(place)
        self._kept[place] = kept
        self._kept_bytes += len(kept.body) + _ENTRY_OVERHEAD_BYTES
        while self._kept_bytes > self._max_cache_bytes and self._kept:
            self._drop(next(iter(self._kept)))

    def _drop(self, place: _Place) -> None:
        kept = self._kept.pop(place, None)
        if kept is not None:
            self._kept_bytes -= len(kept.body) + _ENTRY_OVERHEAD_BYTES


_labels = msgspec.json.Decoder(tuple[Label, ...]).decode

# Traits that are stored as identifiers only, and shown as attributes all the same.
READABLE_IDENTIFIERS = ("email", "phone")


def _add_readable(attributes: dict[str, Attribute], newest_first: Sequence[Identifier]) -> None:
    """The newest e-mail and phone as attributes.

    TRICKY: workers/live/facts.py takes the same one (ties by uid), so that rules and readers agree.
    """
    for name in READABLE_IDENTIFIERS:
        held = [each for each in newest_first if each.namespace == name]
        if held:
            newest = max(held, key=lambda each: (each.last_seen_ms, each.uid))
            attributes[name] = Attribute(
                name, msgspec.Raw(msgspec.json.encode(newest.value)), newest.last_seen_ms, "identifier"
            )
