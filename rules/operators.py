"""The operators of conditions, the measures of events, habits, and what values each operator takes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Literal

# A list of values longer than this belongs into an imported segment, not into a rule.
MAX_VALUES: Final = 1_000


class Operator(StrEnum):
    """Every operator of a condition; the names are part of the public contract."""

    EQ = "EQ"
    NE = "NE"
    IN = "IN"
    NOT_IN = "NOT_IN"
    SET = "SET"
    NOT_SET = "NOT_SET"
    CONTAINS = "CONTAINS"
    NOT_CONTAINS = "NOT_CONTAINS"
    STARTS_WITH = "STARTS_WITH"
    ENDS_WITH = "ENDS_WITH"
    MATCHES = "MATCHES"
    NOT_MATCHES = "NOT_MATCHES"
    IEQ = "IEQ"
    LT = "LT"
    LTE = "LTE"
    GT = "GT"
    GTE = "GTE"
    BETWEEN = "BETWEEN"
    IS_TRUE = "IS_TRUE"
    IS_FALSE = "IS_FALSE"
    HAS = "HAS"
    HAS_ANY = "HAS_ANY"
    HAS_ALL = "HAS_ALL"
    BEFORE = "BEFORE"
    AFTER = "AFTER"
    WITHIN_LAST = "WITHIN_LAST"
    WITHIN_NEXT = "WITHIN_NEXT"
    MORE_THAN_AGO = "MORE_THAN_AGO"
    ANNIVERSARY_WITHIN_NEXT = "ANNIVERSARY_WITHIN_NEXT"


class MeasureKind(StrEnum):
    """What is computed over the events that pass the filter."""

    COUNT = "COUNT"
    DISTINCT_DAYS = "DISTINCT_DAYS"
    DISTINCT = "DISTINCT"
    SUM = "SUM"
    AVG = "AVG"
    MIN = "MIN"
    MAX = "MAX"


class HabitKind(StrEnum):
    """How the occurrences of one event lie in time."""

    FIRST_TIME = "FIRST_TIME"
    REGULARLY = "REGULARLY"
    STOPPED = "STOPPED"
    RESTARTED = "RESTARTED"


ValueKind = Literal[
    "nothing", "scalar", "text", "pattern", "number", "number or time", "time", "duration", "day duration"
]


@dataclass(frozen=True, slots=True)
class Shape:
    """How many values an operator takes (both ends included) and of what kind."""

    least: int
    most: int
    kind: ValueKind


_NONE = Shape(0, 0, "nothing")
_ONE_SCALAR = Shape(1, 1, "scalar")
_SCALARS = Shape(1, MAX_VALUES, "scalar")
_ONE_TEXT = Shape(1, 1, "text")
_ONE_PATTERN = Shape(1, 1, "pattern")
_ONE_NUMBER = Shape(1, 1, "number")
_ONE_TIME = Shape(1, 1, "time")
_ONE_DURATION = Shape(1, 1, "duration")

SHAPES: Final[dict[Operator, Shape]] = {
    Operator.EQ: _SCALARS,
    Operator.NE: _ONE_SCALAR,
    Operator.IN: _SCALARS,
    Operator.NOT_IN: _SCALARS,
    Operator.SET: _NONE,
    Operator.NOT_SET: _NONE,
    Operator.CONTAINS: _ONE_TEXT,
    Operator.NOT_CONTAINS: _ONE_TEXT,
    Operator.STARTS_WITH: _ONE_TEXT,
    Operator.ENDS_WITH: _ONE_TEXT,
    Operator.MATCHES: _ONE_PATTERN,
    Operator.NOT_MATCHES: _ONE_PATTERN,
    Operator.IEQ: Shape(1, MAX_VALUES, "text"),
    Operator.LT: _ONE_NUMBER,
    Operator.LTE: _ONE_NUMBER,
    Operator.GT: _ONE_NUMBER,
    Operator.GTE: _ONE_NUMBER,
    Operator.BETWEEN: Shape(2, 2, "number or time"),
    Operator.IS_TRUE: _NONE,
    Operator.IS_FALSE: _NONE,
    Operator.HAS: _ONE_SCALAR,
    Operator.HAS_ANY: _SCALARS,
    Operator.HAS_ALL: _SCALARS,
    Operator.BEFORE: _ONE_TIME,
    Operator.AFTER: _ONE_TIME,
    Operator.WITHIN_LAST: _ONE_DURATION,
    Operator.WITHIN_NEXT: _ONE_DURATION,
    Operator.MORE_THAN_AGO: _ONE_DURATION,
    Operator.ANNIVERSARY_WITHIN_NEXT: Shape(1, 1, "day duration"),
}

# Their answer changes while the value stays: they need `now`, and the time sweep has to look after them.
RELATIVE_OPERATORS: Final = frozenset(
    {
        Operator.WITHIN_LAST,
        Operator.WITHIN_NEXT,
        Operator.MORE_THAN_AGO,
        Operator.ANNIVERSARY_WITHIN_NEXT,
    }
)

# What a measure can be compared with: a measure is a number or no value.
MEASURE_OPERATORS: Final = frozenset(
    {
        Operator.EQ,
        Operator.NE,
        Operator.GT,
        Operator.GTE,
        Operator.LT,
        Operator.LTE,
        Operator.BETWEEN,
        Operator.IN,
        Operator.NOT_IN,
    }
)

MEASURES_OF_A_PROPERTY: Final = frozenset(
    {MeasureKind.DISTINCT, MeasureKind.SUM, MeasureKind.AVG, MeasureKind.MIN, MeasureKind.MAX}
)
