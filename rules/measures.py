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
Read: TypeAlias = Callable[[Mapping[str, object]], object]


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
            return _distinct(_reader_of(measure))
        case MeasureKind.SUM:
            return _of_numbers(_reader_of(measure), _sum)
        case MeasureKind.AVG:
            return _of_numbers(_reader_of(measure), _mean)
        case MeasureKind.MIN:
            return _of_numbers(_reader_of(measure), min)
        case MeasureKind.MAX:
            return _of_numbers(_reader_of(measure), max)
        case _:
            assert_never(measure.kind)


def _reader_of(measure: Measure) -> Read:
    if measure.property is None:
        raise ValueError(f"{measure.kind} without a property")
    return reader(measure.property)


def _distinct_days(history: EventHistory, picked: Sequence[int], zone: ZoneInfo) -> int:
    days, day_end_ms = 0, None
    for index in picked:
        at_ms = history.at_ms[index]
        if day_end_ms is None or at_ms >= day_end_ms:
            days += 1
            day_end_ms = next_day_start(at_ms, zone)
    return days


def _distinct(read: Read) -> MeasureOf:
    def distinct(history: EventHistory, picked: Sequence[int], zone: ZoneInfo) -> int:
        properties = history.properties
        seen: set[tuple[bool, object]] = set()
        for index in picked:
            value = read(properties[index])
            if type(value) is str or type(value) is bool:
                # Python holds True == 1; the flag keeps booleans and numbers apart.
                seen.add((value is True or value is False, value))
            elif (number := as_number(value)) is not None:
                seen.add((False, number))
        return len(seen)

    return distinct


def _of_numbers(read: Read, reduce: Callable[[list[Number]], Number | None]) -> MeasureOf:
    def measured(history: EventHistory, picked: Sequence[int], zone: ZoneInfo) -> Number | None:
        properties = history.properties
        numbers = [number for index in picked if (number := as_number(read(properties[index]))) is not None]
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
