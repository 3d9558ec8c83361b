"""The file of the columnar store: DuckDB, encrypted, with one owner. The only module that writes to it.

Names in its statements are made here (`events_7`, `c12`); values travel as Arrow tables and parameters.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import astuple, fields
from importlib.resources import files
from pathlib import Path
from threading import RLock
from typing import Any, Final

import duckdb
import pyarrow as pa

from analytics.store import results
from analytics.store.batch import Batch, Position
from analytics.store.rows import TYPES, Grown, change_rows, member_rows, move_rows, number_rows, owner_rows, tag_rows
from analytics.store.tables import CHANGES, CUSTOMERS, MEMBERS, MOVES, OWNERS, STRETCHES, TAG_VALUES, Layout
from analytics.store.vocabulary import Vocabulary

DEFAULT_MEMORY_MB: Final = 2048
CATALOG: Final = "store"
_TABLES: Final = f"""
CREATE TABLE position (changes BIGINT, touched BIGINT, doubtful_until BIGINT, doubtful_changes_until BIGINT,
  as_of BIGINT, built BOOLEAN);
INSERT INTO position VALUES (0, 0, 0, 0, 0, false);
CREATE TABLE event_tables (name VARCHAR, table_name VARCHAR);
CREATE TABLE columns (table_name VARCHAR, path VARCHAR, kind VARCHAR, column_name VARCHAR);
CREATE TABLE incomplete (table_name VARCHAR);
CREATE TABLE {CUSTOMERS} (customer BIGINT, id VARCHAR, created_at BIGINT);
CREATE TABLE {OWNERS} (identifier BIGINT, customer BIGINT);
CREATE TABLE {STRETCHES} (identifier BIGINT, from_ms BIGINT, to_ms BIGINT, customer BIGINT);
CREATE TABLE {MEMBERS} (customer BIGINT, segment VARCHAR, since BIGINT);
CREATE TABLE {TAG_VALUES} (customer BIGINT, tag VARCHAR, since BIGINT, {{kinds}});
CREATE TABLE {MOVES} (customer BIGINT, tag VARCHAR, "at" BIGINT, before VARCHAR, stage VARCHAR, reason VARCHAR,
  version BIGINT);
CREATE TABLE {CHANGES} (customer BIGINT, segment VARCHAR, sequence BIGINT, entered BOOLEAN, "at" BIGINT, version BIGINT,
  cause VARCHAR, position BIGINT);
"""
# `at` is a word of the language.
_EVENT_COLUMNS: Final = 'identifier BIGINT, "at" BIGINT, id VARCHAR'
# Of `position`, in the order of the fields.
_POSITION: Final = tuple(one.name.removesuffix("_ms") for one in fields(Position))
# What is open at that moment stays so: the file, its log, and what queries spill.
_CLOSED: Final = (
    "allow_persistent_secrets = false",
    "autoinstall_known_extensions = false",
    "autoload_known_extensions = false",
    "python_enable_replacements = false",
    "enable_external_access = false",
    "lock_configuration = true",
)


class ColumnFile:
    """One open file. Any thread may write, one at a time; each reader has a connection of its own.

    Args:
        path: made where there is none; None keeps everything in memory.
        key: hexadecimal; None does not encrypt.
        memory_mb: what all queries together may use; beyond it they spill to disk, beside the file and encrypted too.

    Raises:
        duckdb.Error: another process has the file open, the key is another, or the file is damaged or of an older
            layout.
    """

    def __init__(self, path: Path | None = None, key: str | None = None, *, memory_mb: int = DEFAULT_MEMORY_MB):
        self._lock = RLock()
        self._connection = duckdb.connect(config={"memory_limit": f"{memory_mb}MB", "preserve_insertion_order": False})
        try:
            self._attach(path, key)
            if not self._rows("SELECT 1 FROM duckdb_tables() WHERE table_name = 'position'"):
                with self._transaction():
                    kinds = ", ".join(f"{kind.value} {type_.sql}" for kind, type_ in TYPES.items())
                    self._connection.execute(_TABLES.format(kinds=kinds))
            elif not self._rows(f"SELECT 1 FROM duckdb_tables() WHERE table_name = '{CHANGES}'"):
                raise duckdb.InvalidInputException("a file of an older layout")
            self._vocabulary = self._read_vocabulary()
        except BaseException:
            self._connection.close()
            raise
        self._layout = self._vocabulary.layout()

    @property
    def layout(self) -> Layout:
        """Which columns there are now."""
        return self._layout

    @property
    def position(self) -> Position:
        """How far it has followed the graph; all 0 for a new one."""
        with self._lock:
            return Position(*self._rows(f"SELECT {', '.join(_POSITION)} FROM position")[0])

    def reader(self) -> duckdb.DuckDBPyConnection:
        """A connection of its own to read by; a statement sees what is committed when it begins."""
        with self._lock:
            cursor = self._connection.cursor()
        cursor.execute(f"USE {CATALOG}")
        return cursor

    def apply(self, batch: Batch, position: Position, *, fresh: bool = False) -> None:
        """Write a batch and where it leads, both or neither.

        Args:
            fresh: nothing that the batch names is there yet.
        """
        with self._lock:
            grown = Grown(self._vocabulary)
            try:
                added = [
                    *grown.customers(batch),
                    *grown.events(batch),
                    *owner_rows(batch.owners),
                    (TAG_VALUES, tag_rows(batch.tags)),
                    (MOVES, move_rows(batch.moves)),
                ]
                # On its own: a transaction that alters a table cannot change its rows. Columns without values do no
                # harm if the rest fails.
                self._grow(grown)
                with self._transaction():
                    if not fresh:
                        self._remove(batch)
                    for table, each in added:
                        self._insert(table, each)
                    self._add_members(member_rows(batch.members))
                    self._add_changes(change_rows(batch.changes), doubtful=batch.doubtful_changes)
                    self._connection.execute(
                        f"UPDATE position SET {', '.join(f'{column} = ?' for column in _POSITION)}",
                        astuple(position),
                    )
            except BaseException:
                self._vocabulary = self._read_vocabulary()
                raise
            finally:
                if grown.is_news:
                    self._layout = self._vocabulary.layout()

    def checkpoint(self) -> None:
        """Bring everything from the log into the file."""
        with self._lock:
            self._connection.execute(f"CHECKPOINT {CATALOG}")

    def close(self) -> None:
        """Give the file up; readers end with a fault."""
        with self._lock:
            self._connection.close()

    def _attach(self, path: Path | None, key: str | None) -> None:
        options = ""
        if key is not None:
            # Without it DuckDB reads encrypted files but writes none. Its signature is checked when it is loaded.
            extension = (
                files("duckdb_extension_httpfs") / "extensions" / f"v{duckdb.__version__}" / "httpfs.duckdb_extension"
            )
            self._connection.load_extension(str(extension))
            self._connection.execute("SET temp_file_encryption = true")
            # ATTACH takes no parameters.
            options = f" (ENCRYPTION_KEY '{bytes.fromhex(key).hex()}')"
        place = ":memory:"
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            place = str(path).replace("'", "''")
            self._connection.execute("SET temp_directory = ?", [str(path.parent / "spilled")])
        self._connection.execute(f"ATTACH '{place}' AS {CATALOG}{options}")
        self._connection.execute(f"ATTACH ':memory:' AS {results.CATALOG}")
        self._connection.execute(f"USE {CATALOG}")
        # No statement of any connection reaches another file, the network or these settings from here on.
        for setting in _CLOSED:
            self._connection.execute(f"SET {setting}")

    def _read_vocabulary(self) -> Vocabulary:
        return Vocabulary(
            self._rows("SELECT name, table_name FROM event_tables"),
            self._rows("SELECT table_name, path, kind, column_name FROM columns"),
            (table for (table,) in self._rows("SELECT table_name FROM incomplete")),
        )

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._connection.execute("BEGIN")
        try:
            yield
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")

    def _grow(self, grown: Grown) -> None:
        if not grown.is_news:
            return
        execute = self._connection.execute
        with self._transaction():
            for name, table in grown.tables:
                execute(f"CREATE TABLE {table} ({_EVENT_COLUMNS})")
                execute("INSERT INTO event_tables VALUES (?, ?)", [name, table])
            for table, path, kind, column in grown.columns:
                execute(f"ALTER TABLE {table} ADD COLUMN {column} {TYPES[kind].sql}")
                execute("INSERT INTO columns VALUES (?, ?, ?, ?)", [table, path, kind.value, column])
            for table in grown.left_out:
                execute("INSERT INTO incomplete VALUES (?)", [table])

    def _rows(self, statement: str) -> list[tuple[Any, ...]]:
        return self._connection.execute(statement).fetchall()

    def _remove(self, batch: Batch) -> None:
        """Take out what the batch replaces."""
        for table in (CUSTOMERS, TAG_VALUES):
            self._delete(table, number_rows("customer", batch.customers))
        self._delete(MEMBERS, number_rows("customer", batch.nowhere))
        self._delete(MOVES, number_rows("customer", batch.moved))
        self._delete(CHANGES, number_rows("customer", batch.cleared))
        for segment, position in batch.dropped.items():
            self._connection.execute(f"DELETE FROM {CHANGES} WHERE segment = ? AND position <= ?", [segment, position])
        owned = number_rows("identifier", batch.owners)
        self._delete(OWNERS, owned)
        self._delete(STRETCHES, owned)
        rehung = number_rows("identifier", batch.rehung)
        doubtful = pa.table({"id": pa.array([event.id for event in batch.events if batch.doubtful], pa.string())})
        for event in self._layout.events.values():
            self._delete(event.table, rehung)
            self._delete(event.table, doubtful)

    def _delete(self, table: str, names: pa.Table) -> None:
        """Delete the rows of which one column, which `names` has alone, has one of the values."""
        if names.num_rows:
            (column,) = names.column_names
            with self._shown(names):
                self._connection.execute(f"DELETE FROM {table} WHERE {column} IN (SELECT {column} FROM rows)")

    def _add_members(self, members: pa.Table) -> None:
        if members.num_rows:
            with self._shown(members):
                self._connection.execute(
                    f"DELETE FROM {MEMBERS} AS old USING rows"
                    " WHERE old.customer = rows.customer AND old.segment = rows.segment"
                )
                self._connection.execute(f"INSERT INTO {MEMBERS} BY NAME SELECT * FROM rows WHERE since IS NOT NULL")

    def _add_changes(self, changes: pa.Table, *, doubtful: bool) -> None:
        if doubtful and changes.num_rows:
            with self._shown(changes):
                self._connection.execute(
                    f"DELETE FROM {CHANGES} AS old USING rows WHERE old.customer = rows.customer"
                    " AND old.segment = rows.segment AND old.sequence = rows.sequence"
                )
        self._insert(CHANGES, changes)

    def _insert(self, table: str, rows: pa.Table) -> None:
        if rows.num_rows:
            with self._shown(rows):
                self._connection.execute(f"INSERT INTO {table} BY NAME SELECT * FROM rows")

    @contextmanager
    def _shown(self, rows: pa.Table) -> Iterator[None]:
        """Let statements read an Arrow table by the name `rows`."""
        self._connection.register("rows", rows)
        try:
            yield
        finally:
            self._connection.unregister("rows")
