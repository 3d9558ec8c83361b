"""Rules made ready to run: patterns, times and values are parsed once a rule, not once an evaluation.

Every node has `holds`, its answer, and `turns`, which tell when answers of the leaves below it may change with time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil, floor
from typing import TypeAlias, assert_never
from zoneinfo import ZoneInfo

from rules.conditions import compile_test
from rules.facts import NO_EVENTS, EventHistory, Facts
from rules.filters import FactTurns, compile_event_turns, compile_filter
from rules.habits import compile_habit
from rules.measures import compile_measure
from rules.operators import RELATIVE_OPERATORS, MeasureKind, Operator
from rules.relative import compile_relative_test, compile_turns
from rules.sequences import Moments, compile_sequence, filled_steps
from rules.tree import (
    All,
    Any_,
    AttributeLeaf,
    EventLeaf,
    Everyone,
    Group,
    HabitLeaf,
    ListLeaf,
    Not,
    Rule,
    SegmentLeaf,
    SequenceLeaf,
    TagLeaf,
)
from rules.values import Number, as_number, reader
from rules.windows import Span, compile_passages, compile_span

Holds: TypeAlias = Callable[[Facts, int, ZoneInfo], bool]
_THRESHOLDS = frozenset({Operator.GTE, Operator.GT, Operator.LTE, Operator.LT})
Picks: TypeAlias = Callable[[EventHistory, int, ZoneInfo], Sequence[int]]


@dataclass(frozen=True, slots=True, eq=False)
class GroupNode:
    """`all`, `any`, `not` or `everyone`."""

    rule: Group
    holds: Holds
    children: tuple[Node, ...] = ()
    turns: tuple[FactTurns, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class AttributeNode:
    """A condition on an attribute; `read` gives the value seen."""

    rule: AttributeLeaf
    holds: Holds
    turns: tuple[FactTurns, ...]
    read: Callable[[Mapping[str, object]], object]


@dataclass(frozen=True, slots=True, eq=False)
class EventNode:
    """A measure of events; `picks` gives the indexes that count."""

    rule: EventLeaf
    holds: Holds
    turns: tuple[FactTurns, ...]
    picks: Picks
    value: Callable[[EventHistory, int, ZoneInfo], Number | None]


@dataclass(frozen=True, slots=True, eq=False)
class SegmentNode:
    """Membership of another segment."""

    rule: SegmentLeaf
    holds: Holds
    turns: tuple[FactTurns, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class ListNode:
    """An identifier on an imported list."""

    rule: ListLeaf
    holds: Holds
    turns: tuple[FactTurns, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class TagNode:
    """A condition on a tag's value."""

    rule: TagLeaf
    holds: Holds
    turns: tuple[FactTurns, ...]


@dataclass(frozen=True, slots=True, eq=False)
class SequenceNode:
    """Events one after another; `moments` gives those that can have a part in it."""

    rule: SequenceLeaf
    holds: Holds
    turns: tuple[FactTurns, ...]
    moments: Moments


@dataclass(frozen=True, slots=True, eq=False)
class HabitNode:
    """How the occurrences of one event lie in time."""

    rule: HabitLeaf
    holds: Holds
    turns: tuple[FactTurns, ...]


Node: TypeAlias = GroupNode | AttributeNode | EventNode | SequenceNode | HabitNode | SegmentNode | ListNode | TagNode


def compiled(rule: Rule) -> Node:
    """The compiled form of a checked rule, kept with the object for later calls.

    Raises:
        ValueError: a rule that the checker refuses.
    """
    try:
        return rule.compiled_form
    except AttributeError:
        node = compile_rule(rule)
        object.__setattr__(rule, "compiled_form", node)
        return node


def compile_rule(rule: Rule) -> Node:
    """A new compiled form of a checked rule; use `.holds(facts, now_ms, zone)` of it.

    Raises:
        ValueError: a rule that the checker refuses.
    """
    match rule:
        case All(children):
            nodes = tuple(compile_rule(child) for child in children)
            return GroupNode(rule, _all_hold(nodes), nodes, _turns_of(nodes))
        case Any_(children):
            nodes = tuple(compile_rule(child) for child in children)
            return GroupNode(rule, _any_holds(nodes), nodes, _turns_of(nodes))
        case Not(child):
            node = compile_rule(child)
            inner = node.holds
            return GroupNode(rule, lambda facts, now_ms, zone: not inner(facts, now_ms, zone), (node,), node.turns)
        case Everyone():
            return GroupNode(rule, lambda facts, now_ms, zone: True)
        case AttributeLeaf():
            return _attribute(rule)
        case EventLeaf():
            return _event(rule)
        case SequenceLeaf():
            return _sequence(rule)
        case HabitLeaf():
            return _habit(rule)
        case SegmentLeaf(key):
            return SegmentNode(rule, lambda facts, now_ms, zone: key in facts.segments)
        case ListLeaf(key):
            return ListNode(rule, lambda facts, now_ms, zone: key in facts.lists)
        case TagLeaf():
            return _tag(rule)
        case _:
            assert_never(rule)


def _all_hold(nodes: tuple[Node, ...]) -> Holds:
    tests = tuple(node.holds for node in nodes)

    def holds(facts: Facts, now_ms: int, zone: ZoneInfo) -> bool:
        for test in tests:  # noqa: SIM110 (a generator costs more than the loop on this path)
            if not test(facts, now_ms, zone):
                return False
        return True

    return holds


def _any_holds(nodes: tuple[Node, ...]) -> Holds:
    tests = tuple(node.holds for node in nodes)

    def holds(facts: Facts, now_ms: int, zone: ZoneInfo) -> bool:
        for test in tests:  # noqa: SIM110 (a generator costs more than the loop on this path)
            if test(facts, now_ms, zone):
                return True
        return False

    return holds


def _turns_of(nodes: tuple[Node, ...]) -> tuple[FactTurns, ...]:
    return tuple(turns for node in nodes for turns in node.turns)


def _attribute(leaf: AttributeLeaf) -> AttributeNode:
    read = reader(leaf.name)
    if leaf.op not in RELATIVE_OPERATORS:
        test = compile_test(leaf.op, leaf.values)
        return AttributeNode(leaf, lambda facts, now_ms, zone: test(read(facts.attributes)), (), read)
    relative, value_turns = compile_relative_test(leaf), compile_turns(leaf)

    def holds(facts: Facts, now_ms: int, zone: ZoneInfo) -> bool:
        return relative(read(facts.attributes), now_ms, zone)

    def turns(facts: Facts, after_ms: int, until_ms: int, zone: ZoneInfo) -> Iterable[int]:
        return value_turns(read(facts.attributes), after_ms, until_ms, zone)

    return AttributeNode(leaf, holds, (turns,), read)


def _tag(leaf: TagLeaf) -> TagNode:
    key = leaf.key
    if leaf.op not in RELATIVE_OPERATORS:
        test = compile_test(leaf.op, leaf.values)
        return TagNode(leaf, lambda facts, now_ms, zone: test(facts.tags.get(key)), ())
    relative, value_turns = compile_relative_test(leaf), compile_turns(leaf)

    def holds(facts: Facts, now_ms: int, zone: ZoneInfo) -> bool:
        return relative(facts.tags.get(key), now_ms, zone)

    def turns(facts: Facts, after_ms: int, until_ms: int, zone: ZoneInfo) -> Iterable[int]:
        return value_turns(facts.tags.get(key), after_ms, until_ms, zone)

    return TagNode(leaf, holds, (turns,))


def _event(leaf: EventLeaf) -> EventNode:
    span, passing = compile_span(leaf.window), compile_filter(leaf.where)
    measure, test = compile_measure(leaf.measure), compile_test(leaf.op, leaf.values)
    name = leaf.name

    def picks(history: EventHistory, now_ms: int, zone: ZoneInfo) -> Sequence[int]:
        return passing(history.properties, range(*span(history.at_ms, now_ms, zone)))

    def value(history: EventHistory, now_ms: int, zone: ZoneInfo) -> Number | None:
        return measure(history, picks(history, now_ms, zone), zone)

    def measured(facts: Facts, now_ms: int, zone: ZoneInfo) -> bool:
        return test(value(facts.events.get(name, NO_EVENTS), now_ms, zone))

    counts = leaf.where and leaf.measure.kind is MeasureKind.COUNT and leaf.op in _THRESHOLDS
    holds = _counting(leaf, span) if counts else measured

    turns = compile_event_turns(name, compile_passages(leaf.window), passing)
    return EventNode(leaf, holds, (turns,), picks, value)


def _habit(leaf: HabitLeaf) -> HabitNode:
    name = leaf.name
    test, turns = compile_habit(leaf)
    return HabitNode(leaf, lambda facts, now_ms, zone: test(facts.events.get(name, NO_EVENTS), now_ms, zone), turns)


def _sequence(leaf: SequenceLeaf) -> SequenceNode:
    holds, moments = compile_sequence(leaf)
    steps, passages = filled_steps(leaf), compile_passages(leaf.window)
    # It comes true when its last event enters and ends when its first one leaves. What must not happen lies between.
    ends = [steps[0], steps[-1]] if leaf.window is not None else [steps[-1]]
    turns = tuple(compile_event_turns(step.event, passages, compile_filter(step.where)) for step in ends)
    return SequenceNode(leaf, holds, turns, moments)


def _counting(leaf: EventLeaf, span: Span) -> Holds:
    """The answer of a comparison of a count: it stands as soon as enough events have been found, newest first."""
    name, above = leaf.name, leaf.op in (Operator.GTE, Operator.GT)
    bound = as_number(leaf.values[0])
    if bound is None:
        raise ValueError("not a number")
    # `count > bound` is `count >= floor(bound) + 1`; the other two are the opposites of these.
    enough = floor(bound) + 1 if leaf.op in (Operator.GT, Operator.LTE) else ceil(bound)
    tests = [(reader(condition.name), compile_test(condition.op, condition.values)) for condition in leaf.where]
    read, test = tests[0]
    others = tests[1:]

    def holds(facts: Facts, now_ms: int, zone: ZoneInfo) -> bool:
        history = facts.events.get(name, NO_EVENTS)
        first, end = span(history.at_ms, now_ms, zone)
        missing = enough
        if missing > 0:
            if end - first < missing:
                return not above
            properties = history.properties
            for index in range(end - 1, first - 1, -1):
                one = properties[index]
                if test(read(one)) and all(other(get(one)) for get, other in others):
                    missing -= 1
                    if not missing:
                        return above
            return not above
        return above

    return holds
