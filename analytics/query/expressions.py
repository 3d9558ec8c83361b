"""Ibis expressions as rules need them, and the few functions that engines name differently.

The only module that imports Ibis. User text becomes SQL nowhere else than in its literals, which quote it.
A condition may be null, which counts as false wherever it stands; `negated` is the one place that has to know.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final, TypeAlias

import ibis  # type: ignore[import-untyped]
import ibis.expr.operations as ops  # type: ignore[import-untyped]
import pyarrow as pa

from analytics.store.results import CATALOG
from analytics.store.spread import stored_text

# Ibis has no types: these say which of its expressions is meant.
Table: TypeAlias = Any
Value: TypeAlias = Any
Condition: TypeAlias = Any

_NUL: Final = "\0"


@dataclass(frozen=True, slots=True)
class Engine:
    """What has another name in each engine.

    Attributes:
        dialect: its name in Ibis.
        total: of doubles, with compensated summation. It differs from the sum in memory, which is rounded once, by the
            last bit at most times; and it has no value where any part of it leaves the range of doubles.
        distinct: how many different values there are, exactly.
        picked: (value, order, where, first) → the value of the row that is first, or last, in an order; also where
            that value is null.
        length: how many code points a text has.
        character: the text of one code point. No literal can hold U+0000.
        has_null_lists: whether a list can be null; where not, an empty one stands for it.
        results: where the tables of results are, as Ibis names it; where those of the store are unless it is told.
    """

    dialect: str
    total: Callable[..., Value]
    distinct: Callable[..., Value]
    picked: Callable[[Value, Value, Condition | None, bool], Value]
    length: Callable[[Value], Value]
    character: Callable[[int], Value]
    results: Mapping[str, str] = field(default_factory=dict)
    has_null_lists: bool = True

    def text(self, text: str) -> Value:
        """A literal."""
        parts: list[Value] = [ibis.literal(part) for part in stored_text(text).split(_NUL)]
        whole = parts[0]
        for part in parts[1:]:
            whole = whole + self.character(0) + part
        return whole

    def missing(self, of: str) -> Value:
        """No value, of a type of columns; an empty list where there is no null for lists."""
        return empty_list(of[6:-1]) if of.startswith("array<") and not self.has_null_lists else null(of)

    def pattern(self, pattern: str) -> Value:
        """A pattern of RE2; that `.` is no line break is the default of only some engines."""
        return self.text(f"(?-s){pattern}")


@ibis.udf.agg.builtin  # type: ignore[untyped-decorator]
def fsum(number: float) -> float:
    """DuckDB's sum by Kahan."""
    raise NotImplementedError


@ibis.udf.scalar.builtin(name="chr")  # type: ignore[untyped-decorator]
def _duckdb_character(code_point: int) -> str:
    raise NotImplementedError


def _distinct(values: Value, where: Condition | None = None) -> Value:
    return values.nunique(where=where)


@cache
def _duckdb_arg(name: str, value: Any, order: Any) -> Callable[..., Value]:
    """Its function for the row with an extreme, of one type of values and of order."""

    def arg(value, order):  # type: ignore[no-untyped-def]
        raise NotImplementedError

    builtin: Callable[..., Value] = ibis.udf.agg.builtin(arg, name=name, signature=((value, order), value))
    return builtin


def _duckdb_picked(value: Value, order: Value, where: Condition | None, first: bool) -> Value:
    # Its other forms pass over null, and Ibis' own sort.
    return _duckdb_arg(f"arg_{'min' if first else 'max'}_null", value.type(), order.type())(value, order, where=where)


def _duckdb_length(text: Value) -> Value:
    return text.length()


DUCKDB: Final = Engine(
    "duckdb",
    fsum,
    _distinct,
    _duckdb_picked,
    _duckdb_length,
    _duckdb_character,
    {"catalog": CATALOG, "database": "main"},
)


@ibis.udf.agg.builtin(name="sumKahan")  # type: ignore[untyped-decorator]
def _sum_kahan(number: float) -> float:
    raise NotImplementedError


@ibis.udf.agg.builtin(name="uniqExact", signature=((None,), "int64"))
def _uniq_exact(values):  # type: ignore[no-untyped-def]
    raise NotImplementedError


@ibis.udf.scalar.builtin(name="char")  # type: ignore[untyped-decorator]
def _clickhouse_character(code_point: int) -> str:
    raise NotImplementedError


@ibis.udf.scalar.builtin(name="lengthUTF8")  # type: ignore[untyped-decorator]
def _clickhouse_length(text: str) -> int:
    raise NotImplementedError


def _clickhouse_picked(value: Value, order: Value, where: Condition | None, first: bool) -> Value:
    # Its functions pass over null, which is none within something else.
    whole = ibis.struct({"value": value})
    return (whole.argmin(order, where=where) if first else whole.argmax(order, where=where))["value"]


CLICKHOUSE: Final = Engine(
    "clickhouse",
    _sum_kahan,
    _uniq_exact,
    _clickhouse_picked,
    _clickhouse_length,
    _clickhouse_character,
    has_null_lists=False,
)


@dataclass(frozen=True, slots=True)
class Statement:
    """SQL for an engine.

    Attributes:
        tables: what it reads by name beside the store.
        reads: names of the tables of the store, or of results, that it reads.
    """

    text: str
    tables: Mapping[str, pa.Table]
    reads: frozenset[str]


def statement_of(expression: Table | Value, engine: Engine) -> Statement:
    """An expression for an engine to run."""
    shown = {one.name: one.data.to_pyarrow(one.schema) for one in expression.op().find(ops.InMemoryTable)}
    reads = frozenset(one.name for one in expression.op().find(ops.UnboundTable))
    return Statement(str(ibis.to_sql(expression, dialect=engine.dialect)), shown, reads)


TRUE: Final[Condition] = ibis.literal(True)
FALSE: Final[Condition] = ibis.literal(False)


def number(value: float) -> Value:
    """A double. As a text, which every engine reads exactly; digits alone would be a decimal for some."""
    return ibis.literal(repr(float(value))).cast("float64")


def table(name: str, columns: dict[str, str]) -> Table:
    """A table by its name; it is looked for when the expression runs."""
    return ibis.table(columns, name=name)


def result_table(name: str, columns: Mapping[str, str], engine: Engine) -> Table:
    """A table of a result, by its name."""
    return ibis.table(dict(columns), name=name, **engine.results)


def held(rows: pa.Table) -> Table:
    """Rows as a part of an expression."""
    return ibis.memtable(rows)


def numbers_of(name: str, numbers: Iterable[int]) -> Table:
    """Numbers as a table of one column, which is a part of the expression."""
    return held(pa.table({name: pa.array(numbers, pa.int64())}))


def all_of(conditions: Sequence[Condition]) -> Condition:
    """Every one holds."""
    return _balanced(conditions, lambda one, other: one & other) if conditions else TRUE


def any_of(conditions: Sequence[Condition]) -> Condition:
    """At least one holds."""
    return _balanced(conditions, lambda one, other: one | other) if conditions else FALSE


def negated(condition: Condition) -> Condition:
    """It does not hold; true of null."""
    return ~ibis.coalesce(condition, FALSE)


def or_else(value: Value, other: Value) -> Value:
    """The value, or the other one where it is null."""
    return ibis.coalesce(value, other)


def or_null(condition: Condition, value: Value) -> Value:
    """The value where the condition holds, else null."""
    return ibis.ifelse(condition, value, ibis.null())


def null(of_type: str) -> Value:
    """No value, of a type."""
    return ibis.null(of_type)


def union_of(tables: Sequence[Table]) -> Table:
    """All rows of tables of the same columns."""
    return ibis.union(*tables)


def picked(choices: Sequence[tuple[Condition, int]], otherwise: int) -> Value:
    """The number of the first condition that holds."""
    found = ibis.literal(otherwise, "int64")
    for condition, number_ in reversed(choices):
        found = ibis.ifelse(condition, ibis.literal(number_, "int64"), found)
    return found


def finite(value: Value) -> Value:
    """The double, or null where it is infinite or not a number."""
    return ibis.ifelse(value.isinf() | value.isnan(), ibis.null("float64"), value)


def one_of(value: Value, wanted: Sequence[Value]) -> Condition:
    """Equal to one of them; null of null."""
    return value == wanted[0] if len(wanted) == 1 else value.isin(wanted)


def value_or_null(condition: Condition, value: Value) -> Value:
    """The value where the condition holds, else null."""
    return ibis.ifelse(condition, value, ibis.null(value.type()))


def nothing(of: str) -> Value:
    """Null, of a type."""
    return ibis.null(of)


def empty_list(of: str) -> Value:
    """A list without elements, of a type."""
    return ibis.literal([], f"array<{of}>")


def first_of(cases: Sequence[tuple[Condition, Value]]) -> Value:
    """The value of the first condition that holds; null where none does."""
    return ibis.cases(*cases)


def record(**columns: Value) -> Value:
    """Values as one, in the order of the first, then of the second."""
    return ibis.struct(columns)


def list_of(values: Sequence[Value], length: Value) -> Value:
    """The first so many of some values as a list, nulls included."""
    return ibis.array(values)[:length]


def place_among(rows: Table, *order: Value, of: Value | None = None) -> Value:
    """A row's place in an order, from 0 on; no two rows have one.

    Args:
        of: a column: among the rows that are equal in it.
    """
    return ibis.row_number().over(ibis.window(group_by=of, order_by=list(order)))


def counted_down(value: Value, count: Value) -> Value:
    """How many there are of a value and of all above it, where each value has one row."""
    return count.sum().over(ibis.cumulative_window(order_by=descending(value)))


def digit(value: Value) -> Value:
    """A number below ten as a text."""
    return value.cast("string")


def descending(value: Value) -> Value:
    """The largest first, as a part of an order."""
    return ibis.desc(value, nulls_first=False)


def ascending(value: Value) -> Value:
    """The smallest first, null last."""
    return ibis.asc(value, nulls_first=False)


def mark(condition: Condition, number: int) -> Value:
    """The number where the condition holds, else 0."""
    return ibis.ifelse(condition, number, 0)


def total_of(values: Sequence[Value]) -> Value:
    """The numbers added up."""
    return _balanced(values, lambda one, other: one + other)


def by_bounds(value: Value, bounds: Sequence[int], results: Sequence[Value]) -> Value:
    """The n-th result where the value lies below the n-th bound and not below the one before; the last one above all.

    Args:
        bounds: ascending, one less than there are results.
    """
    if not bounds:
        return results[0]
    middle = len(bounds) // 2
    return ibis.ifelse(
        value < bounds[middle],
        by_bounds(value, bounds[:middle], results[: middle + 1]),
        by_bounds(value, bounds[middle + 1 :], results[middle + 1 :]),
    )


def at_most(value: Value, bound: int | Value) -> Value:
    """The value, or the bound where it is greater."""
    return ibis.least(value, bound)


def at_least(value: Value, bound: int) -> Value:
    """The value, or the bound where it is smaller."""
    return ibis.greatest(value, bound)


def _balanced(values: Sequence[Value], join: Callable[[Value, Value], Value]) -> Value:
    """Joined as a tree of small depth: engines and Ibis go through expressions by recursion."""
    if len(values) == 1:
        return values[0]
    middle = len(values) // 2
    return join(_balanced(values[:middle], join), _balanced(values[middle:], join))
