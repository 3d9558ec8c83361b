"""Results that are read in pages, beside the file: in memory, spilled to disk if they are large, gone with their owner.

| table of the catalog `results` | a row is | columns |
|---|---|---|
| result_<name> | a customer | customer (number), then the value's columns where there is a value |
| differing_<name> | a customer whom the result tells apart from what is stored | place (from 1, by id), id, customer |
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import duckdb
import pyarrow as pa
from duckdb import DuckDBPyConnection

from analytics.store.spread import LISTS, Kind, stored_text, value_of
from analytics.store.tables import CUSTOMERS, MEMBERS, TAG_VALUES
from base.clock import iso
from rules.tags.compiled import TagValue

CATALOG: Final = "results"
_NAME_BYTES: Final = 12
ISO_LENGTH: Final = len(iso(0))


class Gone(Exception):
    """The result is not kept any more: it has made room, or its owner was started anew."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A result.

    Attributes:
        name: by which it is asked for.
        table: where it is.
        kinds: the columns of the value.
        folded: whether case-folded forms of texts are beside them.
        count: how many customers it has.
    """

    name: str
    table: str
    kinds: tuple[str, ...]
    folded: bool
    count: int

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns beside `customer`."""
        return (*self.kinds, Kind.FOLDED) if self.folded else self.kinds


def new_name() -> str:
    """A name that no other result has, in whichever process."""
    return secrets.token_hex(_NAME_BYTES)


def keep_members(reader: DuckDBPyConnection, name: str, query: str) -> Kept:
    """Keep the customers of a query that was made here."""
    result, _ = _tables(name)
    reader.execute(f"CREATE TABLE {result} AS SELECT customer FROM ({query})")
    return _kept(reader, name, ())


def keep_values(
    reader: DuckDBPyConnection, name: str, query: str, kinds: Sequence[str], keeping_old_of: str | None
) -> Kept:
    """Keep the values of a query that was made here.

    Args:
        kinds: columns of `tag_values` that the query has beside `customer`; in a list, null stands for an element of
            another kind.
        keeping_old_of: the tag whose stored values those keep who have none any more; None: nobody does.
    """
    result, _ = _tables(name)
    reader.execute(f"CREATE TABLE {result} AS SELECT customer, {', '.join(kinds)} FROM ({query})")
    folded = Kind.TEXT in kinds and _add_folded(reader, result)
    if keeping_old_of is not None:
        columns = ", ".join((*kinds, Kind.FOLDED) if folded else kinds)
        reader.execute(
            f"INSERT INTO {result} BY NAME SELECT customer, {columns} FROM {TAG_VALUES}"
            f" WHERE tag = ? AND customer NOT IN (SELECT customer FROM {result})",
            [keeping_old_of],
        )
    return _kept(reader, name, kinds, folded)


def compare_members(reader: DuckDBPyConnection, kept: Kept, segment: str) -> int:
    """How many customers a result tells apart from a segment's members; they are kept too."""
    return _compared(
        reader,
        kept,
        f"""
        SELECT id, customer FROM {CUSTOMERS}
        WHERE (customer IN (FROM {CATALOG}.{kept.table})) <> (customer IN (FROM members))
        """,
        f"WITH members AS (SELECT customer FROM {MEMBERS} WHERE segment = ?)",
        segment,
    )


def compare_values(reader: DuckDBPyConnection, kept: Kept, tag: str) -> int:
    """How many customers have another value in a result than the tag has stored; they are kept too."""
    differs = [_differs(kind) for kind in kept.kinds]
    if all(kind in LISTS for kind in kept.kinds):
        # In which order elements of different kinds stand is not stored.
        differs.append(f"({' + '.join(f'coalesce(len(old.{kind}) > 0, false)::INT' for kind in LISTS)}) > 1")
    return _compared(
        reader,
        kept,
        f"""
        SELECT id, people.customer FROM {CUSTOMERS} AS people
        LEFT JOIN old ON old.customer = people.customer
        LEFT JOIN {CATALOG}.{kept.table} AS new ON new.customer = people.customer
        WHERE (old.customer IS NULL) <> (new.customer IS NULL)
        OR (old.customer IS NOT NULL AND new.customer IS NOT NULL AND ({" OR ".join(differs)}))
        """,
        f"WITH old AS (SELECT * FROM {TAG_VALUES} WHERE tag = ?)",
        tag,
    )


def _differs(kind: str) -> str:
    if kind == Kind.INSTANT:
        # Another text may name the same instant, as a day alone does.
        return f"new.instant IS DISTINCT FROM old.instant OR length(old.text) <> {ISO_LENGTH}"
    if kind not in LISTS:
        return f"new.{kind} IS DISTINCT FROM old.{kind}"
    return f"list_filter(coalesce(new.{kind}, []), each -> each IS NOT NULL) <> coalesce(old.{kind}, [])"


def _add_folded(reader: DuckDBPyConnection, result: str) -> bool:
    """Add the case-folded form of texts, as `spread` has it, if any is another one."""
    doubtful = "text <> lower(text) OR length(text) <> strlen(text)"
    texts = reader.execute(f"SELECT DISTINCT text FROM {result} WHERE {doubtful}").fetchall()
    folded = [(text, each) for (text,) in texts if (each := stored_text(text.casefold())) != text]
    if not folded:
        return False
    forms = pa.table([pa.array(column, pa.string()) for column in zip(*folded, strict=True)], names=["text", "folded"])
    reader.register("forms", forms)
    reader.execute(f"CREATE TABLE {result}_folded AS SELECT * FROM {result} LEFT JOIN forms USING (text)")
    reader.unregister("forms")
    reader.execute(f"DROP TABLE {result}")
    reader.execute(f"ALTER TABLE {result}_folded RENAME TO {result.partition('.')[2]}")
    return True


def _kept(reader: DuckDBPyConnection, name: str, kinds: Sequence[str], folded: bool = False) -> Kept:
    result, _ = _tables(name)
    ((count,),) = reader.execute(f"SELECT count(*) FROM {result}").fetchall()
    return Kept(name, result.partition(".")[2], tuple(kinds), folded, count)


def _compared(reader: DuckDBPyConnection, kept: Kept, differing_people: str, with_stored: str, key: str) -> int:
    _, differing = _tables(kept.name)
    reader.execute(
        f"CREATE OR REPLACE TABLE {differing} AS {with_stored}"
        f" SELECT row_number() OVER (ORDER BY id) AS place, id, customer FROM ({differing_people})",
        [key],
    )
    ((different,),) = reader.execute(f"SELECT count(*) FROM {differing}").fetchall()
    return int(different)


def page_differing(reader: DuckDBPyConnection, name: str, after: int, limit: int) -> list[str]:
    """Ids behind a place, ascending.

    Raises:
        Gone: it is kept no longer.
    """
    _, differing = _tables(name)
    return _ids(
        reader, f"SELECT id FROM {differing} WHERE place > ? AND place <= ? ORDER BY place", after, after + limit
    )


def page_values(reader: DuckDBPyConnection, name: str, after: int, limit: int) -> list[tuple[str, TagValue | None]]:
    """The same with the values of the result; None: there is none.

    Raises:
        Gone: it is kept no longer.
    """
    result, differing = _tables(name)
    try:
        rows = reader.execute(
            f"""
            SELECT id, new.* EXCLUDE (customer) FROM {differing} AS who LEFT JOIN {result} AS new USING (customer)
            WHERE place > ? AND place <= ? ORDER BY place
            """,
            [after, after + limit],
        )
        kinds = [Kind(name) for name, *_ in rows.description[1:]]
        return [(id, value_of(kinds, cells)) for id, *cells in rows.fetchall()]
    except duckdb.CatalogException as fault:
        raise Gone(name) from fault


def page_result(reader: DuckDBPyConnection, name: str, after: str, limit: int) -> list[str]:
    """Ids of the result's customers behind an id, ascending.

    Raises:
        Gone: it is kept no longer.
    """
    result, _ = _tables(name)
    return _ids(
        reader,
        f"SELECT id FROM {CUSTOMERS} WHERE id > ? AND customer IN (SELECT customer FROM {result}) ORDER BY id LIMIT ?",
        after,
        limit,
    )


def drop(reader: DuckDBPyConnection, name: str) -> None:
    """Keep it no longer."""
    for table in _tables(name):
        reader.execute(f"DROP TABLE IF EXISTS {table}")


def _tables(name: str) -> tuple[str, str]:
    try:
        safe = bytes.fromhex(name).hex()
    except ValueError as fault:
        raise Gone(name) from fault
    return f"{CATALOG}.result_{safe}", f"{CATALOG}.differing_{safe}"


def _ids(reader: DuckDBPyConnection, statement: str, *values: str | int) -> list[str]:
    try:
        return [id for (id,) in reader.execute(statement, list(values)).fetchall()]
    except duckdb.CatalogException as fault:
        raise Gone(statement) from fault
