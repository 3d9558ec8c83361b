"""Asks a DuckDB store about everybody, in one state of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import pyarrow as pa
from duckdb import DuckDBPyConnection

from analytics.query.expressions import Table
from analytics.query.population import count_query, prepare, to_query
from analytics.query.running import batches, one_state, run, shown
from analytics.query.sources import Tables
from analytics.query.tag_values import tag_values_query
from analytics.store.results import Kept, keep_members, keep_values
from rules.tags.definition import Definition, rule_of
from rules.tree import Rule

T = TypeVar("T")


def customers(reader: DuckDBPyConnection, rule: Rule, tables: Tables, now_ms: int, zone: ZoneInfo) -> pa.Table:
    """Everybody for whom a checked rule holds at an instant: one column, `customer`."""
    with one_state(reader):
        return run(reader, _found(reader, rule, tables, now_ms, zone)).to_arrow_table()


def count(reader: DuckDBPyConnection, rule: Rule, tables: Tables, now_ms: int, zone: ZoneInfo) -> int:
    """How many they are."""
    with one_state(reader):
        found = prepare(rule, tables, now_ms, zone, lambda expression: batches(reader, expression))
        ((number,),) = run(reader, count_query(rule, tables, now_ms, zone, found)).fetchall()
        return int(number)


def keep_customers(
    reader: DuckDBPyConnection, name: str, rule: Rule, tables: Tables, now_ms: int, zone: ZoneInfo
) -> Kept:
    """Keep who they are, as the result `name`."""
    with one_state(reader):
        return keep_members(reader, name, shown(reader, _found(reader, rule, tables, now_ms, zone)))


def tag_values(
    reader: DuckDBPyConnection, definition: Definition, tables: Tables, now_ms: int, zone: ZoneInfo
) -> pa.Table:
    """The value of everybody who has one of a checked tag that is computed, as `tag_values_query` says."""
    with one_state(reader):
        return run(reader, _values(reader, definition, tables, now_ms, zone)).to_arrow_table()


def keep_tag(
    reader: DuckDBPyConnection,
    name: str,
    definition: Definition,
    tables: Tables,
    now_ms: int,
    zone: ZoneInfo,
    keeping_old_of: str | None = None,
) -> Kept:
    """Keep the same as the result `name`.

    Args:
        keeping_old_of: the tag whose stored values those keep who have none any more; None: nobody does.
    """
    with one_state(reader):
        values = _values(reader, definition, tables, now_ms, zone)
        return keep_values(reader, name, shown(reader, values), _kinds(values.columns), keeping_old_of)


def keep_table(reader: DuckDBPyConnection, name: str, values: pa.Table, keeping_old_of: str | None = None) -> Kept:
    """Keep values that were found already; arguments as of `keep_tag`."""
    with one_state(reader):
        reader.register("found", values)
        try:
            return keep_values(reader, name, "SELECT * FROM found", _kinds(values.column_names), keeping_old_of)
        finally:
            reader.unregister("found")


def rows_of(
    reader: DuckDBPyConnection,
    rule: Rule,
    tables: Tables,
    now_ms: int,
    zone: ZoneInfo,
    ask: Callable[[Table], Table],
) -> list[tuple[Any, ...]]:
    """What is asked about everybody for whom a checked rule holds at an instant.

    Args:
        ask: their table, as `customers` gives it → a table whose rows are the answer; few, since all are in memory.
    """
    with one_state(reader):
        return run(reader, ask(_found(reader, rule, tables, now_ms, zone))).fetchall()


def in_one_state(reader: DuckDBPyConnection, work: Callable[[Callable[[Table], list[tuple[Any, ...]]]], T]) -> T:
    """What some work makes of the rows of several tables, which it asks for; all are read in one state."""
    with one_state(reader):
        return work(lambda table: run(reader, table).fetchall())


def _found(reader: DuckDBPyConnection, rule: Rule, tables: Tables, now_ms: int, zone: ZoneInfo) -> Table:
    found = prepare(rule, tables, now_ms, zone, lambda expression: batches(reader, expression))
    return to_query(rule, tables, now_ms, zone, found)


def _values(reader: DuckDBPyConnection, definition: Definition, tables: Tables, now_ms: int, zone: ZoneInfo) -> Table:
    found = prepare(rule_of(definition), tables, now_ms, zone, lambda expression: batches(reader, expression))
    return tag_values_query(definition, tables, now_ms, zone, found)


def _kinds(columns: Sequence[str]) -> list[str]:
    return [column for column in columns if column != "customer"]
