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
from typing import Any, Final

import duckdb
from duckdb import DuckDBPyConnection

from analytics.store.spread import Kind
from analytics.store.tables import CUSTOMERS, MEMBERS, TAG_VALUES
from base.clock import iso
from rules.tags.compiled import TagValue
from rules.tree import Scalar
from rules.values import MAX_EXACT_INTEGER

CATALOG: Final = "results"
_NAME_BYTES: Final = 12
_LISTS: Final = (Kind.TEXTS.value, Kind.NUMBERS.value, Kind.FLAGS.value)


class Gone(Exception):
    """The result is not kept any more: it has made room, or its owner was started anew."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A result: how many customers it has, and how many of all it tells apart from what is stored."""

    count: int
    differing: int


def new_name() -> str:
    """A name that no other result has, in whichever process."""
    return secrets.token_hex(_NAME_BYTES)


def keep_members(reader: DuckDBPyConnection, name: str, query: str, segment: str) -> Kept:
    """Keep the customers of a query that was made here, one column, and compare them with a segment's members."""
    result, _ = _tables(name)
    reader.execute(f"CREATE TABLE {result} AS {query}")
    return _compared(
        reader,
        name,
        f"SELECT id, customer FROM {CUSTOMERS} WHERE (customer IN (FROM {result})) <> (customer IN (FROM members))",
        f"WITH members AS (SELECT customer FROM {MEMBERS} WHERE segment = ?)",
        segment,
    )


def keep_values(
    reader: DuckDBPyConnection, name: str, query: str, columns: Sequence[str], tag: str, *, keep_old: bool
) -> Kept:
    """Keep the values of a query that was made here, and compare them with those that a tag has.

    Args:
        columns: of the query: customer, then columns of `tag_values`; of lists with null for elements of other kinds.
        keep_old: who has no value any more is not told apart.
    """
    result, _ = _tables(name)
    reader.execute(f"CREATE TABLE {result} AS {query}")
    differs = [_differs(column) for column in columns if column != "customer"]
    if all(column in _LISTS for column in columns if column != "customer"):
        # In which order elements of different kinds stand is not stored.
        differs.append(f"({' + '.join(f'coalesce(len(old.{kind}) > 0, false)::INT' for kind in _LISTS)}) > 1")
    changed = ["old.customer IS NOT NULL AND new.customer IS NOT NULL AND (" + " OR ".join(differs) + ")"]
    changed.append("old.customer IS NULL AND new.customer IS NOT NULL")
    if not keep_old:
        changed.append("old.customer IS NOT NULL AND new.customer IS NULL")
    return _compared(
        reader,
        name,
        f"""
        SELECT id, people.customer FROM {CUSTOMERS} AS people
        LEFT JOIN old ON old.customer = people.customer LEFT JOIN {result} AS new ON new.customer = people.customer
        WHERE {" OR ".join(f"({each})" for each in changed)}
        """,
        f"WITH old AS (SELECT * FROM {TAG_VALUES} WHERE tag = ?)",
        tag,
    )


def _differs(column: str) -> str:
    if column not in _LISTS:
        return f"new.{column} IS DISTINCT FROM old.{column}"
    return f"list_filter(coalesce(new.{column}, []), each -> each IS NOT NULL) <> coalesce(old.{column}, [])"


def _compared(reader: DuckDBPyConnection, name: str, differing_people: str, with_stored: str, key: str) -> Kept:
    result, differing = _tables(name)
    reader.execute(
        f"CREATE TABLE {differing} AS {with_stored}"
        f" SELECT row_number() OVER (ORDER BY id) AS place, id, customer FROM ({differing_people})",
        [key],
    )
    ((count,),) = reader.execute(f"SELECT count(*) FROM {result}").fetchall()
    ((different,),) = reader.execute(f"SELECT count(*) FROM {differing}").fetchall()
    return Kept(count, different)


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
        return [(id, _value(kinds, cells)) for id, *cells in rows.fetchall()]
    except duckdb.CatalogException as fault:
        raise Gone(name) from fault


def _value(kinds: Sequence[Kind], cells: Sequence[Any]) -> TagValue | None:
    for kind, cell in zip(kinds, cells, strict=True):
        if cell is not None:
            if kind is Kind.INSTANT:
                return iso(cell)
            return [*map(_whole, cell)] if isinstance(cell, list) else _whole(cell)
    return None


def _whole(value: Any) -> Scalar:
    """A number without fraction is an integer, where doubles tell it from its neighbours."""
    if type(value) is float and value.is_integer() and abs(value) <= MAX_EXACT_INTEGER:
        return int(value)
    scalar: Scalar = value
    return scalar


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
