"""When answers change while facts stay as they are: at which instants, for which events and attributes.

Every answer is constant from one boundary up to the next, so evaluating at the boundaries sees every change.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias
from zoneinfo import ZoneInfo

from rules.compiled import compiled
from rules.facts import Facts
from rules.filters import FactTurns
from rules.habits import habit_sweeps
from rules.operators import RELATIVE_OPERATORS
from rules.relative import relative_sweeps
from rules.sequences import filled_steps
from rules.tree import AttributeLeaf, EventLeaf, HabitLeaf, Rule, SequenceLeaf, TagLeaf, leaves_of
from rules.windows import sweeps


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


@dataclass(frozen=True, slots=True, order=True)
class TagRange:
    """Values of a tag, by key, whose instant t has from_ms < t <= to_ms; a plain date is midnight UTC."""

    name: str
    from_ms: int
    to_ms: int


Range: TypeAlias = EventRange | AttributeRange | TagRange


def boundaries(rule: Rule, facts: Facts, after_ms: int, until_ms: int, zone: ZoneInfo) -> list[int]:
    """Every instant in (after, until], ascending, at which the answer may differ from the millisecond before."""
    return instants_of(compiled(rule).turns, facts, after_ms, until_ms, zone)


def instants_of(turns: Iterable[FactTurns], facts: Facts, after_ms: int, until_ms: int, zone: ZoneInfo) -> list[int]:
    """Every instant in (after, until], ascending, that one of these names."""
    instants: set[int] = set()
    for each in turns:
        instants.update(each(facts, after_ms, until_ms, zone))
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
        elif isinstance(leaf, HabitLeaf):
            ranges |= {EventRange(leaf.name, *ends) for ends in habit_sweeps(leaf, after_ms, until_ms, zone)}
        elif isinstance(leaf, SequenceLeaf):
            # Between the ends nothing enters or leaves without one of them.
            steps = filled_steps(leaf)
            swept = sweeps(leaf.window, after_ms, until_ms, zone)
            ranges |= {EventRange(step.event, *ends) for step in (steps[0], steps[-1]) for ends in swept}
        elif isinstance(leaf, AttributeLeaf) and leaf.op in RELATIVE_OPERATORS:
            swept = relative_sweeps(leaf, after_ms, until_ms, zone)
            ranges |= {AttributeRange(leaf.name, *ends) for ends in swept}
        elif isinstance(leaf, TagLeaf) and leaf.op in RELATIVE_OPERATORS:
            ranges |= {TagRange(leaf.key, *ends) for ends in relative_sweeps(leaf, after_ms, until_ms, zone)}
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
