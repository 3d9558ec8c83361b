"""One question's way to a store on ClickHouse: everything it reads is of one state."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pyarrow as pa

from analytics.engines.clickhouse import results
from analytics.engines.clickhouse.server import Server, tuples_of
from analytics.engines.clickhouse.tables import Snapshot
from analytics.query.expressions import CLICKHOUSE, Engine, Statement, Table, statement_of
from analytics.sql.sandbox import Limits
from analytics.sql.values import Column, Reads
from analytics.store.results import Kept
from base.errors import BadInput
from graph.repositories.sharing import ClosedKeys
from rules.tags.compiled import TagValue
from rules.tags.definition import Sql


class ClickHouseReader:
    """Asks in one state of the store.

    Args:
        release: called once nobody needs the state any more.
    """

    engine: Engine = CLICKHOUSE

    def __init__(self, server: Server, snapshot: Snapshot, release: Callable[[], None]):
        self._server = server
        self._snapshot = snapshot
        self._release: Callable[[], None] | None = release
        self._running: str | None = None

    def one_state(self) -> AbstractContextManager[None]:
        return nullcontext()

    def batches(self, expression: Table) -> Iterator[pa.RecordBatch]:
        statement = statement_of(expression, CLICKHOUSE)
        yield from self._server.batches(self._text(statement), statement.tables, self._begin())

    def rows(self, expression: Table) -> list[tuple[Any, ...]]:
        return tuples_of(self.table(expression))

    def table(self, expression: Table) -> pa.Table:
        statement = statement_of(expression, CLICKHOUSE)
        return self._server.read(self._text(statement), shown=statement.tables, query_id=self._begin())

    def read(
        self,
        statement: str,
        tables: Sequence[str],
        values: Mapping[str, object],
    ) -> pa.Table:
        """The answer to a statement that was made here.

        Args:
            tables: of the store, that it reads by name.
            values: as of `Server.run`.
        """
        return self._server.read(self._snapshot.reading(statement, tables), values, query_id=self._begin())

    def make(
        self,
        table: str,
        query: Statement,
        values: Mapping[str, object] | None = None,
        order: str = "tuple()",
    ) -> None:
        """Make a table of the answer to a statement."""
        self._server.run(
            f"CREATE TABLE {table} ENGINE = MergeTree ORDER BY {order} AS {self._text(query)}",
            values,
            query.tables,
            self._begin(),
        )

    def add(self, table: str, columns: str, query: Statement, values: Mapping[str, object]) -> None:
        """Add the answer to a statement to a table that was made so."""
        self._server.run(f"INSERT INTO {table} ({columns}) {self._text(query)}", values, query.tables, self._begin())

    def run(self, statement: str) -> None:
        """Run a statement about tables that were made so."""
        self._server.run(statement)

    def keep_members(self, name: str, found: Table) -> Kept:
        return results.keep_members(self, name, statement_of(found, CLICKHOUSE))

    def keep_values(self, name: str, values: Table, keeping_old_of: str | None) -> Kept:
        kinds = [column for column in values.columns if column != "customer"]
        return results.keep_values(self, name, statement_of(values, CLICKHOUSE), kinds, keeping_old_of)

    def compare_members(self, kept: Kept, segment: str) -> int:
        return results.compare_members(self, kept, segment)

    def compare_values(self, kept: Kept, tag: str) -> int:
        return results.compare_values(self, kept, tag)

    def page_differing(self, name: str, after: int, limit: int) -> list[str]:
        return results.page_differing(self, name, after, limit)

    def page_values(self, name: str, after: int, limit: int) -> list[tuple[str, TagValue | None]]:
        return results.page_values(self, name, after, limit)

    def page_result(self, name: str, after: str, limit: int) -> list[str]:
        return results.page_result(self, name, after, limit)

    def drop(self, name: str) -> None:
        results.drop(self, name)

    def check_sql(self, definition: Sql, now_ms: int, zone: ZoneInfo) -> tuple[Sequence[Column], Reads]:
        raise _no_statements()

    def sql_values(self, definition: Sql, now_ms: int, zone: ZoneInfo, limits: Limits, closed: ClosedKeys) -> pa.Table:
        raise _no_statements()

    def interrupt(self) -> None:
        running = self._running
        if running is not None:
            self._server.run("KILL QUERY WHERE query_id = {running:String} ASYNC", {"running": running})

    def close(self) -> None:
        if self._release is not None:
            self._release()
            self._release = None

    def _text(self, statement: Statement) -> str:
        return self._snapshot.reading(statement.text, statement.reads)

    def _begin(self) -> str:
        self._running = uuid4().hex
        return self._running


def _no_statements() -> BadInput:
    # What a statement of a person may contain is known of DuckDB's own syntax tree (docs/adr/0021).
    return BadInput(
        "Tags by SQL cannot be computed while the columnar store is on ClickHouse.",
        hint="Write it as another kind of tag; or leave KITH_COLUMNS_URL empty, so that the store is a file.",
        field="text",
    )
