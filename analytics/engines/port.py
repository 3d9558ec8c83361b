"""The columnar store as its owner and its questions see it, on whichever engine it is.

| protocol | is |
|---|---|
| Place | where stores are: one is in use, another one can be built beside it and take its place |
| Store | one store: written by batches, each of which is seen as a whole or not at all |
| Reader | one question's way to a store |
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol
from zoneinfo import ZoneInfo

import pyarrow as pa

from analytics.query.expressions import Engine, Table
from analytics.sql.sandbox import Limits
from analytics.sql.values import Column, Reads
from analytics.store.batch import Batch, Position
from analytics.store.results import Kept
from analytics.store.tables import Layout
from graph.repositories.sharing import ClosedKeys
from rules.tags.compiled import TagValue
from rules.tags.definition import Sql


class Reader(Protocol):
    """Asks; used by one thread at a time, and closed by whoever has opened it.

    Every method may raise what its engine raises; `Unavailable` where a server does not answer.
    """

    @property
    def engine(self) -> Engine:
        """For which expressions are made."""

    def one_state(self) -> AbstractContextManager[None]:
        """What is written meanwhile is not seen in the block; results that the block keeps stay."""

    def batches(self, expression: Table) -> Iterator[pa.RecordBatch]:
        """The rows of an expression, a part after the other."""

    def rows(self, expression: Table) -> list[tuple[Any, ...]]:
        """All of them; few, since they are in memory. Of a single value one row of one."""

    def table(self, expression: Table) -> pa.Table:
        """The same as columns."""

    def keep_members(self, name: str, found: Table) -> Kept:
        """Keep the customers of a table, of which it is the only column, as the result `name`."""

    def keep_values(self, name: str, values: Table, keeping_old_of: str | None) -> Kept:
        """Keep values, `customer` and a column for each kind, as the result `name`.

        Args:
            keeping_old_of: the tag whose stored values those keep who have none any more; None: nobody does.
        """

    def compare_members(self, kept: Kept, segment: str) -> int:
        """How many customers a result tells apart from a segment's members; they are kept too."""

    def compare_values(self, kept: Kept, tag: str) -> int:
        """How many customers have another value in a result than the tag has stored; they are kept too."""

    def page_differing(self, name: str, after: int, limit: int) -> list[str]:
        """Ids of those whom a result tells apart, behind a place, ascending.

        Raises:
            Gone: it is kept no longer.
        """

    def page_values(self, name: str, after: int, limit: int) -> list[tuple[str, TagValue | None]]:
        """The same with the values of the result; None: there is none."""

    def page_result(self, name: str, after: str, limit: int) -> list[str]:
        """Ids of the result's customers behind an id, ascending; raises `Gone` as well."""

    def drop(self, name: str) -> None:
        """Keep a result no longer."""

    def check_sql(self, definition: Sql, now_ms: int, zone: ZoneInfo) -> tuple[Sequence[Column], Reads]:
        """The columns of a statement that can give the values of a tag, and what it reads; it is not run.

        Raises:
            BadInput: it cannot, or this engine runs no statements of people.
        """

    def sql_values(self, definition: Sql, now_ms: int, zone: ZoneInfo, limits: Limits, closed: ClosedKeys) -> pa.Table:
        """The value of everybody who has one: `customer`, and a column named by the kind of the value.

        Args:
            closed: segments and tags that it does not read.

        Raises:
            BadInput: as `check_sql`, or what it gives cannot be values of the tag.
        """

    def interrupt(self) -> None:
        """End what runs now; from any thread."""

    def close(self) -> None:
        """Nothing is asked any more."""


class Store(Protocol):
    """One store. Any thread may write, one at a time; each question has a reader of its own."""

    @property
    def engine(self) -> Engine:
        """For which expressions are made."""

    @property
    def layout(self) -> Layout:
        """Which columns there are now."""

    @property
    def position(self) -> Position:
        """How far it has followed the graph; all 0 for a new one."""

    def apply(self, batch: Batch, position: Position, *, fresh: bool = False) -> None:
        """Write a batch and where it leads, both or neither.

        Args:
            fresh: a page of a build: nothing that the batch names is there yet, and nothing is seen before a batch
                comes that is not.
        """

    def checkpoint(self) -> None:
        """What was written lies where it stays."""

    def ask(self) -> Reader:
        """A way to ask; it sees what was written when it is opened, or later."""

    def is_ended_by(self, fault: BaseException) -> bool:
        """Whether a fault of a reader says that the store answers nobody any more, until it is opened again."""

    def close(self) -> None:
        """Give the store up; readers may end with a fault."""


class Place(Protocol):
    """Where stores are. One owner at a time."""

    @property
    def name(self) -> str:
        """What people call the engine."""

    def open(self) -> Store:
        """The store as it was left; an empty one where there is none, or where it cannot be read.

        Raises:
            ConfigurationFault: it can be opened by nobody, or not by this process now; the text says why.
            Unavailable: a server does not answer.
        """

    def begin(self) -> Store:
        """An empty store beside the one in use, to be filled."""

    def put(self, built: Store, old: Store | None) -> None:
        """Have what was built take the place of the one in use. Both are closed, and `open` gives what was built."""

    def is_of_store(self, fault: BaseException) -> bool:
        """Whether a fault of writing came from the store, which has to be opened again then."""
