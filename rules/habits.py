"""Habits: an event for the first time, no longer, again after a pause, or regularly. The filter comes first.

TRICKY: `_compile_test`, `_compile_turns` and `habit_sweeps` are three readings of one table; a new habit changes all.
| habit | holds while | may turn when |
| first time | the first event ever lies in the window | that event happens, enters or leaves the window |
| stopped | the newest event lies in the window, but not in its recent part | an event enters or leaves one of the two |
| restarted | there is one before the window and one in its recent part, none between | likewise |
| regularly | enough of the periods have enough events | an event happens or, at a midnight, moves on by a period |
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias, assert_never
from zoneinfo import ZoneInfo

from base.clock import MAX_MS, MIN_MS, iso
from rules.days import day_of, day_start
from rules.facts import NO_EVENTS, EventHistory, Facts
from rules.filters import FactTurns, compile_event_turns, compile_filter, compile_find
from rules.tree import FirstTime, HabitLeaf, Regularly, Restarted, Stopped, Window
from rules.windows import Passages, compile_passages, compile_span, period_passages, period_sweeps, sweeps

HabitTest: TypeAlias = Callable[[EventHistory, int, ZoneInfo], bool]


@dataclass(frozen=True, slots=True)
class Seen:
    """What an explanation says of a habit.

    Attributes:
        value: ISO 8601 time of the first event for `first time`, of the newest one for `stopped` and `restarted`; the
            number of periods that have enough events for `regularly`. None: there is no such event.
        indexes: of the events that count, ascending.
    """

    value: str | int | None
    indexes: Sequence[int]


def compile_habit(leaf: HabitLeaf) -> tuple[HabitTest, tuple[FactTurns, ...]]:
    """The answer of a habit for the events of its name, and when it may change."""
    return _compile_test(leaf), _compile_turns(leaf)


def _compile_test(leaf: HabitLeaf) -> HabitTest:
    match leaf.habit:
        case FirstTime(window):
            return _first_time(leaf, window)
        case Stopped(window, recent):
            return _stopped(leaf, window, recent)
        case Restarted(window, recent):
            return _restarted(leaf, window, recent)
        case Regularly():
            return _regularly(leaf, leaf.habit)
        case _:
            assert_never(leaf.habit)


def _first_time(leaf: HabitLeaf, window: Window) -> HabitTest:
    find, span = compile_find(leaf.where), compile_span(window)

    def holds(history: EventHistory, now_ms: int, zone: ZoneInfo) -> bool:
        start, end = span(history.at_ms, now_ms, zone)
        first = find(history.properties, range(end)) if start < end else None
        return first is not None and first >= start

    return holds


def _stopped(leaf: HabitLeaf, window: Window, recent: Window) -> HabitTest:
    find, span, recent_span = compile_find(leaf.where), compile_span(window), compile_span(recent)

    def holds(history: EventHistory, now_ms: int, zone: ZoneInfo) -> bool:
        start, end = span(history.at_ms, now_ms, zone)
        newest = find(history.properties, range(end - 1, start - 1, -1))
        return newest is not None and newest < recent_span(history.at_ms, now_ms, zone)[0]

    return holds


def _restarted(leaf: HabitLeaf, window: Window, recent: Window) -> HabitTest:
    find, span, recent_span = compile_find(leaf.where), compile_span(window), compile_span(recent)

    def holds(history: EventHistory, now_ms: int, zone: ZoneInfo) -> bool:
        start, end = span(history.at_ms, now_ms, zone)
        again = recent_span(history.at_ms, now_ms, zone)[0]
        if not start or again == end or find(history.properties, range(again, end)) is None:
            return False
        before = find(history.properties, range(again - 1, -1, -1))
        return before is not None and before < start

    return holds


def _regularly(leaf: HabitLeaf, habit: Regularly) -> HabitTest:
    passing = compile_filter(leaf.where)

    def holds(history: EventHistory, now_ms: int, zone: ZoneInfo) -> bool:
        missing, left = habit.at_least, habit.last
        for end, start in pairwise(_ends(habit, history, now_ms, zone)):
            if end - start >= habit.times and len(passing(history.properties, range(start, end))) >= habit.times:
                missing -= 1
            left -= 1
            if not missing or missing > left:
                break
        return not missing

    return holds


def _ends(habit: Regularly, history: EventHistory, now_ms: int, zone: ZoneInfo) -> Iterable[int]:
    """Indexes that part the periods, the newest first: behind the newest event, then where each period begins."""
    yield bisect_right(history.at_ms, now_ms)
    first_day = day_of(now_ms, zone) + 1
    for _ in range(habit.last):
        first_day -= habit.days
        yield bisect_left(history.at_ms, day_start(first_day, zone))


def _compile_turns(leaf: HabitLeaf) -> tuple[FactTurns, ...]:
    match leaf.habit:
        case FirstTime(window):
            return (_first_time_turns(leaf, compile_passages(window)),)
        case Stopped(window, recent) | Restarted(window, recent):
            passages = [compile_passages(window), compile_passages(recent)]
        case Regularly(days, last):
            passages = [period_passages(days, last)]
        case _:
            assert_never(leaf.habit)
    passing = compile_filter(leaf.where)
    return tuple(compile_event_turns(leaf.name, each, passing) for each in passages)


def _first_time_turns(leaf: HabitLeaf, passages: Passages) -> FactTurns:
    name, find = leaf.name, compile_find(leaf.where)

    def turns(facts: Facts, after_ms: int, until_ms: int, zone: ZoneInfo) -> Iterable[int]:
        history = facts.events.get(name, NO_EVENTS)
        first = find(history.properties, range(len(history)))
        if first is None:
            return ()
        times = history.at_ms[first : first + 1]
        found = [at_ms for _, at_ms in passages(times, after_ms, until_ms, zone)]
        # An event that comes late and is the new first one ends what held of another, wherever the window lies.
        return found + [at_ms for at_ms in times if after_ms < at_ms <= until_ms]

    return turns


def habit_sweeps(leaf: HabitLeaf, after_ms: int, until_ms: int, zone: ZoneInfo) -> list[tuple[int, int]]:
    """(from, to] of the times of events by which an answer may change in (after, until], their own time left out."""
    match leaf.habit:
        case FirstTime(window):
            return sweeps(window, after_ms, until_ms, zone)
        case Stopped(window, recent) | Restarted(window, recent):
            return sweeps(window, after_ms, until_ms, zone) + sweeps(recent, after_ms, until_ms, zone)
        case Regularly(days, last):
            return period_sweeps(days, last, after_ms, until_ms, zone)
        case _:
            assert_never(leaf.habit)


def seen_of(leaf: HabitLeaf, history: EventHistory, now_ms: int, zone: ZoneInfo) -> Seen:
    """The reasons for an answer."""
    passing = compile_filter(leaf.where)
    if isinstance(leaf.habit, Regularly):
        counted = [
            passing(history.properties, range(start, end))
            for end, start in pairwise(_ends(leaf.habit, history, now_ms, zone))
        ]
        enough = sum(len(each) >= leaf.habit.times for each in counted)
        return Seen(enough, [index for each in reversed(counted) for index in each])
    happened = passing(history.properties, range(bisect_right(history.at_ms, now_ms)))
    if not happened:
        return Seen(None, ())
    if isinstance(leaf.habit, FirstTime):
        return Seen(_told(history.at_ms[happened[0]]), happened[:1])
    return Seen(_told(history.at_ms[happened[-1]]), happened)


def _told(at_ms: int) -> str:
    """The time as text, the nearest one that there is at the ends of the calendar."""
    return iso(min(max(at_ms, MIN_MS), MAX_MS))
