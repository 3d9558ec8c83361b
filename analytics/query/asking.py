"""Asks a DuckDB store about everybody, in one state of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final, TypeVar
from zoneinfo import ZoneInfo

import pyarrow as pa
from duckdb import DuckDBPyConnection

from analytics.query.expressions import DUCKDB, Table, Value, statement_of
from analytics.query.population import count_query, prepare, to_query
from analytics.query.sources import Tables
from rules.tree import Rule

T = TypeVar("T")

# Rows in memory at once while sequences are looked for: some dozen megabytes.
_BATCH_ROWS: Final = 100_000


def customers(reader: DuckDBPyConnection, rule: Rule, tables: Tables, now_ms: int, zone: ZoneInfo) -> pa.Table:
    """Everybody for whom a checked rule holds at an instant: one column, `customer`."""
    with _one_state(reader):
        found = prepare(rule, tables, now_ms, zone, lambda expression: _batches(reader, expression))
        return _run(reader, to_query(rule, tables, now_ms, zone, found)).to_arrow_table()


def count(reader: DuckDBPyConnection, rule: Rule, tables: Tables, now_ms: int, zone: ZoneInfo) -> int:
    """How many they are."""
    with _one_state(reader):
        found = prepare(rule, tables, now_ms, zone, lambda expression: _batches(reader, expression))
        ((number,),) = _run(reader, count_query(rule, tables, now_ms, zone, found)).fetchall()
        return int(number)


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
    with _one_state(reader):
        found = prepare(rule, tables, now_ms, zone, lambda expression: _batches(reader, expression))
        return _run(reader, ask(to_query(rule, tables, now_ms, zone, found))).fetchall()


def in_one_state(reader: DuckDBPyConnection, work: Callable[[Callable[[Table], list[tuple[Any, ...]]]], T]) -> T:
    """What some work makes of the rows of several tables, which it asks for; all are read in one state."""
    with _one_state(reader):
        return work(lambda table: _run(reader, table).fetchall())


@contextmanager
def _one_state(reader: DuckDBPyConnection) -> Iterator[None]:
    """What is written meanwhile is not seen in the block."""
    reader.execute("BEGIN TRANSACTION")
    try:
        yield
    finally:
        reader.execute("ROLLBACK")


def _batches(reader: DuckDBPyConnection, expression: Table) -> Iterator[pa.RecordBatch]:
    yield from _run(reader, expression).to_arrow_reader(_BATCH_ROWS)


def _run(reader: DuckDBPyConnection, expression: Table | Value) -> DuckDBPyConnection:
    statement = statement_of(expression, DUCKDB)
    for name, rows in statement.tables.items():
        reader.register(name, rows)
    return reader.execute(statement.text)
