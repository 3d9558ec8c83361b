"""Habits as aggregates of the times of events; the table in `rules/habits.py` says what each means."""

from __future__ import annotations

from itertools import pairwise
from typing import assert_never

from analytics.query.expressions import Condition, Table, mark, total_of
from analytics.query.gathering import Gathering, Part
from analytics.query.leaves import NOBODY, passing, times_of
from analytics.query.passes import Pass, Times
from rules.days import day_of, day_start
from rules.tree import FirstTime, HabitLeaf, Regularly, Restarted, Stopped, Window


def habit_part(leaf: HabitLeaf, gathering: Gathering) -> Part:
    """How the occurrences of an event lie in time."""
    events = gathering.events(leaf.name)
    if events is None:
        return NOBODY
    passes = passing(leaf.name, leaf.where, events.rows, gathering)
    keys, at_ms = frozenset({events.key}), events.rows.at

    def newest(times: Times) -> str:
        return events.gather(passes, lambda where: at_ms.max(where=where), times)

    match leaf.habit:
        case FirstTime(window):
            times = times_of(window, gathering)
            first = events.gather(passes, lambda where: at_ms.min(where=where), times_of(None, gathering))
            return Part(lambda customers: times.hold(customers[first]), keys)
        case Stopped(window, recent):
            last, recent_ms = newest(times_of(window, gathering)), _start_ms(recent, gathering)
            return Part(lambda customers: customers[last] < recent_ms, keys)
        case Restarted(window, recent):
            start_ms, recent_ms = _start_ms(window, gathering), _start_ms(recent, gathering)
            last, before = newest(times_of(None, gathering)), newest(Times(None, recent_ms - 1))
            return Part(lambda customers: (customers[last] >= recent_ms) & (customers[before] < start_ms), keys)
        case Regularly():
            return _regularly(leaf.habit, events, passes, gathering)
        case _:
            assert_never(leaf.habit)


def _regularly(habit: Regularly, events: Pass, passes: Condition, gathering: Gathering) -> Part:
    now_ms, zone = gathering.asked.now_ms, gathering.asked.zone
    first_day = day_of(now_ms, zone) + 1 - habit.days * habit.last
    starts_ms = [day_start(first_day + habit.days * period, zone) for period in range(habit.last)]
    counts = [
        events.gather(passes, lambda where: events.rows.customer.count(where=where), Times(start_ms, end_ms - 1))
        for start_ms, end_ms in pairwise([*starts_ms, now_ms + 1])
    ]

    def answer(customers: Table) -> Condition:
        return total_of([mark(customers[count] >= habit.times, 1) for count in counts]) >= habit.at_least

    return Part(answer, frozenset({events.key}))


def _start_ms(window: Window, gathering: Gathering) -> int:
    start_ms = times_of(window, gathering).first_ms
    if start_ms is None:
        raise ValueError("a window without a beginning")
    return start_ms
