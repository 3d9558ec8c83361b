"""One store on ClickHouse: batches are written beside what is read, and seen with the row that commits them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from threading import Lock, RLock
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from analytics.engines.clickhouse.ledger import Ledger
from analytics.engines.clickhouse.reader import ClickHouseReader
from analytics.engines.clickhouse.server import Server, StoreAway
from analytics.engines.clickhouse.tables import (
    PREFIX,
    Snapshot,
    add_columns,
    create_generation,
    create_table,
    form_of,
    gone_of,
)
from analytics.engines.clickhouse.tidying import Tidying
from analytics.query.expressions import CLICKHOUSE, Engine
from analytics.store.batch import Batch, Position
from analytics.store.rows import Grown, change_rows, member_rows, move_rows, number_rows, owner_rows, tag_rows
from analytics.store.tables import CHANGES, CUSTOMERS, MEMBERS, MOVES, OWNERS, STRETCHES, TAG_VALUES, Layout
from analytics.store.vocabulary import Vocabulary

# Tables of events that one statement asks.
_PAGE_TABLES: Final = 100


class ClickHouseStore:
    """A generation of tables.

    Args:
        ledger: of its owner; another store of the same owner may be written at another time, not at the same.
        snapshot: the last state that counts.
    """

    engine: Engine = CLICKHOUSE

    def __init__(self, server: Server, ledger: Ledger, generation: int, snapshot: Snapshot, position: Position):
        self._server = server
        self._ledger = ledger
        self._generation = generation
        self._prefix = snapshot.prefix
        self._snapshot = snapshot
        self._position = position
        self._vocabulary = self._read_vocabulary()
        self._layout = self._vocabulary.layout()
        self._writing = RLock()
        # Of readers that are open, and for how many of them: what they see stays.
        self._pinned: Counter[int] = Counter()
        self._pinning = Lock()
        self._tidying = Tidying(server, self._prefix)

    @classmethod
    def begin(cls, server: Server, ledger: Ledger) -> ClickHouseStore:
        """An empty one, which nobody finds before its first batch that is not a page of a build."""
        generation = ledger.next
        prefix = prefix_of(generation)
        for statement in create_generation(prefix):
            server.run(statement)
        return cls(server, ledger, generation, Snapshot(prefix, generation, ledger.spoiled), Position())

    @classmethod
    def load(cls, server: Server, ledger: Ledger, generation: int, number: int, position: Position) -> ClickHouseStore:
        """The one that answers."""
        prefix = prefix_of(generation)
        rows = server.rows(
            "SELECT name FROM system.tables WHERE database = currentDatabase() AND total_rows > 0"
            f" AND startsWith(name, '{prefix}gone_')"
        )
        gone = frozenset(name.removeprefix(prefix) for (name,) in rows)
        return cls(server, ledger, generation, Snapshot(prefix, number, ledger.spoiled, gone), position)

    @property
    def layout(self) -> Layout:
        """Which columns there are now."""
        return self._layout

    @property
    def position(self) -> Position:
        """How far it has followed the graph."""
        return self._position

    def ask(self) -> ClickHouseReader:
        """A reader of the state of this moment."""
        with self._pinning:
            snapshot = self._snapshot
            self._pinned[snapshot.number] += 1
        return ClickHouseReader(self._server, snapshot, lambda: self._unpin(snapshot.number))

    def apply(self, batch: Batch, position: Position, *, fresh: bool = False) -> None:
        """Write a batch and where it leads, both or neither; after a fault the store has to be opened again.

        Raises:
            Ousted: another owner writes now.
            StoreAway: the server does not answer; whether the batch counts, shows when it is opened again.
        """
        with self._writing:
            if self._ledger.is_lost:
                raise StoreAway("The store on ClickHouse has to be opened again.")
            # Until it is committed. A fault, of whichever kind, may leave rows behind.
            self._ledger.is_lost = True
            self._ledger.check()
            grown = Grown(self._vocabulary)
            added = [
                *grown.customers(batch),
                *grown.events(batch),
                *owner_rows(batch.owners),
                (TAG_VALUES, tag_rows(batch.tags)),
                (MOVES, move_rows(batch.moves)),
                (MEMBERS, _there(member_rows(batch.members))),
                (CHANGES, change_rows(batch.changes)),
            ]
            self._grow(grown)
            gone = frozenset[str]() if fresh else frozenset(self._remove(batch))
            for table, rows in added:
                if batch.doubtful and table not in (CUSTOMERS, *_FIXED):
                    rows = self._without_known(table, rows, batch)
                self._insert(table, rows)
            if not fresh:
                number = self._ledger.commit(self._generation, position)
                self._position = position
                with self._pinning:
                    self._snapshot = replace(self._snapshot, number=number, gone=self._snapshot.gone | gone)
                    oldest = min([number, *(at for at, count in self._pinned.items() if count)])
                if self._tidying.step(self._snapshot, oldest):
                    self._forget_gone()
            self._ledger.is_lost = False
            self._layout = self._vocabulary.layout()

    def checkpoint(self) -> None:
        """Nothing: what is answered is on the server's disk."""

    def is_ended_by(self, fault: BaseException) -> bool:
        """No fault of a question says anything of the next one."""
        return False

    def close(self) -> None:
        """Nothing: the place has the connection."""

    def _unpin(self, number: int) -> None:
        with self._pinning:
            self._pinned[number] -= 1
            if not self._pinned[number]:
                del self._pinned[number]

    def _read_vocabulary(self) -> Vocabulary:
        def rows(name: str, columns: str) -> list[tuple[str, ...]]:
            counts = self._snapshot.counts()
            return self._server.rows(f"SELECT {columns} FROM {self._prefix}{name} WHERE {counts} ORDER BY batch")

        return Vocabulary(
            [(name, table) for name, table in rows("event_tables", "name, table_name")],
            [(table, path, kind, name) for table, path, kind, name in rows("columns", _COLUMNS)],
            [table for (table,) in rows("incomplete", "table_name")],
        )

    def _grow(self, grown: Grown) -> None:
        """Make the tables and columns that a batch needs, and note them as rows of the batch."""
        for _, table in grown.tables:
            self._server.run(create_table(self._prefix, table))
        for table, columns in groupby(sorted(grown.columns), lambda column: column[0]):
            self._server.run(add_columns(self._prefix, table, [(name, kind) for _, _, kind, name in columns]))
        self._insert("event_tables", _texts(("name", "table_name"), grown.tables))
        self._insert("columns", _texts(tuple(_COLUMNS.split(", ")), grown.columns))
        self._insert("incomplete", _texts(("table_name",), [(table,) for table in grown.left_out]))

    def _insert(self, table: str, rows: pa.Table) -> None:
        if rows.num_rows:
            number = pa.array([self._ledger.next], pa.uint64())
            numbers = pa.chunked_array([pa.repeat(number[0], rows.num_rows)])
            self._server.insert(f"{self._prefix}{table}", rows.append_column("batch", numbers))

    def _remove(self, batch: Batch) -> Iterator[str]:
        """Name the rows that the batch replaces; yields the tables in which it does."""
        customers, owned = number_rows("customer", batch.customers), number_rows("identifier", batch.owners)
        members = member_rows(batch.members).select(["customer", "segment"])
        wanted = [
            (CUSTOMERS, customers),
            (TAG_VALUES, customers),
            (OWNERS, owned),
            (STRETCHES, owned),
            (MEMBERS, number_rows("customer", batch.nowhere)),
            (MEMBERS, members),
            (MOVES, number_rows("customer", batch.moved)),
            (CHANGES, number_rows("customer", batch.cleared)),
        ]
        if batch.doubtful_changes:
            wanted.append((CHANGES, change_rows(batch.changes).select(["customer", "segment", "sequence"])))
        for table, keys in wanted:
            if keys.num_rows:
                columns = ", ".join(keys.column_names)
                self._name_gone([table], f"({columns}) IN (SELECT {columns} FROM wanted)", shown={"wanted": keys})
                yield gone_of(table)
        for segment, until in batch.dropped.items():
            condition = "segment = {segment:String} AND position <= {until:Int64}"
            self._name_gone([CHANGES], condition, {"segment": segment, "until": until})
            yield gone_of(CHANGES)
        if batch.rehung:
            shown = {"wanted": number_rows("identifier", batch.rehung)}
            tables = [event.table for event in self._layout.events.values()]
            for first in range(0, len(tables), _PAGE_TABLES):
                page = tables[first : first + _PAGE_TABLES]
                self._name_gone(page, "identifier IN (SELECT identifier FROM wanted)", shown=shown)
                yield gone_of(page[0])

    def _name_gone(
        self,
        tables: Sequence[str],
        condition: str,
        values: Mapping[str, object] | None = None,
        shown: Mapping[str, pa.Table] | None = None,
    ) -> None:
        """Name rows of some tables, which have one table for that, as those that count no more."""
        gone, key = gone_of(tables[0]), ", ".join(form_of(tables[0]).key)
        found = " UNION ALL ".join(
            f"SELECT {key}, batch AS dead FROM {self._prefix}{table}"
            f" WHERE {condition} AND {self._snapshot.visible(table)}"
            for table in tables
        )
        self._server.run(
            f"INSERT INTO {self._prefix}{gone} ({key}, dead, batch)"
            f" SELECT DISTINCT {key}, dead, {self._ledger.next} FROM ({found})",
            values,
            shown,
        )

    def _without_known(self, table: str, rows: pa.Table, batch: Batch) -> pa.Table:
        """Events of a table that are not there yet, or are replaced with all others on their identifiers.

        An event never changes, so that one that is there is as good as the one that was read again.
        """
        found = self._server.read(
            f"SELECT id FROM {self._prefix}{table} WHERE id IN (SELECT id FROM wanted)"
            f" AND identifier NOT IN (SELECT identifier FROM rehung) AND {self._snapshot.visible(table)}",
            shown={"wanted": rows.select(["id"]), "rehung": number_rows("identifier", batch.rehung)},
        )
        return rows.filter(pc.invert(pc.is_in(rows["id"], value_set=found["id"].combine_chunks())))

    def _forget_gone(self) -> None:
        """Nothing is named as gone any more, as far as the server has told."""
        with self._pinning:
            self._snapshot = replace(self._snapshot, gone=self._tidying.there)


_COLUMNS: Final = "table_name, path, kind, column_name"
_FIXED: Final = (OWNERS, STRETCHES, TAG_VALUES, MOVES, MEMBERS, CHANGES)


def prefix_of(generation: int) -> str:
    """Of the tables of a generation."""
    return f"{PREFIX}{generation}_"


def _there(members: pa.Table) -> pa.Table:
    return members.filter(pc.is_valid(members["since"]))


def _texts(names: Sequence[str], rows: Sequence[tuple[str, ...]]) -> pa.Table:
    columns = zip(*rows, strict=True) if rows else [()] * len(names)
    return pa.table([pa.array(list(column), pa.string()) for column in columns], names=list(names))
