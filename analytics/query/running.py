"""Runs expressions on a DuckDB store."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import pyarrow as pa
from duckdb import DuckDBPyConnection

from analytics.query.expressions import DUCKDB, Table, Value, statement_of

# Rows in memory at once while sequences are looked for: some dozen megabytes.
_BATCH_ROWS: Final = 100_000


@contextmanager
def one_state(reader: DuckDBPyConnection) -> Iterator[None]:
    """What is written meanwhile is not seen in the block; what the block writes beside the store stays."""
    reader.execute("BEGIN TRANSACTION")
    try:
        yield
    except BaseException:
        reader.execute("ROLLBACK")
        raise
    reader.execute("COMMIT")


def batches(reader: DuckDBPyConnection, expression: Table) -> Iterator[pa.RecordBatch]:
    """The rows of an expression, a part after the other."""
    yield from run(reader, expression).to_arrow_reader(_BATCH_ROWS)


def run(reader: DuckDBPyConnection, expression: Table | Value) -> DuckDBPyConnection:
    """The answer to an expression, not read yet."""
    return reader.execute(shown(reader, expression))


def shown(reader: DuckDBPyConnection, expression: Table | Value) -> str:
    """An expression as SQL for this connection, which is shown the tables that the expression holds itself."""
    statement = statement_of(expression, DUCKDB)
    for name, rows in statement.tables.items():
        reader.register(name, rows)
    return statement.text
