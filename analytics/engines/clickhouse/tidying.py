"""Takes rows away that count for nobody any more. Nobody sees it: what is taken was named as gone before."""

from __future__ import annotations

import time
from typing import Final

from analytics.engines.clickhouse.server import Server
from analytics.engines.clickhouse.tables import EVENTS, FORMS, Snapshot, form_of, gone_of

# It rewrites parts of the table, and a question passes over so many names in some milliseconds.
TIDY_ROWS: Final = 100_000
# What was erased must not stay on the disk, however little it is.
TIDY_EVERY_S: Final = 6 * 3600.0
LOOK_EVERY_S: Final = 60.0


class Tidying:
    """Of one store, by its writer.

    Attributes:
        there: the tables that name rows as gone, when it looked last.
    """

    def __init__(self, server: Server, prefix: str):
        self._server = server
        self._prefix = prefix
        self._looked_s = self._tidied_s = time.monotonic()
        # Tables of names → up to which number their rows are being taken away.
        self._under_way: dict[str, int] = {}
        self.there: frozenset[str] = frozenset()

    def step(self, snapshot: Snapshot, oldest: int) -> bool:
        """Look now and then whether there is enough to do, and do it in the background; whether it has looked.

        Args:
            oldest: the number of the oldest state that somebody reads.
        """
        if time.monotonic() < self._looked_s + LOOK_EVERY_S:
            return False
        self._looked_s = time.monotonic()
        if self._under_way:
            self._finish()
        counts = {
            name.removeprefix(self._prefix): int(rows)
            for name, rows in self._server.rows(
                "SELECT name, total_rows FROM system.tables WHERE database = currentDatabase()"
                f" AND startsWith(name, '{self._prefix}gone_')"
            )
        }
        self.there = frozenset(name for name, rows in counts.items() if rows)
        is_time = time.monotonic() >= self._tidied_s + TIDY_EVERY_S
        for gone, rows in counts.items():
            if (rows >= TIDY_ROWS or (is_time and rows)) and gone not in self._under_way:
                self._begin(gone, snapshot, oldest)
        if is_time:
            self._tidied_s = time.monotonic()
        return True

    def _begin(self, gone: str, snapshot: Snapshot, oldest: int) -> None:
        key = ", ".join(form_of(gone.removeprefix("gone_")).key)
        named = f"SELECT {key}, dead FROM {self._prefix}{gone} WHERE {snapshot.counts(oldest)}"
        condition = f"({key}, batch) IN ({named})"
        if snapshot.spoiled:
            condition += f" OR batch IN ({', '.join(map(str, snapshot.spoiled))})"
        for table in self._tables(gone):
            self._server.run(f"ALTER TABLE {self._prefix}{table} DELETE WHERE {condition}")
        self._under_way[gone] = oldest

    def _finish(self) -> None:
        """Forget the names of rows that are not there any more."""
        waiting = {
            table.removeprefix(self._prefix)
            for (table,) in self._server.rows(
                "SELECT DISTINCT table FROM system.mutations WHERE database = currentDatabase() AND NOT is_done"
            )
        }
        for gone, until in list(self._under_way.items()):
            if not waiting.intersection(self._tables(gone)):
                # Waited for: the names of those that came since have to be there for the next question.
                self._server.run(
                    f"ALTER TABLE {self._prefix}{gone} DELETE WHERE batch <= {until} SETTINGS mutations_sync = 1"
                )
                del self._under_way[gone]

    def _tables(self, gone: str) -> list[str]:
        if gone != gone_of(EVENTS):
            return [table for table in FORMS if gone_of(table) == gone]
        rows = self._server.rows(
            "SELECT name FROM system.tables WHERE database = currentDatabase()"
            f" AND startsWith(name, '{self._prefix}events_') AND match(name, '_events_[0-9]+$')"
        )
        return [name.removeprefix(self._prefix) for (name,) in rows]
