"""The meaning of each operator on a value, as `rules.conditions` and `rules.relative` have it, for columns by kind.

TRICKY: a new operator or another meaning changes both; `tests/property/rules/test_query_properties.py` compares them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import assert_never
from zoneinfo import ZoneInfo

from analytics.query.days import anniversary
from analytics.query.expressions import (
    FALSE,
    TRUE,
    Condition,
    Engine,
    Value,
    all_of,
    any_of,
    negated,
    number,
    one_of,
    or_else,
)
from analytics.query.sources import Cells
from analytics.store.spread import PRESENT, Kind
from rules.durations import DAY_MS, parse_duration_ms
from rules.operators import Operator
from rules.tree import Scalar
from rules.values import as_time_ms


@dataclass(frozen=True, slots=True)
class Asked:
    """The instant of a question, the zone of its days, and the engine that answers it."""

    now_ms: int
    zone: ZoneInfo
    engine: Engine


def condition(cells: Cells, op: Operator, values: tuple[Scalar, ...], asked: Asked) -> Condition:
    """Whether an operator holds for a value; null is false.

    Args:
        cells: for anniversaries the day of instants too (`gathering.Gathering.day_of_attribute`).
    """
    match op:
        case Operator.SET:
            return any_of([cells[kind].notnull() for kind in PRESENT if kind in cells])
        case Operator.NOT_SET:
            return negated(condition(cells, Operator.SET, values, asked))
        case Operator.IS_TRUE:
            return cells.get(Kind.FLAG, FALSE)
        case Operator.IS_FALSE:
            return ~cells[Kind.FLAG] if Kind.FLAG in cells else FALSE
        case Operator.EQ | Operator.IN | Operator.NE | Operator.NOT_IN:
            return _equal(cells, op, values, asked.engine)
        case Operator.LT | Operator.LTE | Operator.GT | Operator.GTE:
            return _compared(cells, op, values)
        case Operator.BETWEEN:
            return _between(cells, values)
        case Operator.HAS | Operator.HAS_ANY | Operator.HAS_ALL:
            return _listed(cells, op, values, asked.engine)
        case (
            Operator.CONTAINS
            | Operator.NOT_CONTAINS
            | Operator.STARTS_WITH
            | Operator.ENDS_WITH
            | Operator.MATCHES
            | Operator.NOT_MATCHES
            | Operator.IEQ
        ):
            return _text(cells, op, values, asked.engine)
        case (
            Operator.BEFORE
            | Operator.AFTER
            | Operator.WITHIN_LAST
            | Operator.WITHIN_NEXT
            | Operator.MORE_THAN_AGO
            | Operator.ANNIVERSARY_WITHIN_NEXT
        ):
            return _timed(cells, op, str(values[0]), asked)
        case _:
            assert_never(op)


def literals(values: tuple[Scalar, ...], engine: Engine) -> tuple[Kind, list[Value]]:
    """The kind that all values are of, and the values as expressions."""
    if type(values[0]) is str:
        return Kind.TEXT, [engine.text(str(value)) for value in values]
    if type(values[0]) is bool:
        return Kind.FLAG, [TRUE if value else FALSE for value in values]
    return Kind.NUMBER, [number(float(value)) for value in values]


def _equal(cells: Cells, op: Operator, values: tuple[Scalar, ...], engine: Engine) -> Condition:
    kind, wanted = literals(values, engine)
    if kind not in cells:
        return FALSE
    equal = one_of(cells[kind], wanted)
    return equal if op in (Operator.EQ, Operator.IN) else ~equal


def _compared(cells: Cells, op: Operator, values: tuple[Scalar, ...]) -> Condition:
    if Kind.NUMBER not in cells:
        return FALSE
    value, bound = cells[Kind.NUMBER], number(float(values[0]))
    if op is Operator.LT:
        return value < bound
    if op is Operator.LTE:
        return value <= bound
    return value > bound if op is Operator.GT else value >= bound


def _between(cells: Cells, values: tuple[Scalar, ...]) -> Condition:
    if type(values[0]) is str:
        kind, bounds = Kind.INSTANT, [_time(str(value)) for value in values]
    else:
        kind, bounds = Kind.NUMBER, [number(float(value)) for value in values]
    return cells[kind].between(*bounds) if kind in cells else FALSE


_LISTS = {Kind.TEXT: Kind.TEXTS, Kind.FLAG: Kind.FLAGS, Kind.NUMBER: Kind.NUMBERS}


def _listed(cells: Cells, op: Operator, values: tuple[Scalar, ...], engine: Engine) -> Condition:
    kind, wanted = literals(tuple(dict.fromkeys(values)), engine)
    if _LISTS[kind] not in cells:
        return FALSE
    found = [cells[_LISTS[kind]].contains(value) for value in wanted]
    return all_of(found) if op is Operator.HAS_ALL else any_of(found)


def _text(cells: Cells, op: Operator, values: tuple[Scalar, ...], engine: Engine) -> Condition:
    if Kind.TEXT not in cells:
        return FALSE
    value = cells[Kind.TEXT]
    if op is Operator.IEQ:
        folded = [engine.text(str(each).casefold()) for each in dict.fromkeys(values)]
        return one_of(or_else(cells[Kind.FOLDED], value) if Kind.FOLDED in cells else value, folded)
    if op in (Operator.MATCHES, Operator.NOT_MATCHES):
        found = value.re_search(engine.pattern(str(values[0])))
        return found if op is Operator.MATCHES else ~found
    text = engine.text(str(values[0]))
    if op is Operator.STARTS_WITH:
        return value.startswith(text)
    if op is Operator.ENDS_WITH:
        return value.endswith(text)
    return value.contains(text) if op is Operator.CONTAINS else ~value.contains(text)


def _time(text: str) -> int:
    at_ms = as_time_ms(text)
    if at_ms is None:
        raise ValueError("not a time")
    return at_ms


def _timed(cells: Cells, op: Operator, value: str, asked: Asked) -> Condition:
    if op is Operator.ANNIVERSARY_WITHIN_NEXT:
        day_count = parse_duration_ms(value) // DAY_MS
        return anniversary(cells[Kind.DAY], day_count, asked.now_ms, asked.zone) if Kind.DAY in cells else FALSE
    if Kind.INSTANT not in cells:
        return FALSE
    at_ms, now_ms = cells[Kind.INSTANT], asked.now_ms
    if op is Operator.BEFORE:
        return at_ms < _time(value)
    if op is Operator.AFTER:
        return at_ms > _time(value)
    length_ms = parse_duration_ms(value)
    if op is Operator.WITHIN_LAST:
        return (at_ms > now_ms - length_ms) & (at_ms <= now_ms)
    if op is Operator.WITHIN_NEXT:
        return (at_ms > now_ms) & (at_ms <= now_ms + length_ms)
    return at_ms <= now_ms - length_ms
