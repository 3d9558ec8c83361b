"""Conditions on times that look from the present instant: their answer changes while the value stays.

TRICKY: `compile_relative_test`, `compile_turns` and `relative_sweeps` are three readings of one table.
| operator | a value of instant t holds from | until before |
| WITHIN_LAST d | t | t + d |
| WITHIN_NEXT d | t - d | t |
| MORE_THAN_AGO d | t + d | for ever |
| ANNIVERSARY_WITHIN_NEXT n days | the start of the anniversary's day - n + 1 | the start of the day after it |
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Final, TypeAlias
from zoneinfo import ZoneInfo

from base.clock import MIN_MS
from rules.days import EPOCH_DAY, day_of, day_start, days_beginning, next_day_start
from rules.durations import DAY_MS, parse_duration_ms
from rules.operators import Operator
from rules.tree import AttributeLeaf, TagLeaf
from rules.values import as_plain_date, as_time_ms

RelativeLeaf: TypeAlias = AttributeLeaf | TagLeaf
RelativeTest: TypeAlias = Callable[[object, int, ZoneInfo], bool]
# (value, after, until, zone) -> the instants in (after, until] at which the answer may change.
Turns: TypeAlias = Callable[[object, int, int, ZoneInfo], list[int]]

# Nearly nobody was born earlier; dates before this year share one range in a sweep.
_FIRST_ANNIVERSARY_YEAR: Final = 1900


def compile_relative_test(leaf: RelativeLeaf) -> RelativeTest:
    """The test of an operator that looks from `now`; its answer changes exactly at whole milliseconds.

    Raises:
        ValueError: not a relative operator, or a bad duration.
    """
    op, length_ms = leaf.op, _length_ms(leaf)
    if op is Operator.ANNIVERSARY_WITHIN_NEXT:
        return _anniversary(length_ms // DAY_MS)

    def within_last(value: object, now_ms: int, zone: ZoneInfo) -> bool:
        at_ms = as_time_ms(value)
        return at_ms is not None and now_ms - length_ms < at_ms <= now_ms

    def within_next(value: object, now_ms: int, zone: ZoneInfo) -> bool:
        at_ms = as_time_ms(value)
        return at_ms is not None and now_ms < at_ms <= now_ms + length_ms

    def more_than_ago(value: object, now_ms: int, zone: ZoneInfo) -> bool:
        at_ms = as_time_ms(value)
        return at_ms is not None and at_ms <= now_ms - length_ms

    if op is Operator.WITHIN_LAST:
        return within_last
    if op is Operator.WITHIN_NEXT:
        return within_next
    if op is Operator.MORE_THAN_AGO:
        return more_than_ago
    raise ValueError(f"{op} does not depend on the present instant")


def compile_turns(leaf: RelativeLeaf) -> Turns:
    """When the answer of a relative condition may change while the value stays."""
    if leaf.op is Operator.ANNIVERSARY_WITHIN_NEXT:
        return _anniversary_turns(_length_ms(leaf) // DAY_MS)
    shifts = _shifts(leaf)

    def turns(value: object, after_ms: int, until_ms: int, zone: ZoneInfo) -> list[int]:
        at_ms = as_time_ms(value)
        if at_ms is None:
            return []
        return [at_ms + shift_ms for shift_ms in shifts if after_ms < at_ms + shift_ms <= until_ms]

    return turns


def relative_sweeps(leaf: RelativeLeaf, after_ms: int, until_ms: int, zone: ZoneInfo) -> list[tuple[int, int]]:
    """(from, to] of the instants of values for which the answer may change in (after, until]."""
    if leaf.op is not Operator.ANNIVERSARY_WITHIN_NEXT:
        return [(after_ms - shift_ms, until_ms - shift_ms) for shift_ms in _shifts(leaf)]
    ranges: list[tuple[int, int]] = []
    reach = _length_ms(leaf) // DAY_MS
    for today, _ in days_beginning(after_ms, until_ms, zone):
        # Yesterday's anniversaries leave, and those of the last day in reach enter.
        for moved in (date_of(today - 1), date_of(today + reach - 1)):
            ranges.append((MIN_MS - 1, _range_of(date(_FIRST_ANNIVERSARY_YEAR, 1, 1), zone)[0]))
            years = range(_FIRST_ANNIVERSARY_YEAR, moved.year + 1)
            ranges.extend(_range_of(anniversary_in(year, moved), zone) for year in years)
    return ranges


def _length_ms(leaf: RelativeLeaf) -> int:
    return parse_duration_ms(str(leaf.values[0]))


def _shifts(leaf: RelativeLeaf) -> tuple[int, ...]:
    """How long after a value's instant the answer of a sliding condition changes."""
    length_ms = _length_ms(leaf)
    if leaf.op is Operator.WITHIN_LAST:
        return (0, length_ms)
    if leaf.op is Operator.WITHIN_NEXT:
        return (-length_ms, 0)
    return (length_ms,)


def anniversary_in(year: int, of: date) -> date:
    """The anniversary in a year; of 29 February in a common year, 28 February."""
    try:
        return of.replace(year=year)
    except ValueError:
        return date(year, 2, 28)


def day_named(value: object, zone: ZoneInfo) -> date | None:
    """The calendar day of a value: of `1990-05-17` that day in every zone, of an instant its day in the zone."""
    plain = as_plain_date(value)
    if plain is not None:
        return plain
    at_ms = as_time_ms(value)
    return None if at_ms is None else date_of(day_of(at_ms, zone))


def date_of(day: int) -> date:
    """The date of a day, the nearest one that there is at the ends of the calendar."""
    return date.fromordinal(min(max(day, date.min.toordinal()), date.max.toordinal()))


def _anniversary(day_count: int) -> RelativeTest:
    def due(value: object, now_ms: int, zone: ZoneInfo) -> bool:
        of = day_named(value, zone)
        if of is None:
            return False
        today = date_of(day_of(now_ms, zone))
        year = today.year
        # A year has at most 366 days and so has the reach, hence this year's or the next year's is the nearest.
        for candidate in (year, year + 1):
            if of.year <= candidate <= date.max.year:
                days_ahead = (anniversary_in(candidate, of) - today).days
                if 0 <= days_ahead < day_count:
                    return True
        return False

    return due


def _anniversary_turns(reach: int) -> Turns:
    def turns(value: object, after_ms: int, until_ms: int, zone: ZoneInfo) -> list[int]:
        if next_day_start(after_ms, zone) > until_ms:
            return []
        of = day_named(value, zone)
        if of is None:
            return []
        found: list[int] = []
        first_year, last_year = (date_of(day_of(at_ms, zone)).year for at_ms in (after_ms, until_ms))
        for year in range(max(of.year, first_year - 1), min(last_year + 1, date.max.year) + 1):
            day = anniversary_in(year, of).toordinal()
            turning = day_start(day - reach + 1, zone), day_start(day + 1, zone)
            found += [at_ms for at_ms in turning if after_ms < at_ms <= until_ms]
        return found

    return turns


def _range_of(day: date, zone: ZoneInfo) -> tuple[int, int]:
    """(from, to] of the instants of values that name this day, in the zone or as a plain date."""
    first = day.toordinal()
    # 29 February is celebrated on the 28th in common years.
    last = first + 1 if (day.month, day.day) == (2, 28) else first
    start_ms = min(day_start(first, zone), (first - EPOCH_DAY) * DAY_MS)
    end_ms = max(day_start(last + 1, zone), (last + 1 - EPOCH_DAY) * DAY_MS)
    return start_ms - 1, end_ms - 1
