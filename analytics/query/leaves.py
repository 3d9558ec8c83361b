"""What each condition of a rule gathers, and its answer from that."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, assert_never

from analytics.query.conditions import condition
from analytics.query.days import day_expression
from analytics.query.expressions import FALSE, TRUE, Condition, Table, Value, all_of, finite, or_else, total_of
from analytics.query.gathering import Gathering, Joined, Part
from analytics.query.passes import Aggregate, Pass, Times
from analytics.store.spread import Kind
from rules.conditions import compile_test
from rules.operators import MeasureKind, Operator
from rules.tree import AttributeLeaf, EventLeaf, PropertyCondition, TagLeaf, Window
from rules.windows import compile_bounds

# Of no event these are 0; the others have no value.
_COUNTING: Final = frozenset({MeasureKind.COUNT, MeasureKind.DISTINCT_DAYS, MeasureKind.DISTINCT})
# Kinds whose values are told apart by DISTINCT.
_DISTINCT: Final = (Kind.TEXT, Kind.NUMBER, Kind.FLAG)
NOBODY: Final = Part(lambda customers: FALSE)
EVERYBODY: Final = Part(lambda customers: TRUE)


def attribute_part(leaf: AttributeLeaf, gathering: Gathering) -> Part:
    """A condition on an attribute."""
    if leaf.op is Operator.ANNIVERSARY_WITHIN_NEXT:
        day = gathering.day_of_attribute(leaf.name)
        return NOBODY if day is None else _joined_part(leaf, day, gathering)

    def answer(customers: Table) -> Condition:
        return condition(gathering.tables.attribute(customers, leaf.name), leaf.op, leaf.values, gathering.asked)

    return Part(answer)


def tag_part(leaf: TagLeaf, gathering: Gathering) -> Part:
    """A condition on a tag's value."""
    if leaf.op is Operator.ANNIVERSARY_WITHIN_NEXT:
        return _joined_part(leaf, gathering.day_of_tag(leaf.key), gathering)
    return _joined_part(leaf, gathering.tag(leaf.key), gathering)


def _joined_part(leaf: AttributeLeaf | TagLeaf, value: Joined, gathering: Gathering) -> Part:
    def answer(customers: Table) -> Condition:
        return condition(value.cells(customers), leaf.op, leaf.values, gathering.asked)

    return Part(answer, frozenset() if leaf.op is Operator.NOT_SET else frozenset({value.key}))


def segment_part(key: str, gathering: Gathering) -> Part:
    """Membership of a segment."""
    members = gathering.members()
    mask = members.rows.segment == gathering.asked.engine.text(key)
    count = members.gather(mask, lambda where: members.rows.customer.count(where=where))
    return Part(lambda customers: customers[count] > 0, frozenset({members.key}))


def event_part(leaf: EventLeaf, gathering: Gathering) -> Part:
    """A measure of events, compared."""
    measure = measured(leaf, gathering)
    holds_of_nothing = compile_test(leaf.op, leaf.values)(of_nothing(leaf))
    if measure is None:
        return EVERYBODY if holds_of_nothing else NOBODY

    def answer(customers: Table) -> Condition:
        value = measure.value(customers)
        if holds_of_nothing and of_nothing(leaf) is not None:
            value = or_else(value, of_nothing(leaf))
        return condition({Kind.NUMBER: value}, leaf.op, leaf.values, gathering.asked)

    return Part(answer, frozenset() if holds_of_nothing else frozenset({measure.key}))


def of_nothing(leaf: EventLeaf) -> int | None:
    """What a measure is of no event; None: it has no value."""
    return 0 if leaf.measure.kind in _COUNTING else None


@dataclass(frozen=True, slots=True)
class Measured:
    """A number of the customers that have a row in the table of `key`; null where it has none, or is out of range."""

    value: Callable[[Table], Value]
    key: str


def measured(leaf: EventLeaf, gathering: Gathering) -> Measured | None:
    """What is measured of events; None where no event ever had what it measures."""
    events, times = gathering.events(leaf.name), times_of(leaf.window, gathering)
    aggregate = None if events is None else _aggregate(leaf, events, times, gathering)
    if events is None or aggregate is None:
        return None
    column = events.gather(passing(leaf.name, leaf.where, events.rows, gathering), aggregate, times)
    counts = leaf.measure.kind in _COUNTING
    return Measured(lambda customers: customers[column] if counts else finite(customers[column]), events.key)


def times_of(window: Window | None, gathering: Gathering) -> Times:
    """The times of the events that count in a window."""
    return Times(*compile_bounds(window)(gathering.asked.now_ms, gathering.asked.zone))


def passing(name: str, where: tuple[PropertyCondition, ...], events: Table, gathering: Gathering) -> Condition:
    """Which rows of the events of a name pass every condition."""
    return all_of(
        [
            condition(gathering.tables.property(events, name, one.name), one.op, one.values, gathering.asked)
            for one in where
        ]
    )


def _aggregate(leaf: EventLeaf, events: Pass, times: Times, gathering: Gathering) -> Aggregate | None:
    """How a measure is computed; None where no event ever had what it measures."""
    rows, measure, engine = events.rows, leaf.measure, gathering.asked.engine
    if measure.kind is MeasureKind.COUNT:
        return lambda where: rows.customer.count(where=where)
    if measure.kind is MeasureKind.DISTINCT_DAYS:
        day = day_expression(rows.at, times.first_ms, times.last_ms, gathering.asked.zone)
        return lambda where: engine.distinct(day, where=where)
    if measure.property is None:
        raise ValueError(f"{measure.kind} without a property")
    cells = gathering.tables.property(rows, leaf.name, measure.property)
    if measure.kind is MeasureKind.DISTINCT:
        values = [cells[kind] for kind in _DISTINCT if kind in cells]
        return (lambda where: total_of([engine.distinct(each, where=where) for each in values])) if values else None
    if Kind.NUMBER not in cells:
        return None
    numbers = cells[Kind.NUMBER]
    match measure.kind:
        case MeasureKind.SUM:
            return lambda where: engine.total(numbers, where=where)
        case MeasureKind.AVG:
            return lambda where: engine.total(numbers, where=where) / numbers.count(where=where)
        case MeasureKind.MIN:
            return lambda where: numbers.min(where=where)
        case MeasureKind.MAX:
            return lambda where: numbers.max(where=where)
        case _:
            assert_never(measure.kind)
