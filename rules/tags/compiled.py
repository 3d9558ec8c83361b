"""Definitions made ready to run: the value that a tag has for a customer at an instant."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from math import fsum
from typing import TypeAlias, assert_never
from zoneinfo import ZoneInfo

from base.clock import MAX_MS, MIN_MS, iso
from rules.compiled import EventNode, compiled
from rules.days import day_of, days_beginning
from rules.facts import NO_EVENTS, EventHistory, Facts
from rules.filters import FactTurns
from rules.limits import MAX_TEXT_LENGTH
from rules.tags.definition import (
    Branch,
    Condition,
    Definition,
    FirstLast,
    Imported,
    Lifecycle,
    Manual,
    Preference,
    Rfm,
    Sql,
    Statistical,
    Take,
    Which,
    counts_days,
    is_over_everybody,
    rule_of,
)
from rules.tree import EventLeaf, Rule, Scalar
from rules.type_problems import ValueType
from rules.values import Number, as_number, as_time_ms, reader

TagValue: TypeAlias = Scalar | list[Scalar]
# (facts, now, zone) -> the value; None: there is none.
ValueOf: TypeAlias = Callable[[Facts, int, ZoneInfo], TagValue | None]


@dataclass(frozen=True, slots=True, eq=False)
class CompiledTag:
    """A definition, ready to run.

    Attributes:
        rule: reads what the tag reads, see `rule_of`.
        turns: when the value may change while facts stay as they are.
    """

    definition: Definition
    rule: Rule
    value: ValueOf
    turns: tuple[FactTurns, ...]


def compile_tag(definition: Definition, key: str = "") -> CompiledTag:
    """The compiled form of a checked definition.

    Args:
        key: of the tag, by which imported values are found.

    Raises:
        ValueError: nobody computes it of one customer: labels, and what `is_over_everybody`.
    """
    rule = rule_of(definition)
    turns = compiled(rule).turns
    if isinstance(definition, FirstLast) and counts_days(definition):
        turns = (*turns, _midnights(definition.events.name))
    return CompiledTag(definition, rule, _value_of(definition, key), turns)


def same_value(one: TagValue | None, other: TagValue | None) -> bool:
    """Whether two values are the same; Python holds True == 1, customers do not."""
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same_value, one, other))
    return one == other and (type(one) is bool) == (type(other) is bool)


def _value_of(definition: Definition, key: str) -> ValueOf:
    if is_over_everybody(definition):
        raise ValueError("computed of everybody at once")
    match definition:
        case Condition(branches) | Lifecycle(branches):
            return _first_branch(branches)
        case Statistical():
            return _statistical(definition)
        case Preference():
            return _preference(definition)
        case FirstLast():
            return _first_last(definition)
        case Imported():
            return _imported(key)
        case Manual() | Rfm() | Sql():
            raise ValueError("not computed of one customer")
        case _:
            assert_never(definition)


def _imported(key: str) -> ValueOf:
    def value(facts: Facts, now_ms: int, zone: ZoneInfo) -> TagValue | None:
        newest = facts.given.get(key)
        return None if newest is None else newest.value

    return value


def _first_branch(branches: Sequence[Branch]) -> ValueOf:
    tests = [(compiled(branch.rule).holds, branch.value) for branch in branches]

    def value(facts: Facts, now_ms: int, zone: ZoneInfo) -> TagValue | None:
        return next((given for holds, given in tests if holds(facts, now_ms, zone)), None)

    return value


def _node(leaf: EventLeaf) -> EventNode:
    node = compiled(leaf)
    assert isinstance(node, EventNode)
    return node


def _statistical(definition: Statistical) -> ValueOf:
    name, measured = definition.events.name, _node(definition.events).value
    layers = [
        (-float("inf") if layer.from_ is None else layer.from_, float("inf") if layer.to is None else layer.to, layer)
        for layer in definition.layers
    ]

    def raw(facts: Facts, now_ms: int, zone: ZoneInfo) -> Number | None:
        return measured(facts.events.get(name, NO_EVENTS), now_ms, zone)

    def layered(facts: Facts, now_ms: int, zone: ZoneInfo) -> TagValue | None:
        number = raw(facts, now_ms, zone)
        if number is None:
            return None
        return next((layer.value for low, high, layer in layers if low <= number < high), None)

    return layered if layers else raw


def _preference(definition: Preference) -> ValueOf:
    name, picks, top = definition.events.name, _node(definition.events).picks, definition.top
    read = reader(definition.property)
    amount = None if definition.sum is None else reader(definition.sum)

    def value(facts: Facts, now_ms: int, zone: ZoneInfo) -> TagValue | None:
        history = facts.events.get(name, NO_EVENTS)
        amounts: dict[tuple[int, Scalar], list[Number]] = {}
        for index in picks(history, now_ms, zone):
            properties = history.properties[index]
            key = _ranked(read(properties))
            number = 1 if amount is None else as_number(amount(properties))
            if key is not None and number is not None:
                amounts.setdefault(key, []).append(number)
        best = sorted((-_sum(numbers), *key) for key, numbers in amounts.items())
        return [value for _, _, value in best[:top]] or None

    return value


def _ranked(value: object) -> tuple[int, Scalar] | None:
    """A value with the place of its type, so that mixed ones have an order; None for what has no rank."""
    if type(value) is bool:
        return 0, value
    number = as_number(value)
    if number is not None:
        # 1 and 1.0 are one number, whichever came first.
        return 1, int(number) if number == int(number) else number
    return (2, value) if type(value) is str and 0 < len(value) <= MAX_TEXT_LENGTH else None


def _sum(numbers: Sequence[Number]) -> float:
    # As for SUM: rounded once, whatever the order.
    try:
        return fsum(numbers)
    except OverflowError:
        return float("inf")


def _first_last(definition: FirstLast) -> ValueOf:
    name, picks, first = definition.events.name, _node(definition.events).picks, definition.which is Which.FIRST
    take = _taker(definition)

    def value(facts: Facts, now_ms: int, zone: ZoneInfo) -> TagValue | None:
        history = facts.events.get(name, NO_EVENTS)
        picked = picks(history, now_ms, zone)
        return take(history, picked[0 if first else -1], now_ms, zone) if picked else None

    return value


def _taker(definition: FirstLast) -> Callable[[EventHistory, int, int, ZoneInfo], TagValue | None]:
    if definition.take is Take.TIME:
        # The nearest time that there is, at the ends of the calendar.
        return lambda history, index, now_ms, zone: iso(min(max(history.at_ms[index], MIN_MS), MAX_MS))
    if definition.take is Take.DAYS_SINCE:
        return lambda history, index, now_ms, zone: day_of(now_ms, zone) - day_of(history.at_ms[index], zone)
    read, of_type = reader(definition.property or ""), definition.property_type
    return lambda history, index, now_ms, zone: _typed(read(history.properties[index]), of_type)


def _typed(value: object, of_type: ValueType | None) -> Scalar | None:
    """A property as a value of that type; None for one of another type, or too long a text."""
    if of_type is ValueType.NUMBER:
        return as_number(value)
    if of_type is ValueType.BOOLEAN:
        return value if type(value) is bool else None
    if type(value) is not str or len(value) > MAX_TEXT_LENGTH:
        return None
    return value if of_type is ValueType.STRING or as_time_ms(value) is not None else None


def _midnights(name: str) -> FactTurns:
    """Every beginning of a day from the first event on."""

    def turns(facts: Facts, after_ms: int, until_ms: int, zone: ZoneInfo) -> Iterable[int]:
        times = facts.events.get(name, NO_EVENTS).at_ms
        if not bisect_right(times, until_ms):
            return ()
        return [start_ms for _, start_ms in days_beginning(max(after_ms, times[0] - 1), until_ms, zone)]

    return turns
