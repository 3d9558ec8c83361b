"""ClickHouse in this process, as a second engine for the same expressions."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from chdb.session import Session  # type: ignore[import-untyped]

from analytics.query.expressions import CLICKHOUSE, Table, statement_of
from analytics.store.file import ColumnFile
from analytics.store.tables import CUSTOMERS, MEMBERS, OWNERS, STRETCHES, TAG_VALUES

__all__ = ["CLICKHOUSE", "ClickHouse"]

# The standard's outer joins and aggregates of nothing, where ClickHouse's own give zeros.
_SETTINGS = "SETTINGS join_use_nulls = 1, aggregate_functions_null_for_empty = 0"


class ClickHouse:
    """A session with the tables of a store; `hold` replaces them."""

    def __init__(self, folder: Path):
        self._folder, self._session = folder, Session()

    def hold(self, file: ColumnFile) -> None:
        """Copy the tables of a store."""
        reader = file.reader()
        events = [event.table for event in file.layout.events.values()]
        for name in (CUSTOMERS, OWNERS, STRETCHES, MEMBERS, TAG_VALUES, *events):
            self._put(name, reader.execute(f"SELECT * FROM {name}").to_arrow_table())

    def read(self, expression: Table) -> Iterator[pa.RecordBatch]:
        """What an expression yields."""
        statement = statement_of(expression, CLICKHOUSE)
        for name, rows in statement.tables.items():
            self._put(name, rows)
        answer: Any = self._session.query(f"{statement.text} {_SETTINGS}", "ArrowTable")
        yield from answer.to_batches()

    def close(self) -> None:
        """End the session."""
        self._session.close()

    def _put(self, name: str, rows: pa.Table) -> None:
        path = self._folder / f"{name}.parquet"
        pq.write_table(rows, path)
        self._session.query("CREATE DATABASE IF NOT EXISTS held")
        self._session.query("USE held")
        self._session.query(f"DROP TABLE IF EXISTS {name}")
        self._session.query(f"CREATE TABLE {name} ENGINE = Memory AS SELECT * FROM file('{path}')")
