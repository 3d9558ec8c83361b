"""When answers change while facts stay as they are: at which instants, for which events and attributes.

Every answer is constant from one boundary up to the next, so evaluating at the boundaries sees every change.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Final, TypeAlias
from zoneinfo import ZoneInfo

from base.clock import MIN_MS
from rules.compiled import AttributeNode, EventNode, GroupNode, Node, compiled
from rules.conditions import anniversary_in, day_named
from rules.days import EPOCH_DAY, day_start, days_beginning
from rules.durations import DAY_MS, parse_duration_ms
from rules.facts import Facts
from rules.operators import RELATIVE_OPERATORS, Operator
from rules.tree import AttributeLeaf, EventLeaf, Rule, Scalar, leaves_of
from rules.values import as_time_ms
from rules.windows import passages, sweeps

# Nearly nobody was born earlier; dates before this year share one range in a sweep.
_FIRST_ANNIVERSARY_YEAR: Final = 1900


@dataclass(frozen=True, slots=True)
class Transition:
    """From `at_ms` on the answer is `answer`."""

    at_ms: int
    answer: bool


@dataclass(frozen=True, slots=True, order=True)
class EventRange:
    """Events of a name with from_ms < at <= to_ms."""

    name: str
    from_ms: int
    to_ms: int


@dataclass(frozen=True, slots=True, order=True)
class AttributeRange:
    """Values of an attribute (or path) whose instant t has from_ms < t <= to_ms; a plain date is midnight UTC."""

    name: str
    from_ms: int
    to_ms: int


Range: TypeAlias = EventRange | AttributeRange


def boundaries(rule: Rule, facts: Facts, after_ms: int, until_ms: int, zone: ZoneInfo) -> list[int]:
    """Every instant in (after, until], ascending, at which the answer may differ from the millisecond before."""
    instants: set[int] = set()
    _collect(compiled(rule), facts, after_ms, until_ms, zone, instants)
    return sorted(instants)


def transitions(rule: Rule, facts: Facts, was: bool, after_ms: int, until_ms: int, zone: ZoneInfo) -> list[Transition]:
    """The changes of the answer in (after, until], oldest first; they alternate, beginning with `not was`.

    Args:
        facts: as they are now.
        was: the answer as of `after_ms`, possibly with older facts; a difference that is due to newer facts
            alone shows at the first boundary, or at `until_ms` when there is none.
    """
    holds = compiled(rule).holds
    found: list[Transition] = []
    # Nothing changes between the last boundary and `until`, so `until` counts only when there is no boundary.
    for at_ms in boundaries(rule, facts, after_ms, until_ms, zone) or [until_ms]:
        answer = holds(facts, at_ms, zone)
        if answer != was:
            found.append(Transition(at_ms, answer))
            was = answer
    return found


def sweep_ranges(rule: Rule, after_ms: int, until_ms: int, zone: ZoneInfo) -> list[Range]:
    """Whom to look at because time went from after to until, though nothing was received.

    Customers with an event or a value in one of these ranges may have a boundary in (after, until]. An event's
    own time is not among them: an event from the future has to be looked at when its time comes.
    """
    ranges: set[Range] = set()
    for leaf in leaves_of(rule):
        if isinstance(leaf, EventLeaf):
            ranges |= {EventRange(leaf.name, *ends) for ends in sweeps(leaf.window, after_ms, until_ms, zone)}
        elif isinstance(leaf, AttributeLeaf) and leaf.op in RELATIVE_OPERATORS:
            ends_list = _attribute_sweeps(leaf, after_ms, until_ms, zone)
            ranges |= {AttributeRange(leaf.name, *ends) for ends in ends_list}
    return _joined(ranges)


def _joined(ranges: set[Range]) -> list[Range]:
    """Sorted by kind and name, with ranges that overlap or touch made one."""
    joined: list[Range] = []
    for each in sorted(ranges, key=lambda one: (type(one).__name__, one.name, one.from_ms, one.to_ms)):
        if each.from_ms >= each.to_ms:
            continue
        last = joined[-1] if joined else None
        if last is not None and type(last) is type(each) and last.name == each.name and each.from_ms <= last.to_ms:
            joined[-1] = type(each)(each.name, last.from_ms, max(last.to_ms, each.to_ms))
        else:
            joined.append(each)
    return joined


def _collect(node: Node, facts: Facts, after_ms: int, until_ms: int, zone: ZoneInfo, instants: set[int]) -> None:
    if isinstance(node, GroupNode):
        for child in node.children:
            _collect(child, facts, after_ms, until_ms, zone, instants)
    elif isinstance(node, EventNode):
        history = facts.events.get(node.rule.name)
        if history is None:
            return
        passing = list(passages(node.rule.window, history.at_ms, after_ms, until_ms, zone))
        if passing:
            kept = frozenset(node.filter(history.properties, [index for index, _ in passing]))
            instants.update([at_ms for index, at_ms in passing if index in kept])
    elif isinstance(node, AttributeNode) and node.rule.op in RELATIVE_OPERATORS:
        value = node.read(facts.attributes)
        if value is not None:
            instants.update(_attribute_boundaries(node.rule, value, after_ms, until_ms, zone))


@lru_cache(maxsize=4_096)
def _shifts(op: Operator, duration: Scalar) -> tuple[int, ...]:
    """How long after a value's instant the answer of a sliding condition changes."""
    length_ms = parse_duration_ms(str(duration))
    if op is Operator.WITHIN_LAST:
        return (0, length_ms)
    if op is Operator.WITHIN_NEXT:
        return (-length_ms, 0)
    return (length_ms,)


def _attribute_boundaries(
    leaf: AttributeLeaf, value: object, after_ms: int, until_ms: int, zone: ZoneInfo
) -> list[int]:
    if leaf.op is Operator.ANNIVERSARY_WITHIN_NEXT:
        of = day_named(value, zone)
        return (
            []
            if of is None
            else [
                start_ms
                for day, start_ms in days_beginning(after_ms, until_ms, zone)
                if any(anniversary_in(moved.year, of) == moved for moved in _anniversaries_moved(leaf, day))
            ]
        )
    at_ms = as_time_ms(value)
    if at_ms is None:
        return []
    return [
        at_ms + shift_ms for shift_ms in _shifts(leaf.op, leaf.values[0]) if after_ms < at_ms + shift_ms <= until_ms
    ]


def _attribute_sweeps(leaf: AttributeLeaf, after_ms: int, until_ms: int, zone: ZoneInfo) -> list[tuple[int, int]]:
    if leaf.op is not Operator.ANNIVERSARY_WITHIN_NEXT:
        return [(after_ms - shift_ms, until_ms - shift_ms) for shift_ms in _shifts(leaf.op, leaf.values[0])]
    ranges: list[tuple[int, int]] = []
    for day, _ in days_beginning(after_ms, until_ms, zone):
        for moved in _anniversaries_moved(leaf, day):
            ranges.append((MIN_MS - 1, _range_of(date(_FIRST_ANNIVERSARY_YEAR, 1, 1), zone)[0]))
            years = range(_FIRST_ANNIVERSARY_YEAR, moved.year + 1)
            ranges.extend(_range_of(anniversary_in(year, moved), zone) for year in years)
    return ranges


def _anniversaries_moved(leaf: AttributeLeaf, today: int) -> tuple[date, ...]:
    """The days that leave and enter the reach of the condition when today begins."""
    reach = parse_duration_ms(str(leaf.values[0])) // DAY_MS
    return tuple(date.fromordinal(day) for day in (today - 1, today + reach - 1) if 1 <= day <= date.max.toordinal())


def _range_of(day: date, zone: ZoneInfo) -> tuple[int, int]:
    """(from, to] of the instants of values that name this day, in the zone or as a plain date."""
    first = day.toordinal()
    # 29 February is celebrated on the 28th in common years.
    last = first + 1 if (day.month, day.day) == (2, 28) else first
    start_ms = min(day_start(first, zone), (first - EPOCH_DAY) * DAY_MS)
    end_ms = max(day_start(last + 1, zone), (last + 1 - EPOCH_DAY) * DAY_MS)
    return start_ms - 1, end_ms - 1
