"""What a columnar file holds, to compare with another one or with the graph."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import pyarrow as pa

from analytics.store.file import ColumnFile
from analytics.store.spread import Kind, value_of
from analytics.store.tables import CUSTOMERS, Columns

_OWNED = """
SELECT customers.id, events.id FROM {table} AS events
JOIN owners USING (identifier) JOIN customers USING (customer)
UNION ALL
SELECT customers.id, events.id FROM {table} AS events
JOIN stretches ON stretches.identifier = events.identifier AND events.at >= from_ms AND events.at < to_ms
JOIN customers ON customers.customer = stretches.customer
"""


def contents(file: ColumnFile) -> dict[str, list[Any]]:
    """Everything, whatever columns and tables are called."""
    found = {table: _rows(file, f"SELECT * FROM {table}") for table in ("owners", "stretches", "members", "tag_values")}
    found["moves"] = _rows(file, "SELECT * FROM moves")
    # Where in the log a change was is not known of those that were read from the graph.
    found["changes"] = _rows(file, "SELECT * EXCLUDE (position) FROM changes")
    found["customers"] = _cells(file, CUSTOMERS, "id, created_at", file.layout.attributes)
    for name, event in file.layout.events.items():
        # A table whose events were all taken back is as good as none.
        if cells := _cells(file, event.table, 'id, identifier, "at"', event.columns):
            found[f"events {name}"] = cells
    return found


def events_by_customer(file: ColumnFile) -> list[tuple[str, str]]:
    """(customer, event), as the store attributes events."""
    return sorted(
        pair for event in file.layout.events.values() for pair in _rows(file, _OWNED.format(table=event.table))
    )


def _cells(file: ColumnFile, table: str, fixed: str, columns: Columns) -> list[Any]:
    named = [(path, kind, column) for path, kinds in columns.items() for kind, column in kinds.items()]
    names = [(path, kind) for path, kind, _ in named]
    count = fixed.count(",") + 1
    selected = ", ".join([fixed, *(column for _, _, column in named)])
    return [
        (
            row[:count],
            sorted((name, value) for name, value in zip(names, row[count:], strict=True) if value is not None),
        )
        for row in _rows(file, f"SELECT {selected} FROM {table}")
    ]


def _rows(file: ColumnFile, statement: str) -> list[Any]:
    rows: list[Any] = file.reader().execute(statement).fetchall()
    return sorted(rows, key=repr)


def values_in(batches: Iterable[pa.RecordBatch]) -> Iterator[tuple[int, object]]:
    """(customer, value) of rows that have the customer first and then the cells of a value."""
    for batch in batches:
        _, *kinds = map(str, batch.schema.names)
        for customer, *cells in zip(*(column.to_pylist() for column in batch.columns), strict=True):
            yield customer, value_of([Kind(kind) for kind in kinds], cells)
