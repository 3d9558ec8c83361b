"""Results of builds as tables beside the store, with the meaning of `analytics/store/results.py`.

They go with their owner: whoever opens the store next drops them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import pyarrow as pa

from analytics.engines.clickhouse.server import UNKNOWN_TABLE, EngineFault, tuples_of
from analytics.engines.clickhouse.tables import DIFFERING, RESULT
from analytics.query.expressions import Statement
from analytics.store.results import ISO_LENGTH, Gone, Kept
from analytics.store.spread import LISTS, Kind, stored_text, value_of
from analytics.store.tables import CUSTOMERS, MEMBERS, TAG_VALUES
from rules.tags.compiled import TagValue

if TYPE_CHECKING:
    from analytics.engines.clickhouse.reader import ClickHouseReader


def keep_members(reader: ClickHouseReader, name: str, found: Statement) -> Kept:
    """Keep the customers of a query that was made here."""
    return _keep(reader, name, found, ())


def keep_values(
    reader: ClickHouseReader, name: str, values: Statement, kinds: Sequence[str], keeping_old_of: str | None
) -> Kept:
    """Keep the values of a query that was made here; arguments as of the reader."""
    kept = _keep(reader, name, values, kinds)
    folded = Kind.TEXT in kinds and _add_folded(reader, kept)
    kept = replace(kept, folded=folded)
    if keeping_old_of is not None:
        columns = ", ".join(("customer", *kept.columns))
        reader.add(
            kept.table,
            columns,
            _own(
                f"SELECT {columns} FROM {TAG_VALUES} WHERE tag = {{tag:String}}"
                f" AND customer NOT IN (SELECT customer FROM {kept.table})",
                TAG_VALUES,
            ),
            {"tag": keeping_old_of},
        )
    return replace(kept, count=_count(reader, kept.table))


def compare_members(reader: ClickHouseReader, kept: Kept, segment: str) -> int:
    """How many customers a result tells apart from a segment's members; they are kept too."""
    return _compare(
        reader,
        kept,
        f"""
        SELECT id, customer FROM {CUSTOMERS}
        WHERE (customer IN (SELECT customer FROM {kept.table}))
        <> (customer IN (SELECT customer FROM {MEMBERS} WHERE segment = {{key:String}}))
        """,
        segment,
        CUSTOMERS,
        MEMBERS,
    )


def compare_values(reader: ClickHouseReader, kept: Kept, tag: str) -> int:
    """How many customers have another value in a result than the tag has stored; they are kept too."""
    differs = [_differs(kind) for kind in kept.kinds]
    if all(kind in LISTS for kind in kept.kinds):
        # In which order elements of different kinds stand is not stored.
        differs.append(f"({' + '.join(f'toUInt8(notEmpty(old.{kind}))' for kind in LISTS)}) > 1")
    return _compare(
        reader,
        kept,
        f"""
        SELECT people.id AS id, people.customer AS customer FROM {CUSTOMERS} AS people
        LEFT JOIN (SELECT * FROM {TAG_VALUES} WHERE tag = {{key:String}}) AS old ON old.customer = people.customer
        LEFT JOIN {kept.table} AS new ON new.customer = people.customer
        WHERE (old.customer IS NULL) <> (new.customer IS NULL)
        OR (old.customer IS NOT NULL AND new.customer IS NOT NULL AND ({" OR ".join(differs)}))
        """,
        tag,
        CUSTOMERS,
        TAG_VALUES,
    )


def page_differing(reader: ClickHouseReader, name: str, after: int, limit: int) -> list[str]:
    """Ids behind a place, ascending.

    Raises:
        Gone: it is kept no longer.
    """
    _, differing = _tables(name)
    places = {"after": after, "until": after + limit}
    return _ids(reader, name, f"SELECT id FROM {differing} WHERE {_PLACES} ORDER BY place", (), places)


def page_values(reader: ClickHouseReader, name: str, after: int, limit: int) -> list[tuple[str, TagValue | None]]:
    """The same with the values of the result; None: there is none.

    Raises:
        Gone: it is kept no longer.
    """
    result, differing = _tables(name)
    with _gone(name):
        found = reader.read(
            f"""
            SELECT who.id AS id, new.* EXCEPT customer
            FROM (SELECT * FROM {differing} WHERE {_PLACES}) AS who
            LEFT JOIN (SELECT * FROM {result} WHERE customer IN (SELECT customer FROM {differing} WHERE {_PLACES}))
            AS new ON new.customer = who.customer ORDER BY who.place
            """,
            (),
            {"after": after, "until": after + limit},
        )
    kinds = [Kind(column.rpartition(".")[2]) for column in found.column_names[1:]]
    # A list without elements is none: there is no null beside it.
    return [(id, value_of(kinds, [None if cell == [] else cell for cell in cells])) for id, *cells in tuples_of(found)]


def page_result(reader: ClickHouseReader, name: str, after: str, limit: int) -> list[str]:
    """Ids of the result's customers behind an id, ascending.

    Raises:
        Gone: it is kept no longer.
    """
    result, _ = _tables(name)
    statement = (
        f"SELECT id FROM {CUSTOMERS} WHERE id > {{after:String}} AND customer IN (SELECT customer FROM {result})"
        " ORDER BY id LIMIT {limit:UInt64}"
    )
    return _ids(reader, name, statement, (CUSTOMERS,), {"after": after, "limit": limit})


def drop(reader: ClickHouseReader, name: str) -> None:
    """Keep it no longer."""
    for table in _tables(name):
        reader.run(f"DROP TABLE IF EXISTS {table}")


_PLACES = "place > {after:UInt64} AND place <= {until:UInt64}"


def _keep(reader: ClickHouseReader, name: str, found: Statement, kinds: Sequence[str]) -> Kept:
    result, _ = _tables(name)
    columns = ", ".join(("toInt64(assumeNotNull(found.customer)) AS customer", *kinds))
    reader.make(result, replace(found, text=f"SELECT {columns} FROM ({found.text}) AS found"), order="customer")
    return Kept(name, result, tuple(kinds), False, _count(reader, result))


def _differs(kind: str) -> str:
    if kind in LISTS:
        return f"arrayFilter(each -> each IS NOT NULL, new.{kind}) <> old.{kind}"
    other = f"(new.{kind} IS NULL) <> (old.{kind} IS NULL) OR ifNull(new.{kind} <> old.{kind}, false)"
    if kind == Kind.INSTANT:
        # Another text may name the same instant, as a day alone does.
        return f"{other} OR lengthUTF8(ifNull(old.text, '')) <> {ISO_LENGTH}"
    return other


def _add_folded(reader: ClickHouseReader, kept: Kept) -> bool:
    """Add the case-folded form of texts, as `spread` has it, if any is another one."""
    doubtful = "text <> lower(text) OR length(text) <> lengthUTF8(text)"
    texts = reader.read(f"SELECT DISTINCT text FROM {kept.table} WHERE {doubtful}", (), {})
    folded = [(text, each) for (text,) in tuples_of(texts) if (each := stored_text(text.casefold())) != text]
    if not folded:
        return False
    forms = pa.table([pa.array(column, pa.string()) for column in zip(*folded, strict=True)], names=["text", "folded"])
    columns = ", ".join(f"kept.{column} AS {column}" for column in ("customer", *kept.kinds))
    reader.make(
        f"{kept.table}_folded",
        Statement(
            f"SELECT {columns}, forms.folded AS folded FROM {kept.table} AS kept"
            " LEFT JOIN forms ON forms.text = kept.text",
            {"forms": forms},
            frozenset(),
        ),
        order="customer",
    )
    reader.run(f"DROP TABLE {kept.table}")
    reader.run(f"RENAME TABLE {kept.table}_folded TO {kept.table}")
    return True


def _compare(reader: ClickHouseReader, kept: Kept, differing_people: str, key: str, *tables: str) -> int:
    _, differing = _tables(kept.name)
    reader.run(f"DROP TABLE IF EXISTS {differing}")
    numbered = f"SELECT row_number() OVER (ORDER BY id) AS place, id, customer FROM ({differing_people})"
    reader.make(differing, _own(numbered, *tables), {"key": key}, order="place")
    return _count(reader, differing)


def _own(statement: str, *tables: str) -> Statement:
    return Statement(statement, {}, frozenset(tables))


def _count(reader: ClickHouseReader, table: str) -> int:
    [(count,)] = tuples_of(reader.read(f"SELECT count() AS n FROM {table}", (), {}))
    return int(count)


def _tables(name: str) -> tuple[str, str]:
    try:
        safe = bytes.fromhex(name).hex()
    except ValueError as fault:
        raise Gone(name) from fault
    return f"{RESULT}{safe}", f"{DIFFERING}{safe}"


def _ids(
    reader: ClickHouseReader, name: str, statement: str, tables: Sequence[str], values: Mapping[str, object]
) -> list[str]:
    with _gone(name):
        return [id for (id,) in tuples_of(reader.read(statement, tables, values))]


@contextmanager
def _gone(name: str) -> Iterator[None]:
    try:
        yield
    except EngineFault as fault:
        if fault.code == UNKNOWN_TABLE:
            raise Gone(name) from fault
        raise
