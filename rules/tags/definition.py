"""The definitions of tags: pure data, one class a kind. What is read of a customer is said by leaves of rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeAlias, assert_never

from rules.operators import MeasureKind
from rules.tree import Any_, EventLeaf, Measure, Rule, Scalar, leaves_of
from rules.type_problems import ValueType
from rules.values import Number

# The values of a condition tag, the stages of a life cycle, the layers of a number: more are not told apart by people.
MAX_BRANCHES: Final = 24
# All conditions of one definition: one evaluation asks them all of a customer who has no value.
MAX_CONDITIONS: Final = 500
# The best values of a preference; a longer list is no preference.
MAX_TOP: Final = 20
# A statement that computes a tag: longer ones are programs.
MAX_SQL_LENGTH: Final = 10_000


class TagKind(StrEnum):
    """How a tag gets its value; the names are part of the public contract."""

    CONDITION = "CONDITION"
    STATISTICAL = "STATISTICAL"
    PREFERENCE = "PREFERENCE"
    FIRST_LAST = "FIRST_LAST"
    LIFECYCLE = "LIFECYCLE"
    RFM = "RFM"
    MANUAL = "MANUAL"
    IMPORTED = "IMPORTED"
    SQL = "SQL"


class Which(StrEnum):
    """Which event of those that count."""

    FIRST = "FIRST"
    LAST = "LAST"


class Take(StrEnum):
    """What is taken of it."""

    TIME = "TIME"
    DAYS_SINCE = "DAYS_SINCE"
    PROPERTY = "PROPERTY"


@dataclass(frozen=True, slots=True)
class Branch:
    """A value, and the rule that gives it."""

    value: Scalar
    rule: Rule


@dataclass(frozen=True, slots=True)
class Condition:
    """The value of the first branch whose rule holds."""

    branches: tuple[Branch, ...]


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """The first of ordered stages whose rule holds; values are texts."""

    branches: tuple[Branch, ...]


@dataclass(frozen=True, slots=True)
class Layer:
    """A name for the numbers in [from, to); None has no end."""

    value: str
    from_: Number | None
    to: Number | None


@dataclass(frozen=True, slots=True)
class Share:
    """A name for the customers, in descending order of a number, down to a percentage of all who have one."""

    value: str
    top_percent: Number


@dataclass(frozen=True, slots=True)
class Statistical:
    """A measure of events; with layers or shares, the name of the one that it lies in. `events` compares nothing."""

    events: EventLeaf
    layers: tuple[Layer, ...] = ()
    shares: tuple[Share, ...] = ()


@dataclass(frozen=True, slots=True)
class Preference:
    """The values of a property that the most events have, or with the largest sum of another one; best first."""

    events: EventLeaf
    property: str
    top: int
    sum: str | None = None


@dataclass(frozen=True, slots=True)
class FirstLast:
    """Something of the first or last event; `property` and its type are for Take.PROPERTY alone."""

    events: EventLeaf
    which: Which
    take: Take
    property: str | None = None
    property_type: ValueType | None = None


class CutBy(StrEnum):
    """What is good enough to be high; the names are part of the public contract."""

    MEAN = "mean"
    VALUE = "value"
    TOP = "top"
    TOP_PERCENT = "topPercent"


@dataclass(frozen=True, slots=True)
class Cut:
    """Where high begins, included: the mean has no number."""

    by: CutBy
    number: Number | None = None


@dataclass(frozen=True, slots=True)
class Cuts:
    """One cut each of days since the last event, of which few are high, of the count of events, and of the money."""

    recency: Cut
    frequency: Cut
    monetary: Cut


# (recency, frequency, money) high or not → the name.
RFM_NAMES: Final[Mapping[tuple[bool, bool, bool], str]] = {
    (True, True, True): "champion",
    (False, True, True): "keep",
    (True, False, True): "grow",
    (False, False, True): "win back",
    (True, True, False): "general value",
    (False, True, False): "general keep",
    (True, False, False): "general grow",
    (False, False, False): "general win back",
}
RFM_SCORES: Final = 5


@dataclass(frozen=True, slots=True)
class Rfm:
    """Recency, frequency and money of events: one of eight names by cuts, or three scores where there are none.

    `events` measures the money, by SUM or AVG, and compares nothing.
    """

    events: EventLeaf
    cuts: Cuts | None


@dataclass(frozen=True, slots=True)
class Manual:
    """Labels that people put on single customers."""


@dataclass(frozen=True, slots=True)
class Imported:
    """Values that files bring; they hang on identifiers."""

    type: ValueType


@dataclass(frozen=True, slots=True)
class Sql:
    """The values that a statement over the columnar store gives (`analytics/sql/`); computed for everybody at once."""

    text: str
    type: ValueType


Definition: TypeAlias = Condition | Lifecycle | Statistical | Preference | FirstLast | Rfm | Manual | Imported | Sql


def is_only_read(definition: Definition) -> bool:
    """Whether a value is what is stored on the customer: facts alone do not give it."""
    return isinstance(definition, Manual | Imported) or is_over_everybody(definition)


def kind_of(definition: Definition) -> TagKind:
    """The kind's name."""
    match definition:
        case Condition():
            return TagKind.CONDITION
        case Lifecycle():
            return TagKind.LIFECYCLE
        case Statistical():
            return TagKind.STATISTICAL
        case Preference():
            return TagKind.PREFERENCE
        case FirstLast():
            return TagKind.FIRST_LAST
        case Rfm():
            return TagKind.RFM
        case Manual():
            return TagKind.MANUAL
        case Imported():
            return TagKind.IMPORTED
        case Sql():
            return TagKind.SQL
        case _:
            assert_never(definition)


def value_type(definition: Definition) -> ValueType:
    """The type of every value that the tag can have."""
    match definition:
        case Condition(branches):
            return _type_of(branches[0].value)
        case Lifecycle() | Rfm():
            return ValueType.STRING
        case Statistical(_, layers, shares):
            return ValueType.STRING if layers or shares else ValueType.NUMBER
        case Preference() | Manual():
            return ValueType.LIST
        case Imported(of_type) | Sql(_, of_type):
            return of_type
        case FirstLast(take=Take.TIME):
            return ValueType.TIME
        case FirstLast(take=Take.DAYS_SINCE):
            return ValueType.NUMBER
        case FirstLast(property_type=of_type):
            return of_type or ValueType.STRING
        case _:
            assert_never(definition)


def _type_of(value: Scalar) -> ValueType:
    if type(value) is bool:
        return ValueType.BOOLEAN
    return ValueType.STRING if type(value) is str else ValueType.NUMBER


def rule_of(definition: Definition) -> Rule:
    """A rule that reads what the tag reads, and may change its answer whenever the value of the tag may.

    So what holds of rules holds of tags: which facts to load, what touches them, how far back they look, whom the
    sweep has to find, what they name. Only days that are counted change by themselves (`counts_days`).
    """
    match definition:
        case Condition(branches) | Lifecycle(branches):
            return Any_(tuple(branch.rule for branch in branches))
        case Statistical(events) | Rfm(events):
            return events
        case Preference(events, name, _, summed):
            return (
                _reading(events, name) if summed is None else Any_((_reading(events, name), _reading(events, summed)))
            )
        case FirstLast(events, property=name):
            return events if name is None else _reading(events, name)
        case Manual() | Imported() | Sql():
            return Any_(())
        case _:
            assert_never(definition)


def _reading(events: EventLeaf, name: str) -> EventLeaf:
    return EventLeaf(events.name, events.where, Measure(MeasureKind.DISTINCT, name), window=events.window)


def is_over_everybody(definition: Definition) -> bool:
    """Whether a customer's value depends on others, so that it is computed of all at once and never of one."""
    return isinstance(definition, Rfm | Sql) or (isinstance(definition, Statistical) and bool(definition.shares))


def counts_days(definition: Definition) -> bool:
    """Whether the value changes at every midnight for everybody who has one."""
    return isinstance(definition, FirstLast) and definition.take is Take.DAYS_SINCE


def orders_events(definition: Definition) -> bool:
    """Whether it matters which of two events of one instant comes first."""
    return isinstance(definition, FirstLast) and definition.take is Take.PROPERTY


def condition_count(definition: Definition) -> int:
    """How many conditions a definition has."""
    return len(leaves_of(rule_of(definition)))
