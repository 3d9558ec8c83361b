"""Which segments and tags have a rule that names an attribute, event or property."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import msgspec

from graph.repositories.registry import EventDefinition, ValueDefinition
from graph.repositories.segment import SegmentRecord
from graph.repositories.tag import TagRecord
from rules.names import Names, enclosing, names_in
from rules.parser import parse_rule
from rules.tags.definition import rule_of
from rules.tags.parser import parse_definition
from rules.tree import Rule, SegmentLeaf, TagLeaf, leaves_of

# (kind, name) of attributes, events, tags and segments by key, and of a property (kind, event, name).
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


def users_of(segments: Iterable[SegmentRecord], tags: Iterable[TagRecord]) -> dict[NameKey, list[RuleUser]]:
    """Segments, then tags, by what they read, each by key; an object is named by a rule that looks into it."""
    users: dict[NameKey, list[RuleUser]] = {}

    def note(user: RuleUser, rule: Rule) -> None:
        for key in (*_keys(names_in(rule)), *_definitions(rule)):
            users.setdefault(key, []).append(user)

    for segment in sorted(segments, key=lambda one: one.key):
        note(RuleUser("SEGMENT", segment.key, segment.name), parse_rule(msgspec.json.decode(segment.rule)))
    for tag in sorted(tags, key=lambda one: one.key):
        user = RuleUser("TAG", tag.key, tag.name)
        note(user, rule_of(parse_definition(msgspec.json.decode(tag.definition))))
        for key in _read(tag.reads):
            users.setdefault(key, []).append(user)
    return users


def _read(reads: Sequence[str]) -> Iterator[NameKey]:
    """What the statement of a tag names, each once, with the objects around it."""
    found: dict[NameKey, None] = {}
    for kind, *rest in map(msgspec.json.decode, reads):
        *of, name = rest
        names = enclosing(name) if kind in ("attribute", "property") else (name,)
        found |= {(kind, *of, each): None for each in names}
    yield from found


def _definitions(rule: Rule) -> Iterator[NameKey]:
    """Tags and segments that a rule names, each once."""
    leaves = leaves_of(rule)
    yield from {("tag", leaf.key): None for leaf in leaves if isinstance(leaf, TagLeaf)}
    yield from {("segment", leaf.key): None for leaf in leaves if isinstance(leaf, SegmentLeaf)}


def _keys(names: Names) -> Iterator[NameKey]:
    yield from (("attribute", name) for name in names.attributes)
    yield from (("event", name) for name in names.events)
    yield from (("property", event, name) for event, name in names.properties)
