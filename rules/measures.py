"""What is computed over the events that count. Filter first, then measure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import fsum
from typing import TypeAlias, assert_never
from zoneinfo import ZoneInfo

from rules.days import next_day_start
from rules.facts import EventHistory
from rules.operators import MeasureKind
from rules.tree import Measure
from rules.values import Number, as_number, reader

# (history, ascending indexes that count, zone) -> the number, None for no value.
MeasureOf: TypeAlias = Callable[[EventHistory, Sequence[int], ZoneInfo], Number | None]
# (properties of all events, indexes) -> the property's value in each of these events.
Column: TypeAlias = Callable[[Sequence[Mapping[str, object]], Sequence[int]], list[object]]


def compile_measure(measure: Measure) -> MeasureOf:
    """The measure's function; of nothing COUNT and both DISTINCT are 0 and the others have no value.

    Properties of another type than the measure needs are passed over.
    """
    match measure.kind:
        case MeasureKind.COUNT:
            return lambda history, picked, zone: len(picked)
        case MeasureKind.DISTINCT_DAYS:
            return _distinct_days
        case MeasureKind.DISTINCT:
            return _distinct(_column(measure))
        case MeasureKind.SUM:
            return _of_numbers(_column(measure), _sum)
        case MeasureKind.AVG:
            return _of_numbers(_column(measure), _mean)
        case MeasureKind.MIN:
            return _of_numbers(_column(measure), min)
        case MeasureKind.MAX:
            return _of_numbers(_column(measure), max)
        case _:
            assert_never(measure.kind)


def _column(measure: Measure) -> Column:
    name = measure.property
    if name is None:
        raise ValueError(f"{measure.kind} without a property")
    if "." in name:
        read = reader(name)
        return lambda properties, picked: [read(properties[index]) for index in picked]
    return lambda properties, picked: [properties[index].get(name) for index in picked]


def _distinct_days(history: EventHistory, picked: Sequence[int], zone: ZoneInfo) -> int:
    days, day_end_ms = 0, None
    for index in picked:
        at_ms = history.at_ms[index]
        if day_end_ms is None or at_ms >= day_end_ms:
            days += 1
            day_end_ms = next_day_start(at_ms, zone)
    return days


def _distinct(column: Column) -> MeasureOf:
    def distinct(history: EventHistory, picked: Sequence[int], zone: ZoneInfo) -> int:
        seen: set[tuple[bool, object]] = set()
        for value in column(history.properties, picked):
            if type(value) is str or type(value) is bool:
                # Python holds True == 1; the flag keeps booleans and numbers apart.
                seen.add((type(value) is bool, value))
            elif (number := as_number(value)) is not None:
                seen.add((False, number))
        return len(seen)

    return distinct


def _of_numbers(column: Column, reduce: Callable[[list[Number]], Number | None]) -> MeasureOf:
    def measured(history: EventHistory, picked: Sequence[int], zone: ZoneInfo) -> Number | None:
        values = column(history.properties, picked)
        numbers = [number for value in values if (number := as_number(value)) is not None]
        return reduce(numbers) if numbers else None

    return measured


def _sum(numbers: list[Number]) -> Number | None:
    # fsum rounds once, so the sum does not depend on the order in which events arrived.
    try:
        return fsum(numbers)
    except OverflowError:
        return None


def _mean(numbers: list[Number]) -> Number | None:
    total = _sum(numbers)
    return None if total is None else total / len(numbers)
