"""Asks a DuckDB store about everybody, in one state of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final, TypeAlias
from zoneinfo import ZoneInfo

import pyarrow as pa

from analytics.query.expressions import Table
from analytics.query.population import count_query, prepare, to_query
from analytics.query.sources import Tables
from rules.tree import Rule

# `ibis.backends.duckdb.Backend`, as `ColumnFile.reader` gives it.
Reader: TypeAlias = Any
# Rows in memory at once while sequences are looked for: some dozen megabytes.
_BATCH_ROWS: Final = 100_000


def customers(reader: Reader, rule: Rule, tables: Tables, now_ms: int, zone: ZoneInfo) -> pa.Table:
    """Everybody for whom a checked rule holds at an instant: one column, `customer`."""
    with _one_state(reader):
        found = prepare(rule, tables, now_ms, zone, lambda expression: _batches(reader, expression))
        answer: pa.Table = reader.to_pyarrow(to_query(rule, tables, now_ms, zone, found))
        return answer


def count(reader: Reader, rule: Rule, tables: Tables, now_ms: int, zone: ZoneInfo) -> int:
    """How many they are."""
    with _one_state(reader):
        found = prepare(rule, tables, now_ms, zone, lambda expression: _batches(reader, expression))
        return int(reader.to_pyarrow(count_query(rule, tables, now_ms, zone, found)).as_py())


@contextmanager
def _one_state(reader: Reader) -> Iterator[None]:
    """What is written meanwhile is not seen in the block."""
    reader.con.execute("BEGIN TRANSACTION")
    try:
        yield
    finally:
        reader.con.execute("ROLLBACK")


def _batches(reader: Reader, expression: Table) -> Iterator[pa.RecordBatch]:
    yield from reader.con.execute(reader.compile(expression)).to_arrow_reader(_BATCH_ROWS)
