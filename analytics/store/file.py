"""The file of the columnar store: DuckDB, encrypted, with one owner. The only module that writes SQL for it;
`results` has what lies beside it.

Names in its statements are made here (`events_7`, `c12`); values travel as Arrow tables and parameters.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import astuple, fields
from importlib.resources import files
from pathlib import Path
from threading import RLock
from typing import Any, Final, NamedTuple

import duckdb
import pyarrow as pa

from analytics.store import results
from analytics.store.batch import (
    Batch,
    EventCells,
    Membership,
    Position,
    SegmentChange,
    StageMove,
    Stretch,
    TagCells,
    number_of,
)
from analytics.store.spread import Cells, Kind, stored_text
from analytics.store.tables import (
    CHANGES,
    CUSTOMERS,
    EVENT_TABLES,
    MEMBERS,
    MOVES,
    OWNERS,
    STRETCHES,
    TAG_VALUES,
    Layout,
)
from analytics.store.vocabulary import Vocabulary
from base.clock import MAX_MS, MIN_MS

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
# `at` is a word of the language.
_EVENT_COLUMNS: Final = 'identifier BIGINT, "at" BIGINT, id VARCHAR'


class _Type(NamedTuple):
    sql: str
    arrow: pa.DataType


_TYPES: Final[Mapping[Kind, _Type]] = {
    Kind.TEXT: _Type("VARCHAR", pa.string()),
    Kind.FOLDED: _Type("VARCHAR", pa.string()),
    Kind.INSTANT: _Type("BIGINT", pa.int64()),
    Kind.DAY: _Type("INTEGER", pa.int32()),
    Kind.NUMBER: _Type("DOUBLE", pa.float64()),
    Kind.FLAG: _Type("BOOLEAN", pa.bool_()),
    Kind.OTHER: _Type("BOOLEAN", pa.bool_()),
    Kind.TEXTS: _Type("VARCHAR[]", pa.list_(pa.string())),
    Kind.NUMBERS: _Type("DOUBLE[]", pa.list_(pa.float64())),
    Kind.FLAGS: _Type("BOOLEAN[]", pa.list_(pa.bool_())),
}


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
                    kinds = ", ".join(f"{kind.value} {type_.sql}" for kind, type_ in _TYPES.items())
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
            grown = _Grown(self._vocabulary)
            try:
                rows = [*grown.customers(batch), *grown.events(batch)]
                if grown.statements:
                    # On their own: a transaction that alters a table cannot change its rows. Columns without values
                    # do no harm if the rest fails.
                    with self._transaction():
                        for statement, values in grown.statements:
                            self._connection.execute(statement, values)
                with self._transaction():
                    if not fresh:
                        self._remove(batch)
                    for table, each in rows:
                        self._insert(table, each)
                    self._add_owners(batch.owners)
                    self._add_members(batch.members)
                    self._add_tags(batch.tags)
                    self._add_moves(batch.moves)
                    self._add_changes(batch.changes, doubtful=batch.doubtful_changes)
                    self._connection.execute(
                        f"UPDATE position SET {', '.join(f'{column} = ?' for column in _POSITION)}",
                        astuple(position),
                    )
            except BaseException:
                self._vocabulary = self._read_vocabulary()
                raise
            finally:
                if grown.statements:
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

    def _rows(self, statement: str) -> list[tuple[Any, ...]]:
        return self._connection.execute(statement).fetchall()

    def _remove(self, batch: Batch) -> None:
        """Take out what the batch replaces."""
        for table in (CUSTOMERS, TAG_VALUES):
            self._delete(table, _numbers("customer", batch.customers))
        self._delete(MEMBERS, _numbers("customer", batch.nowhere))
        self._delete(MOVES, _numbers("customer", batch.moved))
        self._delete(CHANGES, _numbers("customer", batch.cleared))
        for segment, position in batch.dropped.items():
            self._connection.execute(f"DELETE FROM {CHANGES} WHERE segment = ? AND position <= ?", [segment, position])
        owned = _numbers("identifier", batch.owners)
        self._delete(OWNERS, owned)
        self._delete(STRETCHES, owned)
        rehung = _numbers("identifier", batch.rehung)
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

    def _add_owners(self, owners: Mapping[str, Sequence[Stretch]]) -> None:
        whole: list[tuple[int, int]] = []
        parts: list[tuple[int, int, int, int]] = []
        for uid, stretches in owners.items():
            identifier = number_of(uid)
            if len(stretches) == 1 and stretches[0].from_ms is None and stretches[0].to_ms is None:
                whole.append((identifier, number_of(stretches[0].customer)))
                continue
            for customer, from_ms, to_ms in stretches:
                start_ms = MIN_MS if from_ms is None else from_ms
                parts.append((identifier, start_ms, MAX_MS + 1 if to_ms is None else to_ms, number_of(customer)))
        self._insert_rows(OWNERS, ("identifier", "customer"), whole)
        self._insert_rows(STRETCHES, ("identifier", "from_ms", "to_ms", "customer"), parts)

    def _add_members(self, members: Sequence[Membership]) -> None:
        if not members:
            return
        pairs = pa.table(
            {
                "customer": pa.array([number_of(one.customer) for one in members], pa.int64()),
                "segment": pa.array([one.segment for one in members], pa.string()),
                "since": pa.array([one.since_ms for one in members], pa.int64()),
            }
        )
        with self._shown(pairs):
            self._connection.execute(
                f"DELETE FROM {MEMBERS} AS old USING rows"
                " WHERE old.customer = rows.customer AND old.segment = rows.segment"
            )
            self._connection.execute(f"INSERT INTO {MEMBERS} BY NAME SELECT * FROM rows WHERE since IS NOT NULL")

    def _add_tags(self, tags: Sequence[TagCells]) -> None:
        if not tags:
            return
        columns: dict[str, Any] = {
            "customer": pa.array([number_of(one.customer) for one in tags], pa.int64()),
            "tag": pa.array([one.tag for one in tags], pa.string()),
            "since": pa.array([one.since_ms for one in tags], pa.int64()),
        }
        for kind, type_ in _TYPES.items():
            columns[kind.value] = pa.array([one.cells.get(kind) for one in tags], type_.arrow)
        self._insert(TAG_VALUES, pa.table(columns))

    def _add_moves(self, moves: Sequence[StageMove]) -> None:
        if moves:
            customers, tags, at, before, stages, reasons, versions = zip(*moves, strict=True)
            columns = {
                "customer": pa.array(map(number_of, customers), pa.int64()),
                "tag": pa.array(tags, pa.string()),
                "at": pa.array(at, pa.int64()),
                "before": pa.array(before, pa.string()),
                "stage": pa.array(stages, pa.string()),
                "reason": pa.array(reasons, pa.string()),
                "version": pa.array(versions, pa.int64()),
            }
            self._insert(MOVES, pa.table(columns))

    def _add_changes(self, changes: Sequence[SegmentChange], *, doubtful: bool) -> None:
        if not changes:
            return
        customers, segments, sequences, entered, at, versions, causes, positions = zip(*changes, strict=True)
        columns = {
            "customer": pa.array(map(number_of, customers), pa.int64()),
            "segment": pa.array(segments, pa.string()),
            "sequence": pa.array(sequences, pa.int64()),
            "entered": pa.array(entered, pa.bool_()),
            "at": pa.array(at, pa.int64()),
            "version": pa.array(versions, pa.int64()),
            "cause": pa.array(causes, pa.string()),
            "position": pa.array(positions, pa.int64()),
        }
        rows = pa.table(columns)
        if doubtful:
            with self._shown(rows):
                self._connection.execute(
                    f"DELETE FROM {CHANGES} AS old USING rows WHERE old.customer = rows.customer"
                    " AND old.segment = rows.segment AND old.sequence = rows.sequence"
                )
        self._insert(CHANGES, rows)

    def _insert_rows(self, table: str, names: Sequence[str], rows: Sequence[tuple[int, ...]]) -> None:
        if rows:
            columns = zip(*rows, strict=True)
            self._insert(table, pa.table([pa.array(column, pa.int64()) for column in columns], names=list(names)))

    def _insert(self, table: str, rows: pa.Table) -> None:
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


class _Grown:
    """The rows of a batch, and the statements that make the tables and columns that they need."""

    def __init__(self, vocabulary: Vocabulary):
        self.statements: list[tuple[str, list[str]]] = []
        self._vocabulary = vocabulary

    def customers(self, batch: Batch) -> Iterator[tuple[str, pa.Table]]:
        living = [one for one in batch.customers.values() if one is not None]
        columns: dict[str, Any] = {
            "customer": pa.array([number_of(one.id) for one in living], pa.int64()),
            "id": pa.array([one.id for one in living], pa.string()),
            "created_at": pa.array([one.created_at_ms for one in living], pa.int64()),
        }
        if living:
            yield CUSTOMERS, self._with_cells(CUSTOMERS, columns, [one.attributes for one in living])

    def events(self, batch: Batch) -> Iterator[tuple[str, pa.Table]]:
        by_name: dict[str, list[EventCells]] = {}
        for event in batch.events:
            by_name.setdefault(stored_text(event.name), []).append(event)
        for name, events in by_name.items():
            table = self._table(name)
            if table is None:
                continue
            columns: dict[str, Any] = {
                "identifier": pa.array([number_of(event.uid) for event in events], pa.int64()),
                "at": pa.array([event.at_ms for event in events], pa.int64()),
                "id": pa.array([event.id for event in events], pa.string()),
            }
            yield table, self._with_cells(table, columns, [event.properties for event in events])

    def _with_cells(self, table: str, columns: dict[str, Any], documents: Sequence[Cells]) -> pa.Table:
        cells: dict[tuple[str, Kind], list[Any]] = {}
        for row, document in enumerate(documents):
            for place, cell in document.items():
                column = cells.get(place)
                if column is None:
                    column = cells[place] = [None] * len(documents)
                column[row] = cell
        for (path, kind), values in cells.items():
            name = self._column(table, path, kind)
            if name is not None:
                columns[name] = pa.array(values, _TYPES[kind].arrow)
        return pa.table(columns)

    def _table(self, name: str) -> str | None:
        """The table of an event's name; None where there is no room for one more."""
        table, is_new = self._vocabulary.table_of(name)
        if is_new and table is None:
            self._leave_out(EVENT_TABLES)
        elif is_new and table is not None:
            self.statements.append((f"CREATE TABLE {table} ({_EVENT_COLUMNS})", []))
            self.statements.append(("INSERT INTO event_tables VALUES (?, ?)", [name, table]))
        return table

    def _column(self, table: str, path: str, kind: Kind) -> str | None:
        """The column of a path and kind; None where the table has no room for it."""
        name, is_new = self._vocabulary.column_of(table, path, kind)
        if is_new and name is None:
            self._leave_out(table)
        elif is_new and name is not None:
            self.statements.append((f"ALTER TABLE {table} ADD COLUMN {name} {_TYPES[kind].sql}", []))
            self.statements.append(("INSERT INTO columns VALUES (?, ?, ?, ?)", [table, path, kind.value, name]))
        return name

    def _leave_out(self, table: str) -> None:
        self.statements.append(("INSERT INTO incomplete VALUES (?)", [table]))


def _numbers(column: str, names: Iterable[str]) -> pa.Table:
    return pa.table({column: pa.array([number_of(name) for name in names], pa.int64())})
