"""Rules as documents again, in the shape that the parser reads."""

from __future__ import annotations

from typing import assert_never

from base.clock import iso
from rules.durations import format_duration
from rules.operators import HabitKind
from rules.tree import (
    COUNT,
    All,
    Any_,
    AttributeLeaf,
    Between,
    DaysAgo,
    EventLeaf,
    Everyone,
    FirstTime,
    Habit,
    HabitLeaf,
    Last,
    LastDays,
    ListLeaf,
    Measure,
    Not,
    PropertyCondition,
    Regularly,
    Restarted,
    Rule,
    SegmentLeaf,
    SequenceLeaf,
    Step,
    Stopped,
    TagLeaf,
    Window,
)


def print_rule(rule: Rule) -> dict[str, object]:
    """The document of a rule, JSON types only; `parse_rule` of it gives an equal rule."""
    match rule:
        case All(children):
            return {"all": [print_rule(child) for child in children]}
        case Any_(children):
            return {"any": [print_rule(child) for child in children]}
        case Not(child):
            return {"not": print_rule(child)}
        case Everyone():
            return {"everyone": True}
        case AttributeLeaf():
            return {"attribute": _condition(rule)}
        case EventLeaf():
            return {"event": _event(rule)}
        case SequenceLeaf():
            return {"sequence": _sequence(rule)}
        case HabitLeaf():
            return {"habit": _habit(rule)}
        case SegmentLeaf(key):
            return {"segment": key}
        case ListLeaf(key):
            return {"list": key}
        case TagLeaf(key, op, values):
            return {"tag": {"key": key, "op": op.value, "values": list(values)}}
        case _:
            assert_never(rule)


def _condition(condition: AttributeLeaf | PropertyCondition) -> dict[str, object]:
    return {"name": condition.name, "op": condition.op.value, "values": list(condition.values)}


def _event(leaf: EventLeaf) -> dict[str, object]:
    document: dict[str, object] = {"name": leaf.name}
    if leaf.where:
        document["where"] = [_condition(condition) for condition in leaf.where]
    if leaf.measure != COUNT:
        document["measure"] = _measure(leaf.measure)
    document |= {"op": leaf.op.value, "values": list(leaf.values)}
    if leaf.window is not None:
        document["window"] = _window(leaf.window)
    return document


def _sequence(leaf: SequenceLeaf) -> dict[str, object]:
    document: dict[str, object] = {
        "steps": [_step(step) for step in leaf.steps],
        "within": format_duration(leaf.within_ms),
    }
    if leaf.window is not None:
        document["window"] = _window(leaf.window)
    return document


def _step(step: Step) -> dict[str, object]:
    document: dict[str, object] = {"event": step.event}
    if step.where:
        document["where"] = [_condition(condition) for condition in step.where]
    if step.negated:
        document["not"] = True
    return document


def _habit(leaf: HabitLeaf) -> dict[str, object]:
    habit = leaf.habit
    document: dict[str, object] = {"kind": _kind(habit).value, "name": leaf.name}
    if leaf.where:
        document["where"] = [_condition(condition) for condition in leaf.where]
    match habit:
        case FirstTime(window):
            document["window"] = _window(window)
        case Stopped(window, recent) | Restarted(window, recent):
            document |= {"window": _window(window), "recent": _window(recent)}
        case Regularly(days, last, at_least, times):
            document["periods"] = {"days": days, "last": last, "atLeast": at_least, "times": times}
        case _:
            assert_never(habit)
    return document


def _kind(habit: Habit) -> HabitKind:
    match habit:
        case FirstTime():
            return HabitKind.FIRST_TIME
        case Stopped():
            return HabitKind.STOPPED
        case Restarted():
            return HabitKind.RESTARTED
        case Regularly():
            return HabitKind.REGULARLY
        case _:
            assert_never(habit)


def _measure(measure: Measure) -> dict[str, object]:
    document: dict[str, object] = {"kind": measure.kind.value}
    if measure.property is not None:
        document["property"] = measure.property
    return document


def _window(window: Window) -> dict[str, object]:
    match window:
        case Last(length_ms):
            return {"last": format_duration(length_ms)}
        case LastDays(days):
            return {"lastDays": days}
        case Between(from_ms, to_ms):
            return {"between": {"from": iso(from_ms), "to": iso(to_ms)}}
        case DaysAgo(from_days, to_days):
            return {"daysAgo": {"from": from_days, "to": to_days}}
        case _:
            assert_never(window)
