"""The store as a file of DuckDB in this process."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import duckdb
import pyarrow as pa
from duckdb import DuckDBPyConnection

from analytics.engines.port import Store
from analytics.query import running
from analytics.query.expressions import DUCKDB, Engine, Table
from analytics.sql import values as statements
from analytics.sql.sandbox import Limits
from analytics.sql.values import Column, Reads
from analytics.store import results
from analytics.store.batch import Batch, Position
from analytics.store.file import ColumnFile
from analytics.store.results import Kept
from analytics.store.tables import Layout
from base import logs
from base.errors import ConfigurationFault
from graph.repositories.sharing import ClosedKeys
from rules.tags.compiled import TagValue
from rules.tags.definition import Sql

FOLDER: Final = "columns"
FILE: Final = "columns.duckdb"
NEW_FILE: Final = "columns.new.duckdb"

_log = logs.get_logger()


class FileReader:
    """A connection to a file.

    Args:
        layout: of the file, for statements of people.
    """

    engine: Engine = DUCKDB

    def __init__(self, connection: DuckDBPyConnection, layout: Layout):
        self.connection = connection
        self._layout = layout

    def one_state(self) -> AbstractContextManager[None]:
        return running.one_state(self.connection)

    def batches(self, expression: Table) -> Iterator[pa.RecordBatch]:
        return running.batches(self.connection, expression)

    def rows(self, expression: Table) -> list[tuple[Any, ...]]:
        return running.run(self.connection, expression).fetchall()

    def table(self, expression: Table) -> pa.Table:
        return running.run(self.connection, expression).to_arrow_table()

    def keep_members(self, name: str, found: Table) -> Kept:
        return results.keep_members(self.connection, name, running.shown(self.connection, found))

    def keep_values(self, name: str, values: Table, keeping_old_of: str | None) -> Kept:
        kinds = [column for column in values.columns if column != "customer"]
        shown = running.shown(self.connection, values)
        return results.keep_values(self.connection, name, shown, kinds, keeping_old_of)

    def compare_members(self, kept: Kept, segment: str) -> int:
        return results.compare_members(self.connection, kept, segment)

    def compare_values(self, kept: Kept, tag: str) -> int:
        return results.compare_values(self.connection, kept, tag)

    def page_differing(self, name: str, after: int, limit: int) -> list[str]:
        return results.page_differing(self.connection, name, after, limit)

    def page_values(self, name: str, after: int, limit: int) -> list[tuple[str, TagValue | None]]:
        return results.page_values(self.connection, name, after, limit)

    def page_result(self, name: str, after: str, limit: int) -> list[str]:
        return results.page_result(self.connection, name, after, limit)

    def drop(self, name: str) -> None:
        results.drop(self.connection, name)

    def check_sql(self, definition: Sql, now_ms: int, zone: ZoneInfo) -> tuple[Sequence[Column], Reads]:
        return statements.check_sql(self.connection, definition, self._layout, now_ms, zone)

    def sql_values(self, definition: Sql, now_ms: int, zone: ZoneInfo, limits: Limits, closed: ClosedKeys) -> pa.Table:
        return statements.sql_values(self.connection, definition, self._layout, now_ms, zone, limits, closed)

    def interrupt(self) -> None:
        self.connection.interrupt()

    def close(self) -> None:
        self.connection.close()


class FileStore:
    """A file, with readers that ask expressions."""

    engine: Engine = DUCKDB

    def __init__(self, file: ColumnFile):
        self.file = file

    @property
    def layout(self) -> Layout:
        return self.file.layout

    @property
    def position(self) -> Position:
        return self.file.position

    def apply(self, batch: Batch, position: Position, *, fresh: bool = False) -> None:
        self.file.apply(batch, position, fresh=fresh)

    def checkpoint(self) -> None:
        self.file.checkpoint()

    def ask(self) -> FileReader:
        return FileReader(self.file.reader(), self.file.layout)

    def is_ended_by(self, fault: BaseException) -> bool:
        # A fault inside DuckDB closes the instance to everybody.
        return isinstance(fault, duckdb.FatalException | duckdb.InternalException | duckdb.ConnectionException)

    def close(self) -> None:
        self.file.close()


class FilePlace:
    """A folder with a file, and with a new one while that is built.

    Args:
        data_dir: the folder is one of its own below.
        key, memory_mb: as for `ColumnFile`.
    """

    name = "DuckDB"

    def __init__(self, data_dir: Path, key: str, memory_mb: int):
        self._path = data_dir / FOLDER / FILE
        self._key = key
        self._memory_mb = memory_mb

    def open(self) -> FileStore:
        try:
            return self._file(self._path)
        except duckdb.IOException as fault:
            if "lock" in str(fault):
                raise ConfigurationFault(
                    f"Another process has {FOLDER}/{FILE} open: one role `analytics` a deployment."
                ) from fault
            return self._open_new(fault)
        except duckdb.Error as fault:
            return self._open_new(fault)

    def begin(self) -> FileStore:
        new = self._path.with_name(NEW_FILE)
        _remove(new)
        return self._file(new)

    def put(self, built: Store, old: Store | None) -> None:
        built.close()
        if old is not None:
            old.close()
        _remove(self._path)
        os.replace(self._path.with_name(NEW_FILE), self._path)

    def is_of_store(self, fault: BaseException) -> bool:
        return isinstance(fault, duckdb.Error)

    def _open_new(self, fault: duckdb.Error) -> FileStore:
        # It holds nothing that the graph does not hold.
        _log.warning("columns_unreadable", fault=type(fault).__name__)
        _remove(self._path)
        return self._file(self._path)

    def _file(self, path: Path) -> FileStore:
        return FileStore(ColumnFile(path, self._key, memory_mb=self._memory_mb))


def _remove(path: Path) -> None:
    for each in (path, path.with_name(path.name + ".wal")):
        each.unlink(missing_ok=True)
