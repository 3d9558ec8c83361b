"""Windows over sorted event times: which events count at an instant, and at which instants that changes.

TRICKY: `compile_bounds`, `compile_passages` and `sweeps` are three readings of one table; a new window changes all.
| window | an event at t, on day d, enters at | and leaves at |
| none | t | never |
| between [a, b) | t, if a <= t < b | never |
| last L | t | t + L |
| last N days | t | the start of d + N |
| days ago from F to T | t, or the start of d + T if that is later | the start of d + F + 1 |
| periods of N days, the last P | t, then again at the start of d + N, d + 2 N … | the start of d + N P |
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence
from typing import TypeAlias, assert_never
from zoneinfo import ZoneInfo

from rules.days import day_of, day_start, days_beginning
from rules.tree import Between, DaysAgo, Last, LastDays, Window

# (now, zone) -> (first, last) of the times that count, both included; first None is no bound, last < first is none.
Bounds: TypeAlias = Callable[[int, ZoneInfo], tuple[int | None, int]]
# (event times, now, zone) -> [first, end) of the indexes that count.
Span: TypeAlias = Callable[[Sequence[int], int, ZoneInfo], tuple[int, int]]
# (event times, after, until, zone) -> (index, instant) pairs in no order.
Passages: TypeAlias = Callable[[Sequence[int], int, int, ZoneInfo], list[tuple[int, int]]]
# today -> the days whose events leave, enter or move on when today begins.
DaysMoved: TypeAlias = Callable[[int], Iterable[int]]


def compile_bounds(window: Window | None) -> Bounds:
    """The times of the events that count at an instant; events after the instant never do."""
    match window:
        case None:
            return lambda now_ms, zone: (None, now_ms)
        case Last(length_ms):
            return lambda now_ms, zone: (now_ms - length_ms + 1, now_ms)
        case LastDays(days):
            return lambda now_ms, zone: (day_start(day_of(now_ms, zone) - days + 1, zone), now_ms)
        case Between(from_ms, to_ms):
            return lambda now_ms, zone: (from_ms, min(now_ms, to_ms - 1))
        case DaysAgo(from_days, to_days):
            return _days_ago_bounds(from_days, to_days)
        case _:
            assert_never(window)


def _days_ago_bounds(from_days: int, to_days: int) -> Bounds:
    def bounds(now_ms: int, zone: ZoneInfo) -> tuple[int, int]:
        today = day_of(now_ms, zone)
        return day_start(today - from_days, zone), min(now_ms, day_start(today - to_days + 1, zone) - 1)

    return bounds


def compile_span(window: Window | None) -> Span:
    """Which events count at an instant."""
    bounds = compile_bounds(window)

    def span(times: Sequence[int], now_ms: int, zone: ZoneInfo) -> tuple[int, int]:
        first_ms, last_ms = bounds(now_ms, zone)
        first = 0 if first_ms is None else bisect_left(times, first_ms)
        return first, max(first, bisect_right(times, last_ms))

    return span


def compile_passages(window: Window | None) -> Passages:
    """Which events enter or leave the window in (after, until], and at which instants."""
    match window:
        case None:
            return _entering
        case Last(length_ms):
            return _last_passages(length_ms)
        case Between(from_ms, to_ms):
            return lambda times, after_ms, until_ms, zone: _entering(
                times, max(after_ms, from_ms - 1), min(until_ms, to_ms - 1), zone
            )
        case LastDays():
            return _daily_passages(_days_moved(window), by_own_time=True)
        case DaysAgo(_, to_days):
            return _daily_passages(_days_moved(window), by_own_time=to_days == 0)
        case _:
            assert_never(window)


def _entering(times: Sequence[int], after_ms: int, until_ms: int, zone: ZoneInfo) -> list[tuple[int, int]]:
    indexes = range(bisect_right(times, after_ms), bisect_right(times, until_ms))
    return [(index, times[index]) for index in indexes]


def _last_passages(length_ms: int) -> Passages:
    def passages(times: Sequence[int], after_ms: int, until_ms: int, zone: ZoneInfo) -> list[tuple[int, int]]:
        found = _entering(times, after_ms, until_ms, zone)
        leaving = range(bisect_right(times, after_ms - length_ms), bisect_right(times, until_ms - length_ms))
        if leaving:
            found += [(index, times[index] + length_ms) for index in leaving]
        return found

    return passages


def period_passages(days: int, last: int) -> Passages:
    """The same for the newest periods of calendar days, of which the first ends today: events move on by midnights."""
    return _daily_passages(_period_days_moved(days, last), by_own_time=True)


def _daily_passages(days_moved: DaysMoved, *, by_own_time: bool) -> Passages:
    def passages(times: Sequence[int], after_ms: int, until_ms: int, zone: ZoneInfo) -> list[tuple[int, int]]:
        if not times:
            return []
        found = _entering(times, after_ms, until_ms, zone) if by_own_time else []
        # No midnight before the first event matters: `after` may be long ago.
        for day, start_ms in days_beginning(max(after_ms, times[0] - 1), until_ms, zone):
            for moved in days_moved(day):
                first, end = bisect_left(times, day_start(moved, zone)), bisect_left(times, day_start(moved + 1, zone))
                found += [(index, start_ms) for index in range(first, end)]
        return found

    return passages


def sweeps(window: Window | None, after_ms: int, until_ms: int, zone: ZoneInfo) -> list[tuple[int, int]]:
    """(from, to] of the times of events that enter or leave in (after, until] otherwise than by their own time."""
    if isinstance(window, Last):
        return [(after_ms - window.length_ms, until_ms - window.length_ms)]
    if isinstance(window, LastDays | DaysAgo):
        return _daily_sweeps(_days_moved(window), after_ms, until_ms, zone)
    return []


def period_sweeps(days: int, last: int, after_ms: int, until_ms: int, zone: ZoneInfo) -> list[tuple[int, int]]:
    """The same for events that move from one of the newest periods to the next, or out of the last."""
    return _daily_sweeps(_period_days_moved(days, last), after_ms, until_ms, zone)


def _daily_sweeps(days_moved: DaysMoved, after_ms: int, until_ms: int, zone: ZoneInfo) -> list[tuple[int, int]]:
    return [
        (day_start(moved, zone) - 1, day_start(moved + 1, zone) - 1)
        for day, _ in days_beginning(after_ms, until_ms, zone)
        for moved in days_moved(day)
    ]


def _days_moved(window: LastDays | DaysAgo) -> DaysMoved:
    if isinstance(window, LastDays):
        days = window.days
        return lambda today: (today - days,)
    leaving, entering = window.from_days + 1, window.to_days
    if entering > 0:
        return lambda today: (today - leaving, today - entering)
    return lambda today: (today - leaving,)


def _period_days_moved(days: int, last: int) -> DaysMoved:
    return lambda today: range(today - days, today - days * last - 1, -days)
