"""What applied calls held: events, properties and attributes with types, times and how often. In memory, no I/O."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from graph.repositories.registry import TYPES, EventRow, PiiClass, PropertyRow, ValueRow
from ingest.calls import Call
from ingest.identifiers import IDENTIFIER_TRAITS
from ingest.masking import mask_example
from ingest.personal import PERSONAL_NAMES, PERSONAL_PROPERTIES
from rules.names import Names
from rules.type_problems import ValueType
from rules.value_types import named_values, type_of

# Names of each kind that wait for the graph: as many as it takes at all. What comes under more is counted, not named.
MAX_WAITING = 20_000

_PLACE = {value_type: place for place, value_type in enumerate(TYPES)}

K = TypeVar("K", bound="str | tuple[str, str]")


@dataclass(slots=True)
class Seen:
    """What was seen of one name; times in ms.

    Args:
        example: the first value that counted, as it was; it leaves this process masked alone.
        counts: values by type, in the order of `TYPES`; of an event one number.
    """

    first_at: int
    last_at: int
    counts: list[int]
    type: ValueType | None = None
    example: object = None

    def add(self, at_ms: int, place: int, times: int) -> None:
        """One more, or one that counted before."""
        self.counts[place] += times
        if at_ms < self.first_at:
            self.first_at = at_ms
        elif at_ms > self.last_at:
            self.last_at = at_ms


@dataclass(slots=True)
class Sightings:
    """What waits to be added to the registry.

    Args:
        unlisted: values under names that found no room here.
    """

    attributes: dict[str, Seen] = field(default_factory=dict)
    events: dict[str, Seen] = field(default_factory=dict)
    properties: dict[tuple[str, str], Seen] = field(default_factory=dict)
    unlisted: int = 0

    def add(self, call: Call, times: int = 1) -> None:
        """Note what a call holds.

        Args:
            times: 0 for one that took effect before: its names are noted in case that a worker died over them.
        """
        if call.name is not None:
            self._add_event(call.name, call, times)
        elif call.kind == "identify":
            for name, value in named_values(call.traits):
                self._add_value(self.attributes, name, value, call.at_ms, times)
        for identifier in call.identifiers:
            if identifier.namespace in IDENTIFIER_TRAITS:
                self._add_contact(identifier.namespace, call.at_ms, times)

    def names(self) -> Names:
        """Everything that is here by name."""
        return Names(frozenset(self.attributes), frozenset(self.events), frozenset(self.properties))

    def _add_event(self, name: str, call: Call, times: int) -> None:
        seen = self.events.get(name)
        if seen is None:
            if len(self.events) >= MAX_WAITING:
                self.unlisted += times
                return
            seen = self.events[name] = Seen(call.at_ms, call.at_ms, [0])
        seen.add(call.at_ms, 0, times)
        for path, value in named_values(call.values):
            self._add_value(self.properties, (name, path), value, call.at_ms, times)

    def _add_value(self, into: dict[K, Seen], key: K, value: object, at_ms: int, times: int) -> None:
        found = type_of(value)
        if found is None:
            return
        seen = into.get(key)
        if seen is None:
            if len(into) >= MAX_WAITING:
                self.unlisted += times
                return
            seen = into[key] = Seen(at_ms, at_ms, [0] * len(TYPES), found)
        if seen.example is None and times:
            seen.example = value
        seen.add(at_ms, _PLACE[found], times)

    def _add_contact(self, namespace: str, at_ms: int, times: int) -> None:
        """E-mail and phone are attributes that are stored as identifiers."""
        seen = self.attributes.get(namespace)
        if seen is None:
            seen = Seen(at_ms, at_ms, [0] * len(TYPES), ValueType.STRING)
            self.attributes[namespace] = seen
        seen.add(at_ms, _PLACE[ValueType.STRING], times)


def attribute_rows(seen: Mapping[str, Seen], names: Collection[str]) -> list[ValueRow]:
    """Rows of those names, sorted."""
    return [_value_row(name, seen[name], PERSONAL_NAMES) for name in sorted(names)]


def property_rows(seen: Mapping[tuple[str, str], Seen], names: Collection[tuple[str, str]]) -> list[PropertyRow]:
    """Rows of those properties, sorted."""
    return [
        PropertyRow(event=event, **_value_row(name, seen[event, name], PERSONAL_PROPERTIES))
        for event, name in sorted(names)
    ]


def event_rows(seen: Mapping[str, Seen], names: Iterable[str], new_properties: Mapping[str, int]) -> list[EventRow]:
    """Rows of those events, sorted; with how many of their properties are new."""
    return [
        EventRow(
            name=name,
            first_at=one.first_at,
            last_at=one.last_at,
            count=one.counts[0],
            properties=new_properties.get(name, 0),
        )
        for name in sorted(names)
        for one in (seen[name],)
    ]


def _value_row(name: str, one: Seen, personal: Collection[str]) -> ValueRow:
    assert one.type is not None, "only events have none"
    return ValueRow(
        name=name,
        type=one.type,
        pii=PiiClass.PERSONAL if name.partition(".")[0] in personal else PiiClass.NONE,
        example=None if one.example is None else mask_example(one.example),
        first_at=one.first_at,
        last_at=one.last_at,
        counts=one.counts,
    )
