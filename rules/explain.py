"""The evaluation of a rule with its reasons: each condition's answer, the value seen, the deciding events."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, assert_never
from zoneinfo import ZoneInfo

from rules.compiled import (
    AttributeNode,
    EventNode,
    GroupNode,
    HabitNode,
    ListNode,
    Node,
    SegmentNode,
    SequenceNode,
    TagNode,
    compiled,
)
from rules.facts import NO_EVENTS, EventHistory, Facts
from rules.habits import seen_of
from rules.operators import MeasureKind
from rules.printer import print_rule
from rules.sequences import furthest
from rules.tree import All, Any_, Everyone, Not, Rule
from rules.values import as_number, reader

# Enough to see why; a measure over thousands of events is not read event by event.
MAX_EVENT_IDS: Final = 20
_KINDS: Final[dict[type[Rule], str]] = {All: "all", Any_: "any", Not: "not", Everyone: "everyone"}


@dataclass(frozen=True, slots=True)
class Explanation:
    """One node of a rule and its answer.

    Attributes:
        kind: the key of the node in a rule document: all, any, not, everyone, attribute, event, sequence, habit, tag,
            segment, list.
        condition: the leaf as printed; None for the others, whose kind and children say it.
        value: the attribute's or tag's value, the event measure (None: no value), the steps of the sequence that
            were reached, of the habit as `habits.Seen` says, membership of the segment, being on the list, else None.
        event_ids: the newest events that count, for MIN and MAX those that hold the value, for a sequence
            those that fill its steps; at most 20.
    """

    kind: str
    condition: dict[str, object] | None
    answer: bool
    value: object = None
    event_ids: tuple[str, ...] = ()
    children: tuple[Explanation, ...] = ()


def explain(rule: Rule, facts: Facts, now_ms: int, zone: ZoneInfo) -> Explanation:
    """The same answer as `evaluate`, with a tree of reasons; every condition is evaluated."""
    return _explain(compiled(rule), facts, now_ms, zone)


def _explain(node: Node, facts: Facts, now_ms: int, zone: ZoneInfo) -> Explanation:
    answer = node.holds(facts, now_ms, zone)
    match node:
        case GroupNode(rule, _, children, _):
            explained = tuple(_explain(child, facts, now_ms, zone) for child in children)
            return Explanation(_KINDS[type(rule)], None, answer, children=explained)
        case AttributeNode(rule, _, _, read):
            return Explanation("attribute", print_rule(rule), answer, read(facts.attributes))
        case SegmentNode(rule):
            return Explanation("segment", print_rule(rule), answer, rule.key in facts.segments)
        case ListNode(rule):
            return Explanation("list", print_rule(rule), answer, answer)
        case TagNode(rule):
            return Explanation("tag", print_rule(rule), answer, facts.tags.get(rule.key))
        case SequenceNode():
            return _explain_sequence(node, answer, facts, now_ms, zone)
        case HabitNode(rule):
            history = facts.events.get(rule.name, NO_EVENTS)
            seen = seen_of(rule, history, now_ms, zone)
            return Explanation("habit", print_rule(rule), answer, seen.value, newest_ids(history, seen.indexes))
        case EventNode():
            return _explain_event(node, answer, facts, now_ms, zone)
        case _:
            assert_never(node)


def _explain_sequence(node: SequenceNode, answer: bool, facts: Facts, now_ms: int, zone: ZoneInfo) -> Explanation:
    reached = furthest(node.rule, node.moments(facts, now_ms, zone))
    histories = [(facts.events[name].ids, index) for name, index in reversed(reached.events)]
    event_ids = tuple(ids[index] for ids, index in histories if ids)
    return Explanation("sequence", print_rule(node.rule), answer, reached.steps, event_ids)


def _explain_event(node: EventNode, answer: bool, facts: Facts, now_ms: int, zone: ZoneInfo) -> Explanation:
    history = facts.events.get(node.rule.name, NO_EVENTS)
    value = node.value(history, now_ms, zone)
    deciding = list(node.picks(history, now_ms, zone))
    measure = node.rule.measure
    if measure.kind in (MeasureKind.MIN, MeasureKind.MAX) and measure.property is not None:
        read = reader(measure.property)
        deciding = [index for index in deciding if as_number(read(history.properties[index])) == value]
        if value is None:
            deciding = []
    return Explanation("event", print_rule(node.rule), answer, value, newest_ids(history, deciding))


def newest_ids(history: EventHistory, indexes: Sequence[int]) -> tuple[str, ...]:
    """The ids of the newest of these events, newest first; none where the history has no ids."""
    ids = history.ids
    return tuple(ids[index] for index in reversed(indexes[-MAX_EVENT_IDS:])) if ids else ()
