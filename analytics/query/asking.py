"""Asks a DuckDB store about everybody, in one state of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final
from zoneinfo import ZoneInfo

import pyarrow as pa
from duckdb import DuckDBPyConnection

from analytics.query.expressions import DUCKDB, Table, Value, statement_of
from analytics.query.population import count_query, prepare, to_query
from analytics.query.sources import Tables
from analytics.query.tag_changes import tag_changes_query
from analytics.query.tag_values import tag_value_counts_query, tag_values_query
from rules.tags.definition import Definition, rule_of
from rules.tree import Rule

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


def tag_values(
    reader: DuckDBPyConnection, definition: Definition, tables: Tables, now_ms: int, zone: ZoneInfo
) -> pa.Table:
    """The value of everybody who has one of a checked tag that is computed, as `tag_values_query` says."""
    with _one_state(reader):
        found = prepare(rule_of(definition), tables, now_ms, zone, lambda expression: _batches(reader, expression))
        return _run(reader, tag_values_query(definition, tables, now_ms, zone, found)).to_arrow_table()


def tag_changes(
    reader: DuckDBPyConnection, tag: str, definition: Definition, tables: Tables, now_ms: int, zone: ZoneInfo
) -> Iterator[pa.RecordBatch]:
    """Whose value of a tag is another one than the store holds, or is gone, as `tag_changes_query` says.

    The reader is in use, and sees one state of the store, until the last batch is taken.
    """
    with _one_state(reader):
        found = prepare(rule_of(definition), tables, now_ms, zone, lambda expression: _batches(reader, expression))
        values = tag_values_query(definition, tables, now_ms, zone, found)
        yield from _batches(reader, tag_changes_query(values, tag, tables))


def tag_value_counts(
    reader: DuckDBPyConnection, definition: Definition, tables: Tables, now_ms: int, zone: ZoneInfo
) -> pa.Table:
    """How many customers have each value, as `tag_value_counts_query` says."""
    with _one_state(reader):
        found = prepare(rule_of(definition), tables, now_ms, zone, lambda expression: _batches(reader, expression))
        return _run(reader, tag_value_counts_query(definition, tables, now_ms, zone, found)).to_arrow_table()


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
