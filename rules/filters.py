"""Which events pass the conditions on their properties, and when those that do enter or leave a window."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeAlias
from zoneinfo import ZoneInfo

from rules.conditions import compile_test
from rules.facts import NO_EVENTS, Facts
from rules.tree import PropertyCondition
from rules.values import reader
from rules.windows import Passages

# (properties of all events, indexes) -> the first of the indexes whose event passes, None when none does.
Find: TypeAlias = Callable[[Sequence[Mapping[str, object]], Iterable[int]], int | None]
# (facts, after, until, zone) -> the instants in (after, until] at which a leaf's answer may change.
FactTurns: TypeAlias = Callable[[Facts, int, int, ZoneInfo], Iterable[int]]

# (properties of all events, indexes) -> those of the indexes whose events pass, in the same order.
Filter: TypeAlias = Callable[[Sequence[Mapping[str, object]], Sequence[int]], Sequence[int]]


def compile_filter(where: tuple[PropertyCondition, ...]) -> Filter:
    """Every condition has to hold; without any, all events pass."""
    if not where:
        return lambda properties, indexes: indexes
    filters = [_property_filter(condition) for condition in where]
    if len(filters) == 1:
        return filters[0]

    def every(properties: Sequence[Mapping[str, object]], indexes: Sequence[int]) -> Sequence[int]:
        for each in filters:
            indexes = each(properties, indexes)
        return indexes

    return every


def _property_filter(condition: PropertyCondition) -> Filter:
    test = compile_test(condition.op, condition.values)
    if "." in condition.name:
        read = reader(condition.name)
        return lambda properties, indexes: [index for index in indexes if test(read(properties[index]))]
    # The usual case without a call to the reader: this line is most of the cost of an evaluation.
    name = condition.name
    return lambda properties, indexes: [index for index in indexes if test(properties[index].get(name))]


def compile_find(where: tuple[PropertyCondition, ...]) -> Find:
    """For those who need one event, not all."""
    if not where:
        return lambda properties, indexes: next(iter(indexes), None)
    tests = [(reader(condition.name), compile_test(condition.op, condition.values)) for condition in where]

    def find(properties: Sequence[Mapping[str, object]], indexes: Iterable[int]) -> int | None:
        for index in indexes:
            one = properties[index]
            if all(test(read(one)) for read, test in tests):
                return index
        return None

    return find


def compile_event_turns(name: str, passages: Passages, passing: Filter) -> FactTurns:
    """When the events of a name that pass enter or leave a window."""

    def turns(facts: Facts, after_ms: int, until_ms: int, zone: ZoneInfo) -> Iterable[int]:
        history = facts.events.get(name, NO_EVENTS)
        moved = passages(history.at_ms, after_ms, until_ms, zone)
        if not moved:
            return ()
        kept = frozenset(passing(history.properties, [index for index, _ in moved]))
        return [at_ms for index, at_ms in moved if index in kept]

    return turns
