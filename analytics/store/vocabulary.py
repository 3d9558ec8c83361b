"""Which tables and columns there are, and names for new ones. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from analytics.store.spread import Kind
from analytics.store.tables import CUSTOMERS, EVENT_TABLES, EventTable, Layout

# More are no vocabulary but data in the place of names.
MAX_COLUMNS: Final = 2_000
MAX_EVENT_TABLES: Final = 2_000


class Vocabulary:
    """The layout while it grows.

    Args:
        event_tables: (name of an event, table).
        columns: (table, path, kind, column).
        incomplete: tables that have had no room for something.
    """

    def __init__(
        self,
        event_tables: Iterable[tuple[str, str]],
        columns: Iterable[tuple[str, str, str, str]],
        incomplete: Iterable[str],
    ):
        self._event_tables = dict(event_tables)
        self._columns: dict[str, dict[tuple[str, Kind], str]] = {CUSTOMERS: {}}
        for table, path, kind, column in columns:
            self._columns.setdefault(table, {})[path, Kind(kind)] = column
        self._incomplete = set(incomplete)

    def table_of(self, event: str) -> tuple[str | None, bool]:
        """The table of an event's name, and whether that is news; None where there is no room for one more."""
        table = self._event_tables.get(event)
        if table is not None:
            return table, False
        if len(self._event_tables) >= MAX_EVENT_TABLES:
            return None, self._leave_out(EVENT_TABLES)
        table = self._event_tables[event] = f"events_{len(self._event_tables) + 1}"
        return table, True

    def column_of(self, table: str, path: str, kind: Kind) -> tuple[str | None, bool]:
        """The same of the column of a path and kind."""
        columns = self._columns.setdefault(table, {})
        column = columns.get((path, kind))
        if column is not None:
            return column, False
        if len(columns) >= MAX_COLUMNS:
            return None, self._leave_out(table)
        # The kind is part of it: whatever a name was made for before has the same type.
        column = columns[path, kind] = f"c{len(columns) + 1}_{kind.value}"
        return column, True

    def layout(self) -> Layout:
        """As it is now."""
        by_table: dict[str, dict[str, dict[Kind, str]]] = {}
        for table, columns in self._columns.items():
            by_path = by_table[table] = {}
            for (path, kind), column in columns.items():
                by_path.setdefault(path, {})[kind] = column
        return Layout(
            attributes=by_table[CUSTOMERS],
            events={name: EventTable(table, by_table.get(table, {})) for name, table in self._event_tables.items()},
            incomplete=frozenset(self._incomplete),
        )

    def _leave_out(self, table: str) -> bool:
        if table in self._incomplete:
            return False
        self._incomplete.add(table)
        return True
