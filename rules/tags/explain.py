"""The value of a tag with its reasons: what each rule of it says, and which events counted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never
from zoneinfo import ZoneInfo

from rules.compiled import EventNode, compiled
from rules.explain import Explanation, explain, newest_ids
from rules.facts import NO_EVENTS, EventHistory, Facts
from rules.tags.compiled import compile_tag
from rules.tags.definition import (
    Branch,
    Condition,
    Definition,
    FirstLast,
    Imported,
    Lifecycle,
    Manual,
    Preference,
    Rfm,
    Sql,
    Statistical,
    Which,
    is_only_read,
)
from rules.tags.printer import print_definition
from rules.tree import EventLeaf


def explain_tag(definition: Definition, facts: Facts, now_ms: int, zone: ZoneInfo, stored: object) -> Explanation:
    """Which value a tag has for a customer now, and why: `answer` says whether it has one.

    Args:
        stored: the value of a tag that nobody computes of one customer; None when there is none.
    """
    value = stored if is_only_read(definition) else compile_tag(definition).value(facts, now_ms, zone)
    event_ids: tuple[str, ...] = ()
    children: tuple[Explanation, ...] = ()
    match definition:
        case Condition(branches) | Lifecycle(branches):
            children = _explain_branches(branches, facts, now_ms, zone)
        case Statistical(events) | Preference(events) | Rfm(events):
            event_ids = newest_ids(*_counted(events, facts, now_ms, zone))
        case FirstLast(events, which):
            history, picked = _counted(events, facts, now_ms, zone)
            event_ids = newest_ids(history, picked[:1] if which is Which.FIRST else picked[-1:])
        case Manual() | Imported() | Sql():
            pass
        case _:
            assert_never(definition)
    return Explanation("tag", print_definition(definition), value is not None, value, event_ids, children)


def _explain_branches(branches: Sequence[Branch], facts: Facts, now_ms: int, zone: ZoneInfo) -> tuple[Explanation, ...]:
    return tuple(explain(branch.rule, facts, now_ms, zone) for branch in branches)


def _counted(events: EventLeaf, facts: Facts, now_ms: int, zone: ZoneInfo) -> tuple[EventHistory, Sequence[int]]:
    node = compiled(events)
    assert isinstance(node, EventNode)
    history = facts.events.get(events.name, NO_EVENTS)
    return history, node.picks(history, now_ms, zone)
