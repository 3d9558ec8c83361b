"""What a columnar store holds, to compare with another one or with the graph."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, TypeAlias

import pyarrow as pa

from analytics.engines.clickhouse.reader import ClickHouseReader
from analytics.engines.clickhouse.server import tuples_of
from analytics.engines.local import FileReader, FileStore
from analytics.engines.port import Store
from analytics.store.file import ColumnFile
from analytics.store.spread import Kind, value_of
from analytics.store.tables import CUSTOMERS, OWNERS, STRETCHES, Columns

# A file may stand for its store.
Columnar: TypeAlias = Store | ColumnFile

_OWNED = """
SELECT customers.id, events.id FROM {table} AS events
JOIN owners USING (identifier) JOIN customers USING (customer)
UNION ALL
SELECT customers.id, events.id FROM {table} AS events
JOIN stretches ON stretches.identifier = events.identifier AND events.at >= from_ms AND events.at < to_ms
JOIN customers ON customers.customer = stretches.customer
"""


def contents(store: Columnar) -> dict[str, list[Any]]:
    """Everything, whatever columns and tables are called."""
    found = {
        table: _rows(store, f"SELECT * FROM {table}", table)
        for table in ("owners", "stretches", "members", "tag_values")
    }
    found["moves"] = _rows(store, "SELECT * FROM moves", "moves")
    # Where in the log a change was is not known of those that were read from the graph.
    found["changes"] = _rows(
        store, 'SELECT customer, segment, sequence, entered, "at", version, cause FROM changes', "changes"
    )
    found["customers"] = _cells(store, CUSTOMERS, "id, created_at", store.layout.attributes)
    for name, event in store.layout.events.items():
        # A table whose events were all taken back is as good as none.
        if cells := _cells(store, event.table, 'id, identifier, "at"', event.columns):
            found[f"events {name}"] = cells
    return found


def events_by_customer(store: Columnar) -> list[tuple[str, str]]:
    """(customer, event), as the store attributes events."""
    return sorted(
        pair
        for event in store.layout.events.values()
        for pair in _rows(store, _OWNED.format(table=event.table), event.table, OWNERS, STRETCHES, CUSTOMERS)
    )


def _cells(store: Columnar, table: str, fixed: str, columns: Columns) -> list[Any]:
    named = [(path, kind, column) for path, kinds in columns.items() for kind, column in kinds.items()]
    names = [(path, kind) for path, kind, _ in named]
    count = fixed.count(",") + 1
    selected = ", ".join([fixed, *(column for _, _, column in named)])
    return [
        (
            row[:count],
            sorted((name, value) for name, value in zip(names, row[count:], strict=True) if value is not None),
        )
        for row in _rows(store, f"SELECT {selected} FROM {table}", table)
    ]


def _rows(store: Columnar, statement: str, *tables: str) -> list[Any]:
    reader = (FileStore(store) if isinstance(store, ColumnFile) else store).ask()
    if isinstance(reader, FileReader):
        rows: list[Any] = reader.connection.execute(statement).fetchall()
    else:
        assert isinstance(reader, ClickHouseReader)
        # It has no null for a list.
        rows = [
            tuple(None if cell == [] else cell for cell in row) for row in tuples_of(reader.read(statement, tables, {}))
        ]
    reader.close()
    return sorted(rows, key=repr)


def values_in(batches: Iterable[pa.RecordBatch]) -> Iterator[tuple[int, object]]:
    """(customer, value) of rows that have the customer first and then the cells of a value."""
    for batch in batches:
        _, *kinds = map(str, batch.schema.names)
        for customer, *cells in zip(*(column.to_pylist() for column in batch.columns), strict=True):
            yield customer, value_of([Kind(kind) for kind in kinds], cells)
