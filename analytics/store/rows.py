"""What a batch adds to each table of the columnar store, as Arrow tables, and the columns that these need. No I/O."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

import pyarrow as pa

from analytics.store.batch import Batch, EventCells, Membership, SegmentChange, StageMove, Stretch, TagCells, number_of
from analytics.store.spread import Cells, Kind, stored_text
from analytics.store.tables import CUSTOMERS, EVENT_TABLES, OWNERS, STRETCHES
from analytics.store.vocabulary import Vocabulary
from base.clock import MAX_MS, MIN_MS


class Type(NamedTuple):
    """Of a column, for either side."""

    sql: str
    arrow: pa.DataType


TYPES: Final[Mapping[Kind, Type]] = {
    Kind.TEXT: Type("VARCHAR", pa.string()),
    Kind.FOLDED: Type("VARCHAR", pa.string()),
    Kind.INSTANT: Type("BIGINT", pa.int64()),
    Kind.DAY: Type("INTEGER", pa.int32()),
    Kind.NUMBER: Type("DOUBLE", pa.float64()),
    Kind.FLAG: Type("BOOLEAN", pa.bool_()),
    Kind.OTHER: Type("BOOLEAN", pa.bool_()),
    Kind.TEXTS: Type("VARCHAR[]", pa.list_(pa.string())),
    Kind.NUMBERS: Type("DOUBLE[]", pa.list_(pa.float64())),
    Kind.FLAGS: Type("BOOLEAN[]", pa.list_(pa.bool_())),
}


class Grown:
    """The rows of a batch, and the tables and columns that they need and are not there yet.

    Attributes:
        tables: (name of the event, table).
        columns: (table, path, kind, column).
        left_out: tables that have had no room for something, as `Layout.incomplete`.
    """

    def __init__(self, vocabulary: Vocabulary):
        self.tables: list[tuple[str, str]] = []
        self.columns: list[tuple[str, str, Kind, str]] = []
        self.left_out: list[str] = []
        self._vocabulary = vocabulary

    @property
    def is_news(self) -> bool:
        """Whether there are any."""
        return bool(self.tables or self.columns or self.left_out)

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
                columns[name] = pa.array(values, TYPES[kind].arrow)
        return pa.table(columns)

    def _table(self, name: str) -> str | None:
        """The table of an event's name; None where there is no room for one more."""
        table, is_new = self._vocabulary.table_of(name)
        if is_new and table is None:
            self.left_out.append(EVENT_TABLES)
        elif is_new and table is not None:
            self.tables.append((name, table))
        return table

    def _column(self, table: str, path: str, kind: Kind) -> str | None:
        """The column of a path and kind; None where the table has no room for it."""
        name, is_new = self._vocabulary.column_of(table, path, kind)
        if is_new and name is None:
            self.left_out.append(table)
        elif is_new and name is not None:
            self.columns.append((table, path, kind, name))
        return name


def number_rows(column: str, names: Iterable[str]) -> pa.Table:
    """One column of the numbers by which tables name customers or identifiers."""
    return pa.table({column: pa.array([number_of(name) for name in names], pa.int64())})


def owner_rows(owners: Mapping[str, Sequence[Stretch]]) -> Iterator[tuple[str, pa.Table]]:
    """Rows of `owners` and of `stretches`."""
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
    yield OWNERS, _of_integers(("identifier", "customer"), whole)
    yield STRETCHES, _of_integers(("identifier", "from_ms", "to_ms", "customer"), parts)


def member_rows(members: Sequence[Membership]) -> pa.Table:
    """Rows of `members`, and without an instant of those who are none."""
    return pa.table(
        {
            "customer": pa.array([number_of(one.customer) for one in members], pa.int64()),
            "segment": pa.array([one.segment for one in members], pa.string()),
            "since": pa.array([one.since_ms for one in members], pa.int64()),
        }
    )


def tag_rows(tags: Sequence[TagCells]) -> pa.Table:
    """Rows of `tag_values`."""
    columns: dict[str, Any] = {
        "customer": pa.array([number_of(one.customer) for one in tags], pa.int64()),
        "tag": pa.array([one.tag for one in tags], pa.string()),
        "since": pa.array([one.since_ms for one in tags], pa.int64()),
    }
    for kind, type_ in TYPES.items():
        columns[kind.value] = pa.array([one.cells.get(kind) for one in tags], type_.arrow)
    return pa.table(columns)


def move_rows(moves: Sequence[StageMove]) -> pa.Table:
    """Rows of `moves`."""
    customers, tags, at, before, stages, reasons, versions = _columns(moves, StageMove._fields)
    return pa.table(
        {
            "customer": pa.array([number_of(one) for one in customers], pa.int64()),
            "tag": pa.array(tags, pa.string()),
            "at": pa.array(at, pa.int64()),
            "before": pa.array(before, pa.string()),
            "stage": pa.array(stages, pa.string()),
            "reason": pa.array(reasons, pa.string()),
            "version": pa.array(versions, pa.int64()),
        }
    )


def change_rows(changes: Sequence[SegmentChange]) -> pa.Table:
    """Rows of `changes`."""
    customers, segments, sequences, entered, at, versions, causes, positions = _columns(changes, SegmentChange._fields)
    return pa.table(
        {
            "customer": pa.array([number_of(one) for one in customers], pa.int64()),
            "segment": pa.array(segments, pa.string()),
            "sequence": pa.array(sequences, pa.int64()),
            "entered": pa.array(entered, pa.bool_()),
            "at": pa.array(at, pa.int64()),
            "version": pa.array(versions, pa.int64()),
            "cause": pa.array(causes, pa.string()),
            "position": pa.array(positions, pa.int64()),
        }
    )


def _columns(rows: Sequence[tuple[Any, ...]], names: Sequence[str]) -> Sequence[Sequence[Any]]:
    """The columns of rows; as many of no rows too."""
    return list(zip(*rows, strict=True)) if rows else [()] * len(names)


def _of_integers(names: Sequence[str], rows: Sequence[tuple[int, ...]]) -> pa.Table:
    columns = _columns(rows, names)
    return pa.table([pa.array(column, pa.int64()) for column in columns], names=list(names))
