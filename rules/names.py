"""The names that the registry knows, as a rule uses them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import assert_never

from rules.limits import MAX_NAME_LENGTH
from rules.tree import (
    AttributeLeaf,
    EventLeaf,
    HabitLeaf,
    Leaf,
    ListLeaf,
    PropertyCondition,
    Rule,
    SegmentLeaf,
    SequenceLeaf,
    TagLeaf,
    leaves_of,
)


@dataclass(frozen=True, slots=True)
class Names:
    """Attributes and events by name, properties by (event, property)."""

    attributes: frozenset[str] = frozenset()
    events: frozenset[str] = frozenset()
    properties: frozenset[tuple[str, str]] = frozenset()

    def __or__(self, other: Names) -> Names:
        return Names(self.attributes | other.attributes, self.events | other.events, self.properties | other.properties)

    def __and__(self, other: Names) -> Names:
        return Names(self.attributes & other.attributes, self.events & other.events, self.properties & other.properties)

    def __sub__(self, other: Names) -> Names:
        return Names(self.attributes - other.attributes, self.events - other.events, self.properties - other.properties)

    def __bool__(self) -> bool:
        return bool(self.attributes or self.events or self.properties)


def names_in(rule: Rule) -> Names:
    """What a rule names, and the objects that it looks into: `address.city` is there with `address`."""
    attributes: set[str] = set()
    events: dict[str, set[str]] = {}
    for leaf in leaves_of(rule):
        if isinstance(leaf, AttributeLeaf):
            attributes.update(enclosing(leaf.name))
        else:
            for event, properties in _events_of(leaf):
                named = events.setdefault(event, set())
                for name in properties:
                    named.update(enclosing(name))
    return Names(
        frozenset(attributes),
        frozenset(events),
        frozenset((event, name) for event, names in events.items() for name in names),
    )


def enclosing(name: str) -> Iterator[str]:
    """A name and those of the objects around it, the outermost first: `a`, `a.b`, `a.b.c`.

    Nothing for a name that no rule may have: it could have any number of dots.
    """
    if len(name) > MAX_NAME_LENGTH:
        return
    end = name.find(".")
    while end >= 0:
        yield name[:end]
        end = name.find(".", end + 1)
    yield name


def _events_of(leaf: Leaf) -> Iterator[tuple[str, list[str]]]:
    """(event name, names of its properties)."""
    match leaf:
        case EventLeaf():
            measured = leaf.measure.property
            yield leaf.name, [*_named(leaf.where), *([] if measured is None else [measured])]
        case HabitLeaf():
            yield leaf.name, _named(leaf.where)
        case SequenceLeaf():
            for step in leaf.steps:
                yield step.event, _named(step.where)
        case AttributeLeaf() | SegmentLeaf() | ListLeaf() | TagLeaf():
            return
        case _:
            assert_never(leaf)


def _named(where: tuple[PropertyCondition, ...]) -> list[str]:
    return [condition.name for condition in where]
