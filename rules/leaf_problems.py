"""What is wrong with one leaf, whatever names exist: names, values per operator, measures, windows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import assert_never

from rules.durations import DAY_MS
from rules.limits import MAX_NAME_LENGTH, MAX_PERIODS, MAX_STEPS, MAX_WHERE, MAX_WINDOW_DAYS, MIN_STEPS
from rules.operators import MEASURE_OPERATORS, MEASURES_OF_A_PROPERTY, RELATIVE_OPERATORS
from rules.problems import Problem, text_fault, value_problems, window_problems
from rules.tree import (
    AttributeLeaf,
    EventLeaf,
    FirstTime,
    Habit,
    HabitLeaf,
    Last,
    LastDays,
    Leaf,
    ListLeaf,
    PropertyCondition,
    Regularly,
    Restarted,
    SegmentLeaf,
    SequenceLeaf,
    Stopped,
    TagLeaf,
    Window,
)


def leaf_problems(leaf: Leaf, where: str) -> Iterator[Problem]:
    """The problems of a leaf in written order.

    Args:
        where: the path of the leaf's body.
    """
    match leaf:
        case AttributeLeaf():
            yield from name_problems(leaf.name, f"{where}.name")
            yield from value_problems(leaf.op, leaf.values, where)
        case TagLeaf():
            yield from name_problems(leaf.key, f"{where}.key")
            yield from value_problems(leaf.op, leaf.values, where)
        case EventLeaf():
            yield from _event_problems(leaf, where)
        case SequenceLeaf():
            yield from _sequence_problems(leaf, where)
        case HabitLeaf():
            yield from name_problems(leaf.name, f"{where}.name")
            yield from _where_problems(leaf.where, f"{where}.where")
            yield from _habit_problems(leaf.habit, where)
        case SegmentLeaf() | ListLeaf():
            yield from name_problems(leaf.key, where)
        case _:
            assert_never(leaf)


def _event_problems(leaf: EventLeaf, where: str) -> Iterator[Problem]:
    yield from name_problems(leaf.name, f"{where}.name")
    yield from _where_problems(leaf.where, f"{where}.where")
    measure = leaf.measure
    if measure.kind in MEASURES_OF_A_PROPERTY:
        if measure.property is None:
            yield Problem(f"{where}.measure.property", f"{measure.kind} needs a property.", None)
        else:
            yield from name_problems(measure.property, f"{where}.measure.property")
    elif measure.property is not None:
        yield Problem(f"{where}.measure.property", f"{measure.kind} takes no property.", "Leave it out.")
    if leaf.op not in MEASURE_OPERATORS:
        allowed = ", ".join(sorted(MEASURE_OPERATORS))
        yield Problem(f"{where}.op", "A measure is compared as a number.", f"Use one of {allowed}.")
    else:
        yield from value_problems(leaf.op, leaf.values, where, numbers_only=True)
    yield from window_problems(leaf.window, f"{where}.window")


def _sequence_problems(leaf: SequenceLeaf, where: str) -> Iterator[Problem]:
    filled = sum(not step.negated for step in leaf.steps)
    if not MIN_STEPS <= filled <= MAX_STEPS:
        yield Problem(
            f"{where}.steps",
            f"A sequence has {MIN_STEPS} to {MAX_STEPS} steps, those with `not` left out.",
            "Ask for a single event with {event: …}.",
        )
        return
    for position, step in enumerate(leaf.steps):
        here = f"{where}.steps.{position}"
        yield from name_problems(step.event, f"{here}.event")
        yield from _where_problems(step.where, f"{here}.where")
        if step.negated and not _between_steps(leaf, position):
            yield Problem(
                f"{here}.not",
                "What must not happen stands alone between two steps.",
                "Put it between them, or use {not: …} around a condition on the event.",
            )
    if not 0 < leaf.within_ms <= MAX_WINDOW_DAYS * DAY_MS:
        yield Problem(f"{where}.within", f"A duration is at most {MAX_WINDOW_DAYS} days long.", None)
    yield from window_problems(leaf.window, f"{where}.window")


def _habit_problems(habit: Habit, where: str) -> Iterator[Problem]:
    match habit:
        case FirstTime(window):
            yield from window_problems(window, f"{where}.window")
        case Stopped(window, recent) | Restarted(window, recent):
            faults = [*window_problems(window, f"{where}.window"), *window_problems(recent, f"{where}.recent")]
            if not faults and not _is_recent_part(recent, window):
                message = "The recent part is of the same kind as the window, `last` or `lastDays`, and shorter."
                hint = "Write for example window: {lastDays: 30} and recent: {lastDays: 7}."
                faults.append(Problem(f"{where}.recent", message, hint))
            yield from faults
        case Regularly():
            yield from _periods_problems(habit, f"{where}.periods")
        case _:
            assert_never(habit)


def _is_recent_part(recent: Window, window: Window) -> bool:
    if isinstance(recent, Last) and isinstance(window, Last):
        return recent.length_ms < window.length_ms
    return isinstance(recent, LastDays) and isinstance(window, LastDays) and recent.days < window.days


def _periods_problems(habit: Regularly, where: str) -> Iterator[Problem]:
    if not 1 <= habit.last <= MAX_PERIODS:
        yield Problem(f"{where}.last", f"The number of periods is 1 to {MAX_PERIODS}.", None)
    elif habit.days < 1 or habit.days * habit.last > MAX_WINDOW_DAYS:
        yield Problem(f"{where}.days", f"All periods together are 1 to {MAX_WINDOW_DAYS} days long.", None)
    elif not 1 <= habit.at_least <= habit.last:
        yield Problem(f"{where}.atLeast", "This is 1 to the number of periods.", None)
    elif habit.times < 1:
        yield Problem(f"{where}.times", "This is 1 or more.", "Use {not: …} for those who did not.")


def _between_steps(leaf: SequenceLeaf, position: int) -> bool:
    last = len(leaf.steps) - 1
    return 0 < position < last and not leaf.steps[position - 1].negated and not leaf.steps[position + 1].negated


def _where_problems(conditions: tuple[PropertyCondition, ...], where: str) -> Iterator[Problem]:
    if len(conditions) > MAX_WHERE:
        yield Problem(where, f"At most {MAX_WHERE} conditions on properties.", "Use IN for values.")
        return
    for position, condition in enumerate(conditions):
        yield from _property_problems(condition, f"{where}.{position}")


def _property_problems(condition: PropertyCondition, where: str) -> Iterator[Problem]:
    yield from name_problems(condition.name, f"{where}.name")
    if condition.op in RELATIVE_OPERATORS:
        yield Problem(
            f"{where}.op",
            "What happened does not change with time, so a property is not compared with the present.",
            "Use BEFORE, AFTER or BETWEEN with fixed times, or the event's window.",
        )
    else:
        yield from value_problems(condition.op, condition.values, where)


def name_problems(name: str, where: str) -> Iterator[Problem]:
    """Length and characters of the name of an attribute, an event, a property, a segment or a tag."""
    if not name or len(name) > MAX_NAME_LENGTH:
        yield Problem(where, f"A name has 1 to {MAX_NAME_LENGTH} characters.", None)
    elif fault := text_fault(name):
        yield Problem(where, fault, None)
