"""The registry of attributes, events and properties: what data came under which names, and what people say of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypedDict

import msgspec

from graph.client import GraphClient, Row, Transaction
from graph.queries import load
from rules.names import Names
from rules.type_problems import ValueType
from rules.value_types import fits

_LOCK = load("registry/lock")
_GET_STATE = load("registry/get_state")
_GET_NAMED = load("registry/get_named")
_COUNT_PROPERTIES = load("registry/count_properties")
_MERGE_SIGHTINGS = load("registry/merge_sightings")
_LIST_ATTRIBUTES = load("registry/list_attributes")
_LIST_EVENTS = load("registry/list_events")
_LIST_PROPERTIES = load("registry/list_properties")
_LIST_STRICT = load("registry/list_strict")
_LIST_PERSONAL = load("registry/list_personal")
_UPDATE_ATTRIBUTE = load("registry/update_attribute")
_UPDATE_EVENT = load("registry/update_event")
_UPDATE_PROPERTY = load("registry/update_property")

# In the order of the counts that a definition has.
TYPES = tuple(ValueType)


class OnConflict(StrEnum):
    """What becomes of a value of another type than its name's."""

    KEEP = "KEEP"
    COERCE = "COERCE"
    QUARANTINE = "QUARANTINE"


class PiiClass(StrEnum):
    """How near a name's values are to a person."""

    NONE = "NONE"
    PERSONAL = "PERSONAL"
    SENSITIVE = "SENSITIVE"


class ValueRow(TypedDict):
    """What was seen of an attribute: times in ms, counts in the order of `TYPES`. `pii` counts for a new one."""

    name: str
    type: str
    pii: str
    example: str | None
    first_at: int
    last_at: int
    counts: Sequence[int]


class PropertyRow(ValueRow):
    """What was seen of a property of an event."""

    event: str


class EventRow(TypedDict):
    """What was seen of an event; `properties` is how many of its properties are new."""

    name: str
    first_at: int
    last_at: int
    count: int
    properties: int


@dataclass(frozen=True, slots=True)
class SightingRows:
    """What to add to the registry, each list sorted by its key; and how many names of each kind are new.

    Args:
        unlisted: values under names that the registry does not take.
    """

    attributes: Sequence[ValueRow] = ()
    events: Sequence[EventRow] = ()
    properties: Sequence[PropertyRow] = ()
    new_attributes: int = 0
    new_events: int = 0
    new_properties: int = 0
    unlisted: int = 0


class Sizes(msgspec.Struct, frozen=True):
    """How many names of each kind the registry has."""

    attributes: int
    events: int
    properties: int


class ValueDefinition(msgspec.Struct, frozen=True):
    """An attribute, or a property of an event; times in ms.

    Args:
        event: None for an attribute.
        set_type: what people said; None when nobody did.
        first_type: that of the first value.
        counts: values by type, in the order of `TYPES`.
        example: masked.
    """

    event: str | None
    name: str
    name_zh: str | None
    name_en: str | None
    description: str | None
    unit: str | None
    pii: PiiClass
    active: bool
    set_type: ValueType | None
    first_type: ValueType
    on_conflict: OnConflict
    first_at_ms: int
    last_at_ms: int
    counts: tuple[int, ...]
    example: str | None

    @property
    def type(self) -> ValueType:
        """What people said, else that of the first value."""
        return self.set_type or self.first_type

    @property
    def count(self) -> int:
        """Values seen."""
        return sum(self.counts)

    @property
    def conflict_count(self) -> int:
        """Values seen of another type."""
        return sum(count for found, count in zip(TYPES, self.counts, strict=True) if not fits(found, self.type))

    @property
    def certain_type(self) -> ValueType | None:
        """The type that a rule has to compare with; None while values of several types came and nobody said which."""
        return self.type if self.set_type or not self.conflict_count else None


class EventDefinition(msgspec.Struct, frozen=True):
    """An event; times in ms."""

    name: str
    name_zh: str | None
    name_en: str | None
    description: str | None
    active: bool
    first_at_ms: int
    last_at_ms: int
    count: int


class StrictName(msgspec.Struct, frozen=True):
    """A name that does not take every value; `event` is None for an attribute."""

    event: str | None
    name: str
    type: ValueType
    on_conflict: OnConflict


class PersonalName(msgspec.Struct, frozen=True):
    """How personal a name is; `event` is None for an attribute."""

    event: str | None
    name: str
    pii: PiiClass


class Asked(msgspec.Struct, frozen=True):
    """A page of definitions: how many, after which name, those that hold a text (in any case), those off too."""

    count: int
    after: str = ""
    search: str = ""
    include_off: bool = True


@dataclass(frozen=True, slots=True)
class Named:
    """Definitions by the names that were asked for; unknown ones are missing."""

    attributes: Mapping[str, ValueDefinition] = field(default_factory=dict)
    events: Mapping[str, EventDefinition] = field(default_factory=dict)
    properties: Mapping[tuple[str, str], ValueDefinition] = field(default_factory=dict)

    def names(self) -> Names:
        """The names alone."""
        return Names(frozenset(self.attributes), frozenset(self.events), frozenset(self.properties))


async def lock(tx: Transaction) -> Sizes:
    """Wait until no other transaction changes the registry; always the first step of a change."""
    return msgspec.convert((await tx.run(_LOCK))[0], Sizes)


async def get_named(tx: Transaction, names: Names) -> Named:
    """Definitions by name, inside a transaction."""
    return _named(await tx.run(_GET_NAMED, **_parameters(names)))


async def count_properties(tx: Transaction, events: Sequence[str]) -> dict[str, int]:
    """How many properties each event has; unknown events are missing."""
    rows = await tx.run(_COUNT_PROPERTIES, events=list(events)) if events else []
    return {row["event"]: row["count"] for row in rows}


async def merge_sightings(tx: Transaction, rows: SightingRows) -> None:
    """Add to the registry, which is locked. Not idempotent: a second time counts twice."""
    await tx.run(
        _MERGE_SIGHTINGS,
        attributes=rows.attributes,
        events=rows.events,
        properties=rows.properties,
        new_attributes=rows.new_attributes,
        new_events=rows.new_events,
        new_properties=rows.new_properties,
        unlisted=rows.unlisted,
    )


async def update_value(tx: Transaction, event: str | None, name: str, fields: Mapping[str, object]) -> ValueDefinition:
    """Set properties of an attribute (`event` is None) or property, which is there; the registry is locked."""
    if event is None:
        rows = await tx.run(_UPDATE_ATTRIBUTE, name=name, fields=fields)
    else:
        rows = await tx.run(_UPDATE_PROPERTY, event=event, name=name, fields=fields)
    return _value(rows[0]["definition"])


async def update_event(tx: Transaction, name: str, fields: Mapping[str, object]) -> EventDefinition:
    """Set properties of an event, which is there; the registry is locked."""
    return _event((await tx.run(_UPDATE_EVENT, name=name, fields=fields))[0]["definition"])


class RegistryRepository:
    """Reads of the registry; every method is one statement."""

    def __init__(self, graph: GraphClient):
        self._graph = graph

    async def get_state(self) -> tuple[int, int]:
        """(version of what people said, values that came under names beyond the limits)."""
        row = (await self._graph.read(_GET_STATE))[0]
        return row["version"], row["unlisted"]

    async def get_named(self, names: Names) -> Named:
        """Definitions by name."""
        return _named(await self._graph.read(_GET_NAMED, **_parameters(names)))

    async def list_attributes(self, asked: Asked) -> list[ValueDefinition]:
        """A page of attributes by name."""
        rows = await self._graph.read(_LIST_ATTRIBUTES, **msgspec.structs.asdict(asked))
        return [_value(row["definition"]) for row in rows]

    async def list_events(self, asked: Asked) -> list[EventDefinition]:
        """A page of events by name."""
        rows = await self._graph.read(_LIST_EVENTS, **msgspec.structs.asdict(asked))
        return [_event(row["definition"]) for row in rows]

    async def list_properties(self, events: Sequence[str], asked: Asked) -> dict[str, list[ValueDefinition]]:
        """The same page of properties by name, of each event; events without any are missing."""
        rows = await self._graph.read(_LIST_PROPERTIES, events=list(events), **msgspec.structs.asdict(asked))
        found: dict[str, list[ValueDefinition]] = {}
        for definition in (_value(row["definition"]) for row in rows):
            found.setdefault(definition.event or "", []).append(definition)
        return found

    async def list_personal(self, attributes: Sequence[str], properties: Sequence[str]) -> list[PersonalName]:
        """Names that are not of class NONE, and those of class NONE at or below these names, sorted."""
        found = await self._graph.read(_LIST_PERSONAL, attributes=list(attributes), properties=list(properties))
        rows = [msgspec.convert(dict(row), PersonalName) for row in found]
        return sorted(rows, key=lambda row: (row.event or "", row.name))

    async def list_strict(self) -> list[StrictName]:
        """All names that do not take every value."""
        return [msgspec.convert(dict(row), StrictName) for row in await self._graph.read(_LIST_STRICT)]


def _parameters(names: Names) -> dict[str, object]:
    return {
        "attributes": sorted(names.attributes),
        "events": sorted(names.events),
        "properties": sorted(names.properties),
    }


def _named(rows: Sequence[Row]) -> Named:
    row = rows[0]
    properties = map(_value, row["properties"])
    return Named(
        {one.name: one for one in map(_value, row["attributes"])},
        {one.name: one for one in map(_event, row["events"])},
        {(one.event or "", one.name): one for one in properties},
    )


def _value(row: Sequence[Any]) -> ValueDefinition:
    document = dict(zip(ValueDefinition.__struct_fields__, row, strict=True))
    document["on_conflict"] = document["on_conflict"] or OnConflict.KEEP
    return msgspec.convert(document, ValueDefinition)


def _event(row: Sequence[Any]) -> EventDefinition:
    return msgspec.convert(dict(zip(EventDefinition.__struct_fields__, row, strict=True)), EventDefinition)
