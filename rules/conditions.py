"""The one meaning of each operator on a value: compiled once, used by every reading of a rule.

Null rule: every test is false for None, but NOT_SET. Stray rule: every test is false for a value of another
type than the operator compares, the negative operators included.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import TypeAlias, assert_never
from zoneinfo import ZoneInfo

from rules.days import day_of
from rules.durations import DAY_MS, parse_duration_ms
from rules.operators import Operator
from rules.patterns import compile_pattern
from rules.tree import Scalar
from rules.values import Number, as_number, as_plain_date, as_time_ms

Test: TypeAlias = Callable[[object], bool]
RelativeTest: TypeAlias = Callable[[object, int, ZoneInfo], bool]


def compile_test(op: Operator, values: tuple[Scalar, ...]) -> Test:
    """The test of an operator whose answer does not depend on the present instant.

    Raises:
        ValueError: a relative operator, or values that the checker would have refused.
    """
    match op:
        case Operator.SET:
            return lambda value: value is not None
        case Operator.NOT_SET:
            return lambda value: value is None
        case Operator.IS_TRUE:
            return lambda value: value is True
        case Operator.IS_FALSE:
            return lambda value: value is False
        case Operator.EQ | Operator.IN:
            return _equal(values)
        case Operator.NE | Operator.NOT_IN:
            return _unequal(values)
        case Operator.LT | Operator.LTE | Operator.GT | Operator.GTE:
            return _compared(op, _number(values[0]))
        case Operator.BETWEEN:
            return _between(values)
        case Operator.BEFORE | Operator.AFTER:
            return _timed(op, _time(values[0]))
        case Operator.HAS | Operator.HAS_ANY | Operator.HAS_ALL:
            return _listed(op, values)
        case (
            Operator.CONTAINS
            | Operator.NOT_CONTAINS
            | Operator.STARTS_WITH
            | Operator.ENDS_WITH
            | Operator.MATCHES
            | Operator.NOT_MATCHES
            | Operator.IEQ
        ):
            return _text(op, values)
        case Operator.WITHIN_LAST | Operator.WITHIN_NEXT | Operator.MORE_THAN_AGO | Operator.ANNIVERSARY_WITHIN_NEXT:
            raise ValueError(f"{op} depends on the present instant")
        case _:
            assert_never(op)


def compile_relative_test(op: Operator, values: tuple[Scalar, ...]) -> RelativeTest:
    """The test of an operator that looks from `now`; its answer changes exactly at whole milliseconds.

    Raises:
        ValueError: not a relative operator, or a bad duration.
    """
    length_ms = parse_duration_ms(str(values[0]))
    if op is Operator.ANNIVERSARY_WITHIN_NEXT:
        return _anniversary(length_ms // DAY_MS)

    # The three split time without overlap: at now = t the value turns from next to last, at t + length from
    # last to ago.
    def within_last(value: object, now_ms: int, zone: ZoneInfo) -> bool:
        at_ms = as_time_ms(value)
        return at_ms is not None and now_ms - length_ms < at_ms <= now_ms

    def within_next(value: object, now_ms: int, zone: ZoneInfo) -> bool:
        at_ms = as_time_ms(value)
        return at_ms is not None and now_ms < at_ms <= now_ms + length_ms

    def more_than_ago(value: object, now_ms: int, zone: ZoneInfo) -> bool:
        at_ms = as_time_ms(value)
        return at_ms is not None and at_ms <= now_ms - length_ms

    if op is Operator.WITHIN_LAST:
        return within_last
    if op is Operator.WITHIN_NEXT:
        return within_next
    if op is Operator.MORE_THAN_AGO:
        return more_than_ago
    raise ValueError(f"{op} does not depend on the present instant")


def anniversary_in(year: int, of: date) -> date:
    """The anniversary in a year; of 29 February in a common year, 28 February."""
    try:
        return of.replace(year=year)
    except ValueError:
        return date(year, 2, 28)


def day_named(value: object, zone: ZoneInfo) -> date | None:
    """The calendar day of a value: of `1990-05-17` that day in every zone, of an instant its day in the zone."""
    plain = as_plain_date(value)
    if plain is not None:
        return plain
    at_ms = as_time_ms(value)
    return None if at_ms is None else date.fromordinal(_within_dates(day_of(at_ms, zone)))


def _within_dates(day: int) -> int:
    return min(max(day, date.min.toordinal()), date.max.toordinal())


def _anniversary(day_count: int) -> RelativeTest:
    def due(value: object, now_ms: int, zone: ZoneInfo) -> bool:
        of = day_named(value, zone)
        if of is None:
            return False
        today = _within_dates(day_of(now_ms, zone))
        year = date.fromordinal(today).year
        # A year has at most 366 days and so has the reach, hence this year's or the next year's is the nearest.
        for candidate in (year, year + 1):
            if of.year <= candidate <= date.max.year:
                days_ahead = anniversary_in(candidate, of).toordinal() - today
                if 0 <= days_ahead < day_count:
                    return True
        return False

    return due


def _number(value: Scalar) -> Number:
    number = as_number(value)
    if number is None:
        raise ValueError("not a number")
    return number


def _time(value: Scalar) -> int:
    at_ms = as_time_ms(value)
    if at_ms is None:
        raise ValueError("not a time")
    return at_ms


def _equal(values: tuple[Scalar, ...]) -> Test:
    kind = type(values[0])
    if kind is str or kind is bool:
        wanted = frozenset(values)
        return lambda value: type(value) is kind and value in wanted
    numbers = frozenset(_number(value) for value in values)
    return lambda value: as_number(value) in numbers


def _unequal(values: tuple[Scalar, ...]) -> Test:
    kind = type(values[0])
    if kind is str or kind is bool:
        unwanted = frozenset(values)
        return lambda value: type(value) is kind and value not in unwanted
    numbers = frozenset(_number(value) for value in values)

    def differs(value: object) -> bool:
        number = as_number(value)
        return number is not None and number not in numbers

    return differs


def _compared(op: Operator, bound: Number) -> Test:
    # Four functions instead of one with a comparison as argument: a second call doubles the cost.
    def less(value: object) -> bool:
        return (number := as_number(value)) is not None and number < bound

    def at_most(value: object) -> bool:
        return (number := as_number(value)) is not None and number <= bound

    def more(value: object) -> bool:
        return (number := as_number(value)) is not None and number > bound

    def at_least(value: object) -> bool:
        return (number := as_number(value)) is not None and number >= bound

    if op is Operator.LT:
        return less
    if op is Operator.LTE:
        return at_most
    return more if op is Operator.GT else at_least


def _between(values: tuple[Scalar, ...]) -> Test:
    if type(values[0]) is str:
        first_ms, last_ms = _time(values[0]), _time(values[1])

        def in_times(value: object) -> bool:
            at_ms = as_time_ms(value)
            return at_ms is not None and first_ms <= at_ms <= last_ms

        return in_times
    low, high = _number(values[0]), _number(values[1])

    def in_numbers(value: object) -> bool:
        number = as_number(value)
        return number is not None and low <= number <= high

    return in_numbers


def _timed(op: Operator, bound_ms: int) -> Test:
    def before(value: object) -> bool:
        at_ms = as_time_ms(value)
        return at_ms is not None and at_ms < bound_ms

    def after(value: object) -> bool:
        at_ms = as_time_ms(value)
        return at_ms is not None and at_ms > bound_ms

    return before if op is Operator.BEFORE else after


def _listed(op: Operator, values: tuple[Scalar, ...]) -> Test:
    kind = type(values[0])
    if kind is str or kind is bool:
        wanted = frozenset(values)

        # Elements first become a set, so that the cost is the list plus the values, never their product.
        def elements(value: list[object]) -> set[object]:
            return {element for element in value if type(element) is kind}
    else:
        wanted = frozenset(_number(value) for value in values)

        def elements(value: list[object]) -> set[object]:
            return {as_number(element) for element in value}

    if op is Operator.HAS_ALL:
        return lambda value: isinstance(value, list) and wanted <= elements(value)
    return lambda value: isinstance(value, list) and not wanted.isdisjoint(elements(value))


def _text(op: Operator, values: tuple[Scalar, ...]) -> Test:
    text = str(values[0])
    match op:
        case Operator.CONTAINS:
            return lambda value: type(value) is str and text in value
        case Operator.NOT_CONTAINS:
            return lambda value: type(value) is str and text not in value
        case Operator.STARTS_WITH:
            return lambda value: type(value) is str and value.startswith(text)
        case Operator.ENDS_WITH:
            return lambda value: type(value) is str and value.endswith(text)
        case Operator.MATCHES:
            found = compile_pattern(text)
            return lambda value: type(value) is str and found(value)
        case Operator.NOT_MATCHES:
            found = compile_pattern(text)
            return lambda value: type(value) is str and not found(value)
        case _:
            folded = frozenset(str(value).casefold() for value in values)
            return lambda value: type(value) is str and value.casefold() in folded
