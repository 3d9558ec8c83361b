"""Comparisons with a value of another type than the registry of names knows."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum

from rules.operators import RELATIVE_OPERATORS, Operator
from rules.problems import Problem
from rules.tree import Condition


class ValueType(StrEnum):
    """Types that the registry of names gives to attributes, properties and tags."""

    STRING = "STRING"
    NUMBER = "NUMBER"
    BOOLEAN = "BOOLEAN"
    TIME = "TIME"
    LIST = "LIST"
    OBJECT = "OBJECT"


_LIST_OPERATORS = frozenset({Operator.HAS, Operator.HAS_ANY, Operator.HAS_ALL})
_ANY_TYPE = frozenset({Operator.SET, Operator.NOT_SET})
_BY_VALUE = frozenset({Operator.EQ, Operator.NE, Operator.IN, Operator.NOT_IN})
_BY_OPERATOR: dict[ValueType, frozenset[Operator]] = {
    ValueType.STRING: frozenset(
        {
            Operator.CONTAINS,
            Operator.NOT_CONTAINS,
            Operator.STARTS_WITH,
            Operator.ENDS_WITH,
            Operator.MATCHES,
            Operator.NOT_MATCHES,
            Operator.IEQ,
        }
    ),
    ValueType.NUMBER: frozenset({Operator.LT, Operator.LTE, Operator.GT, Operator.GTE, Operator.BETWEEN}),
    ValueType.BOOLEAN: frozenset({Operator.IS_TRUE, Operator.IS_FALSE}),
    ValueType.TIME: frozenset({Operator.BEFORE, Operator.AFTER, Operator.BETWEEN}) | RELATIVE_OPERATORS,
    ValueType.LIST: _LIST_OPERATORS,
    ValueType.OBJECT: frozenset(),
}


def type_problems(condition: Condition, value_type: ValueType | None, where: str) -> Iterator[Problem]:
    """What is wrong with an operator or its values for that type; None: the type is not known, nothing is wrong."""
    if value_type is None or condition.op in _ANY_TYPE:
        return
    if value_type is ValueType.OBJECT:
        hint = "Name what it holds by a path with dots, or use SET or NOT_SET."
        yield Problem(f"{where}.op", f"{condition.op} does not look into an OBJECT.", hint)
        return
    if condition.op in _BY_VALUE or condition.op is Operator.BETWEEN:
        value = condition.values[0]
        given = "BOOLEAN" if type(value) is bool else "STRING" if type(value) is str else "NUMBER"
        if value_type is ValueType.LIST:
            yield Problem(f"{where}.op", f"{condition.op} does not look into a LIST.", "Use HAS, HAS_ANY or HAS_ALL.")
        elif given != ("STRING" if value_type is ValueType.TIME else value_type) or (
            condition.op is Operator.BETWEEN and value_type is ValueType.STRING
        ):
            yield Problem(f"{where}.values", f"The value is a {value_type}, but it is compared with a {given}.", None)
    elif condition.op not in _BY_OPERATOR[value_type]:
        allowed = ", ".join(sorted(_BY_OPERATOR[value_type] | _ANY_TYPE))
        yield Problem(f"{where}.op", f"{condition.op} does not apply to a {value_type}.", f"Use one of {allowed}.")
