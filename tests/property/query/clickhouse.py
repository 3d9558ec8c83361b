"""ClickHouse in this process, as a second engine for the same expressions."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ibis  # type: ignore[import-untyped]
import pyarrow as pa
import pyarrow.parquet as pq
from chdb.session import Session  # type: ignore[import-untyped]

from analytics.query.expressions import Condition, Engine, Table, Value, statement_of
from analytics.store.file import ColumnFile
from analytics.store.tables import CUSTOMERS, MEMBERS, OWNERS, STRETCHES, TAG_VALUES

# The standard's outer joins and aggregates of nothing, where ClickHouse's own give zeros.
_SETTINGS = "SETTINGS join_use_nulls = 1, aggregate_functions_null_for_empty = 0"


@ibis.udf.agg.builtin(name="sumKahan")  # type: ignore[untyped-decorator]
def _sum_kahan(number: float) -> float:
    raise NotImplementedError


@ibis.udf.agg.builtin(name="uniqExact", signature=((None,), "int64"))  # type: ignore[untyped-decorator]
def _uniq_exact(values):  # type: ignore[no-untyped-def]
    raise NotImplementedError


@ibis.udf.scalar.builtin(name="char")  # type: ignore[untyped-decorator]
def _char(code_point: int) -> str:
    raise NotImplementedError


@ibis.udf.scalar.builtin(name="lengthUTF8")  # type: ignore[untyped-decorator]
def _length(text: str) -> int:
    raise NotImplementedError


def _picked(value: Value, order: Value, where: Condition | None, first: bool) -> Value:
    # Its functions pass over null, which is none within something else.
    whole = ibis.struct({"value": value})
    return (whole.argmin(order, where=where) if first else whole.argmax(order, where=where))["value"]


CLICKHOUSE = Engine("clickhouse", _sum_kahan, _uniq_exact, _picked, _length, _char)


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
