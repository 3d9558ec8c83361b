"""Customers as they are read: whole profile pages, versions, lists, search."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from graph.client import GraphClient
from graph.personal import Field, PersonalData
from graph.queries import load
from graph.repositories.event import EventRecord, EventsAsked, event_of
from graph.search_tokens import query_of_last_four, query_of_name

CHECK_VERSIONS = load("customer/check_versions")
GET_PATHS = load("customer/get_paths")
WATCH_VERSIONS = load("customer/watch_versions")
GET_PROFILES = load("customer/get_profiles")
LIST_PAGE = load("customer/list_page")
LIST_BY_ID_PREFIX = load("customer/list_by_id_prefix")
SEARCH_TOKENS = load("customer/search_tokens")
SEARCH_LAST_FOUR = load("customer/search_last_four")

# Nobody reads past this many hits of a name or of four digits; it bounds what the indexes may hand over.
MAX_HITS = 1_000


class CustomerKey(msgspec.Struct, frozen=True):
    """Whom a look-up means: exactly one of an identifier's uid and a customer id (living or retired)."""

    uid: str | None = None
    id: str | None = None


class ProfileNeed(msgspec.Struct, frozen=True):
    """Which parts of a profile a request shows; attributes always come along.

    Args:
        events: a first page (without `after`), read in the same statement.
        more_events: other pages, a statement each.
    """

    identifiers: bool = False
    segments: bool = False
    tags: bool = False
    events: EventsAsked | None = None
    more_events: tuple[EventsAsked, ...] = ()


class CustomerVersion(msgspec.Struct, frozen=True):
    """Who a key means now, and whether anything about them changed."""

    id: str
    version: int
    catalogue: int


class CustomerPath(msgspec.Struct, frozen=True):
    """Who an id means.

    Args:
        ids: the id itself, those into whom it was merged in between, and who it means now.
        version: of whom it means now; None when that is nobody.
    """

    ids: tuple[str, ...]
    version: int | None


class StoredAttribute(msgspec.Struct, frozen=True, gc=False):
    """One attribute as the node keeps it: encoded value, instant (ms) and source of the observation behind it."""

    v: msgspec.Raw
    at: int
    s: str


class StoredIdentifier(msgspec.Struct, frozen=True, gc=False):
    """An identifier with its value still sealed."""

    uid: str
    namespace: str
    first_seen_ms: int
    last_seen_ms: int
    cipher: bytes


class StoredMembership(msgspec.Struct, frozen=True, gc=False):
    """One membership: the segment's key, since when (ms), and by which version of its rule."""

    segment_key: str
    since_ms: int
    segment_version: int


class StoredTag(msgspec.Struct, frozen=True, gc=False):
    """A tag's value (encoded JSON), since when (ms), and the labels behind it as JSON, None for a computed one."""

    tag_key: str
    value: msgspec.Raw
    since_ms: int
    marks: str | None


class StoredProfile(msgspec.Struct, frozen=True, gc=False):
    """One customer as read; None for a part that was not asked for."""

    id: str
    version: int
    catalogue: int
    created_at_ms: int
    updated_at_ms: int
    attributes: Mapping[str, StoredAttribute]
    identifiers: tuple[StoredIdentifier, ...] | None
    segments: tuple[StoredMembership, ...] | None
    tags: tuple[StoredTag, ...] | None
    events: tuple[EventRecord, ...] | None


_attributes = msgspec.json.Decoder(dict[str, StoredAttribute])


class CustomerRepository:
    """Reads of customers; every method is one statement."""

    def __init__(self, graph: GraphClient):
        self._graph = graph

    async def get_versions(self, keys: Sequence[CustomerKey]) -> dict[CustomerKey, CustomerVersion]:
        """Who each key means and at which version; keys that mean nobody are missing."""
        rows = await self._graph.read(CHECK_VERSIONS, rows=_rows(keys))
        return {keys[row["key"]]: CustomerVersion(row["id"], row["version"], row["catalogue"]) for row in rows}

    async def get_paths(self, ids: Sequence[str]) -> dict[str, CustomerPath]:
        """Whom each id, living or retired, means now and by way of whom; ids that nobody ever had are missing."""
        rows = await self._graph.read(GET_PATHS, ids=ids)
        return {row["asked"]: CustomerPath(tuple(row["path"]), row["version"]) for row in rows}

    async def watch_versions(self, ids: Sequence[str]) -> dict[str, tuple[str, int]]:
        """Whom each id means now and at which version; ids that mean nobody are missing."""
        rows = await self._graph.read(WATCH_VERSIONS, ids=ids)
        return {asked: (customer, version) for asked, customer, version in rows[0]["customers"]}

    async def get_profiles(self, keys: Sequence[CustomerKey], need: ProfileNeed) -> dict[CustomerKey, StoredProfile]:
        """The needed parts of each profile; keys that mean nobody are missing."""
        events = need.events
        rows = await self._graph.read(
            GET_PROFILES,
            rows=_rows(keys),
            with_identifiers=need.identifiers,
            with_segments=need.segments,
            with_tags=need.tags,
            event_count=events.count if events else 0,
            names=list(events.names) if events and events.names is not None else None,
            from_ms=events.from_ms if events else 0,
            to_ms=events.to_ms if events else 0,
        )
        return {keys[row["key"]]: _profile(self._graph.personal, row, need) for row in rows}

    async def list_ids(self, after: str, count: int) -> list[str]:
        """Ids of living customers after `after`, ascending, at most `count`."""
        return [row["id"] for row in await self._graph.read(LIST_PAGE, after=after, count=count)]

    async def list_ids_by_prefix(self, prefix: str, after: str, count: int) -> list[str]:
        """Ids of living customers that begin with `prefix`, after `after`, ascending, at most `count`."""
        rows = await self._graph.read(LIST_BY_ID_PREFIX, prefix=prefix, after=after, count=count)
        return [row["id"] for row in rows]

    async def find_ids_by_name(self, text: str) -> list[str]:
        """Ids of customers whose name has every word of `text`, in no order, bounded."""
        query = query_of_name(self._graph.personal.keyring, text)
        if not query:
            return []
        return [row["id"] for row in await self._graph.read(SEARCH_TOKENS, words=query, count=MAX_HITS)]

    async def find_ids_by_last_four(self, text: str) -> list[str]:
        """Ids of customers with a phone that ends with `text`, in no order, bounded; none unless it is four digits."""
        token = query_of_last_four(self._graph.personal.keyring, text)
        if token is None:
            return []
        return [row["id"] for row in await self._graph.read(SEARCH_LAST_FOUR, token=token, count=MAX_HITS)]


def _rows(keys: Sequence[CustomerKey]) -> list[dict[str, Any]]:
    return [{"key": place, "uid": key.uid, "id": key.id} for place, key in enumerate(keys)]


def _profile(personal: PersonalData, row: Mapping[str, Any], need: ProfileNeed) -> StoredProfile:
    encoded = row["attributes"]
    return StoredProfile(
        id=row["id"],
        version=row["version"],
        catalogue=row["catalogue"],
        created_at_ms=row["created_at"],
        updated_at_ms=row["updated_at"],
        attributes=_attributes.decode(personal.open(encoded, Field.ATTRIBUTES, row["id"])) if encoded else {},
        identifiers=tuple(StoredIdentifier(*each) for each in row["identifiers"]) if need.identifiers else None,
        segments=tuple(StoredMembership(*each) for each in row["segments"]) if need.segments else None,
        tags=tuple(_tag(*each) for each in row["tags"]) if need.tags else None,
        events=tuple(event_of(personal, each) for each in row["events"]) if need.events else None,
    )


def _tag(key: str, value: str, since_ms: int, marks: str | None) -> StoredTag:
    return StoredTag(key, msgspec.Raw(value.encode()), since_ms, marks)
