"""The rule tree: pure data, one class a kind of node, shared by every reading of a rule.

TRICKY: Python holds `True == 1 == 1.0`, so two trees can be equal and yet mean different things. Cache by
identity, never by equality.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from rules.operators import MeasureKind, Operator

if TYPE_CHECKING:
    from rules.compiled import Node

Scalar: TypeAlias = str | int | float | bool


@dataclass(frozen=True, slots=True)
class Last:
    """Slides with time: an event at t counts while now - length < t <= now."""

    length_ms: int


@dataclass(frozen=True, slots=True)
class LastDays:
    """Calendar days in the rule's zone up to today, which is the first of them."""

    days: int


@dataclass(frozen=True, slots=True)
class Between:
    """Fixed instants, [from, to)."""

    from_ms: int
    to_ms: int


@dataclass(frozen=True, slots=True)
class DaysAgo:
    """Calendar days in the rule's zone, both ends included; 0 is today, from >= to."""

    from_days: int
    to_days: int


Window: TypeAlias = Last | LastDays | Between | DaysAgo


@dataclass(frozen=True, slots=True)
class Measure:
    """What is computed over the filtered events; `property` is None for COUNT and DISTINCT_DAYS."""

    kind: MeasureKind = MeasureKind.COUNT
    property: str | None = None


COUNT = Measure()


@dataclass(frozen=True, slots=True)
class PropertyCondition:
    """One condition on a property of an event; `name` is a top-level key or a dotted path."""

    name: str
    op: Operator
    values: tuple[Scalar, ...] = ()


class Compilable:
    """A place for the compiled form of a node, so that it lives exactly as long; no part of the node's value."""

    __slots__ = ("compiled_form",)
    compiled_form: Node


@dataclass(frozen=True, slots=True)
class AttributeLeaf(Compilable):
    """A condition on one attribute of the customer; `name` is a top-level key or a dotted path."""

    name: str
    op: Operator
    values: tuple[Scalar, ...] = ()


@dataclass(frozen=True, slots=True)
class EventLeaf(Compilable):
    """A measure of one event's occurrences, compared with numbers; window None is all time up to now."""

    name: str
    where: tuple[PropertyCondition, ...] = ()
    measure: Measure = COUNT
    op: Operator = Operator.GTE
    values: tuple[Scalar, ...] = (1,)
    window: Window | None = None


@dataclass(frozen=True, slots=True)
class SegmentLeaf(Compilable):
    """Membership of another segment, by key."""

    key: str


@dataclass(frozen=True, slots=True)
class ListLeaf(Compilable):
    """One of the customer's identifiers is on the list that was imported into the segment of this key.

    The whole rule of such a segment; nobody writes it.
    """

    key: str


@dataclass(frozen=True, slots=True)
class TagLeaf(Compilable):
    """A condition on the value of one tag, by key; a customer without the tag has no value."""

    key: str
    op: Operator
    values: tuple[Scalar, ...] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """One event of a sequence; `negated`: none such happens strictly between the step before and the step after."""

    event: str
    where: tuple[PropertyCondition, ...] = ()
    negated: bool = False


@dataclass(frozen=True, slots=True)
class SequenceLeaf(Compilable):
    """Different events in the order of time, the last at most `within_ms` after the first, all inside the window."""

    steps: tuple[Step, ...]
    within_ms: int
    window: Window | None = None


@dataclass(frozen=True, slots=True)
class FirstTime:
    """The first event ever lies in the window."""

    window: Window


@dataclass(frozen=True, slots=True)
class Stopped:
    """Events in the window, none in its recent part; both slide up to now and are of one kind."""

    window: Window
    recent: Window


@dataclass(frozen=True, slots=True)
class Restarted:
    """Events before the window and in its recent part, none between; both slide up to now and are of one kind."""

    window: Window
    recent: Window


@dataclass(frozen=True, slots=True)
class Regularly:
    """At least `times` events in each of at least `at_least` of the `last` periods of so many calendar days.

    The newest period ends with today.
    """

    days: int
    last: int
    at_least: int
    times: int = 1


Habit: TypeAlias = FirstTime | Stopped | Restarted | Regularly


@dataclass(frozen=True, slots=True)
class HabitLeaf(Compilable):
    """A habit of those of an event's occurrences that pass the filter."""

    name: str
    habit: Habit
    where: tuple[PropertyCondition, ...] = ()


@dataclass(frozen=True, slots=True)
class All(Compilable):
    """Every child holds."""

    children: tuple[Rule, ...]


@dataclass(frozen=True, slots=True)
class Any_(Compilable):
    """At least one child holds."""

    children: tuple[Rule, ...]


@dataclass(frozen=True, slots=True)
class Not(Compilable):
    """The plain complement over all customers, those without any value included."""

    child: Rule


@dataclass(frozen=True, slots=True)
class Everyone(Compilable):
    """Every customer."""


Leaf: TypeAlias = AttributeLeaf | EventLeaf | SequenceLeaf | HabitLeaf | SegmentLeaf | ListLeaf | TagLeaf
# What puts rules together. For `isinstance`, once made: a union made at each call costs more than the question.
Group: TypeAlias = All | Any_ | Not | Everyone
Rule: TypeAlias = Group | Leaf
# What compares one value by an operator.
Condition: TypeAlias = AttributeLeaf | TagLeaf | PropertyCondition


def children_of(rule: Rule) -> tuple[Rule, ...]:
    """The direct children in written order; empty for leaves and `everyone`."""
    if isinstance(rule, All | Any_):
        return rule.children
    if isinstance(rule, Not):
        return (rule.child,)
    return ()


def conditions_in(leaf: Leaf) -> int:
    """How many conditions a leaf counts as: a sequence as many as it has steps."""
    return len(leaf.steps) if isinstance(leaf, SequenceLeaf) else 1


def leaves_of(rule: Rule) -> list[Leaf]:
    """All leaves in written order."""
    found: list[Leaf] = []
    waiting: list[Rule] = [rule]
    while waiting:
        node = waiting.pop()
        if isinstance(node, Group):
            waiting.extend(reversed(children_of(node)))
        else:
            found.append(node)
    return found
