"""What a rule reads: which facts to load for it, and which changes can touch its answer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from typing import assert_never
from zoneinfo import ZoneInfo

from rules.days import day_of, day_start
from rules.tree import (
    AttributeLeaf,
    EventLeaf,
    FirstTime,
    Habit,
    HabitLeaf,
    Leaf,
    ListLeaf,
    PropertyCondition,
    Regularly,
    Restarted,
    Rule,
    SegmentLeaf,
    SequenceLeaf,
    Stopped,
    TagLeaf,
    leaves_of,
)
from rules.values import keys_read
from rules.windows import compile_bounds


@dataclass(frozen=True, slots=True)
class Needs:
    """Names that a rule reads; nothing else can change its answer, but time.

    Attributes:
        attributes: top-level keys of the customer's attributes; a dotted path is there with its first step.
        events: event name -> top-level keys of its properties, empty when only times matter.
        segments: keys of segments.
        tags: keys of tags.
        lists: keys of the segments into which the lists were imported.
    """

    attributes: frozenset[str] = frozenset()
    events: Mapping[str, frozenset[str]] = field(default_factory=dict)
    segments: frozenset[str] = frozenset()
    tags: frozenset[str] = frozenset()
    lists: frozenset[str] = frozenset()


def needs(rule: Rule) -> Needs:
    """What one rule reads."""
    attributes: set[str] = set()
    events: dict[str, set[str]] = {}
    segments: set[str] = set()
    tags: set[str] = set()
    lists: set[str] = set()
    for leaf in leaves_of(rule):
        match leaf:
            case AttributeLeaf():
                attributes.update(keys_read(leaf.name))
            case EventLeaf():
                properties = events.setdefault(leaf.name, set())
                _read(properties, leaf.where)
                if leaf.measure.property is not None:
                    properties.update(keys_read(leaf.measure.property))
            case HabitLeaf():
                _read(events.setdefault(leaf.name, set()), leaf.where)
            case SequenceLeaf():
                for step in leaf.steps:
                    _read(events.setdefault(step.event, set()), step.where)
            case SegmentLeaf():
                segments.add(leaf.key)
            case TagLeaf():
                tags.add(leaf.key)
            case ListLeaf():
                lists.add(leaf.key)
            case _:
                assert_never(leaf)
    read = {name: frozenset(keys) for name, keys in events.items()}
    return Needs(frozenset(attributes), read, frozenset(segments), frozenset(tags), frozenset(lists))


def _read(properties: set[str], where: tuple[PropertyCondition, ...]) -> None:
    for condition in where:
        properties.update(keys_read(condition.name))


def combine(many: Iterable[Needs]) -> Needs:
    """What several rules read together."""
    attributes: set[str] = set()
    events: dict[str, frozenset[str]] = {}
    segments: set[str] = set()
    tags: set[str] = set()
    lists: set[str] = set()
    for each in many:
        attributes |= each.attributes
        segments |= each.segments
        tags |= each.tags
        lists |= each.lists
        for name, keys in each.events.items():
            events[name] = events.get(name, frozenset()) | keys
    return Needs(frozenset(attributes), events, frozenset(segments), frozenset(tags), frozenset(lists))


def named_by(rule: Rule) -> list[str]:
    """The segments by key and the tags as `tag:key` that a rule reads, in written order.

    A segment's key has no colon, so that both have their place in one mapping.
    """
    named: list[str] = []
    for leaf in leaves_of(rule):
        if isinstance(leaf, SegmentLeaf):
            named.append(leaf.key)
        elif isinstance(leaf, TagLeaf):
            named.append(tag_name(leaf.key))
    return named


def tag_name(key: str) -> str:
    """A tag's name among segments."""
    return f"tag:{key}"


def earliest(rule: Rule, from_ms: int, zone: ZoneInfo) -> dict[str, int | None]:
    """Event name -> the oldest time (ms) that an event can have and still count at `from_ms` or later.

    None: events of any age count. Events older than this need not be loaded for questions from `from_ms` on.
    """
    oldest: dict[str, int | None] = {}
    for leaf in leaves_of(rule):
        for name, start_ms in _starts(leaf, from_ms, zone):
            before = oldest.get(name, start_ms)
            oldest[name] = None if start_ms is None or before is None else min(before, start_ms)
    return oldest


def _starts(leaf: Leaf, now_ms: int, zone: ZoneInfo) -> list[tuple[str, int | None]]:
    """(event name, the oldest time at which a leaf looks for it)."""
    match leaf:
        case EventLeaf():
            return [(leaf.name, compile_bounds(leaf.window)(now_ms, zone)[0])]
        case SequenceLeaf():
            start_ms = compile_bounds(leaf.window)(now_ms, zone)[0]
            return [(step.event, start_ms) for step in leaf.steps]
        case HabitLeaf():
            return [(leaf.name, _habit_start(leaf.habit, now_ms, zone))]
        case AttributeLeaf() | SegmentLeaf() | ListLeaf() | TagLeaf():
            return []
        case _:
            assert_never(leaf)


def _habit_start(habit: Habit, now_ms: int, zone: ZoneInfo) -> int | None:
    match habit:
        case FirstTime() | Restarted():
            # An event of any age makes a later one not the first, and the newest one a restart.
            return None
        case Stopped(window):
            return compile_bounds(window)(now_ms, zone)[0]
        case Regularly(days, last):
            return day_start(day_of(now_ms, zone) - days * last + 1, zone)
        case _:
            assert_never(habit)


def order_by_dependency(rules: Mapping[str, Rule]) -> list[str]:
    """The keys so that each comes after the segments and tags that its rule names; equal input gives equal order.

    Args:
        rules: by key of a segment, or by a tag's name as in `named_by`.

    Raises:
        ValueError: the rules name each other in a circle, which the checker refuses when they are saved.
    """
    sorter: TopologicalSorter[str] = TopologicalSorter()
    for key in sorted(rules):
        sorter.add(key, *sorted(rules.keys() & named_by(rules[key])))
    try:
        return list(sorter.static_order())
    except CycleError as fault:
        raise ValueError("segments name each other in a circle") from fault
