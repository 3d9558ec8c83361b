"""Which segments have a rule that names an attribute, event or property."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

import msgspec

from graph.repositories.registry import EventDefinition, ValueDefinition
from graph.repositories.segment import SegmentRecord
from rules.names import Names, names_in
from rules.parser import parse_rule

# (kind, name), and of a property (kind, event, name).
NameKey: TypeAlias = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RuleUser:
    """Something with a rule."""

    kind: str
    key: str
    name: str


def key_of(definition: ValueDefinition | EventDefinition) -> NameKey:
    """What `users_of` knows a definition by."""
    if isinstance(definition, EventDefinition):
        return ("event", definition.name)
    if definition.event is None:
        return ("attribute", definition.name)
    return ("property", definition.event, definition.name)


def users_of(segments: Iterable[SegmentRecord]) -> dict[NameKey, list[RuleUser]]:
    """Segments by what their rules name, in the order given; an object is named by a rule that looks into it."""
    users: dict[NameKey, list[RuleUser]] = {}
    for segment in segments:
        user = RuleUser("SEGMENT", segment.key, segment.name)
        for key in _keys(names_in(parse_rule(msgspec.json.decode(segment.rule)))):
            users.setdefault(key, []).append(user)
    return users


def _keys(names: Names) -> Iterator[NameKey]:
    yield from (("attribute", name) for name in names.attributes)
    yield from (("event", name) for name in names.events)
    yield from (("property", event, name) for event, name in names.properties)
