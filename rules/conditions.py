"""The one meaning of each operator on a value: compiled once, used by every reading of a rule.

Null rule: every test is false for None, but NOT_SET. Stray rule: every test is false for a value of another
type than the operator compares, the negative operators included.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias, assert_never

from rules.operators import Operator
from rules.patterns import compile_pattern
from rules.tree import Scalar
from rules.values import Number, as_number, as_time_ms

Test: TypeAlias = Callable[[object], bool]


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
