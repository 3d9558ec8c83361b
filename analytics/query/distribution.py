"""How the values of a tag are spread over the customers who have one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from analytics.query.expressions import Table, by_bounds, null, number, union_of
from analytics.query.sources import Tables
from analytics.store.spread import Kind

# The kinds that a single value, and that an element of a list can be of.
_SINGLE: Final = (Kind.TEXT, Kind.NUMBER, Kind.FLAG)
_ELEMENTS: Final = {Kind.TEXTS: Kind.TEXT, Kind.NUMBERS: Kind.NUMBER, Kind.FLAGS: Kind.FLAG}
_TYPES: Final = {Kind.TEXT: "string", Kind.NUMBER: "float64", Kind.FLAG: "boolean"}


def values_query(tables: Tables, tag: str, *, is_list: bool, count: int) -> Table:
    """The `count` most frequent values, one a row: text, number, flag, of which one is not null, then how many have
    it. Of a list each element counts.
    """
    rows = _rows(tables, tag)
    if is_list:
        rows = union_of(
            [
                rows.select(
                    **{
                        kind.value: rows[listed.value].unnest() if kind is each else null(_TYPES[kind])
                        for kind in _SINGLE
                    }
                )
                for listed, each in _ELEMENTS.items()
            ]
        )
    names = [kind.value for kind in _SINGLE]
    counted = rows.group_by(names).aggregate(customers=rows.count())
    held = counted.filter(counted[names[0]].notnull() | counted[names[1]].notnull() | counted[names[2]].notnull())
    order = [held.customers.desc(), *(held[name].asc() for name in names)]
    return held.order_by(order).limit(count)


def numbers_query(tables: Tables, tag: str) -> Table:
    """One row: how many customers have a value; the least and the greatest number and their average, null without."""
    rows = _rows(tables, tag)
    numbers = rows[Kind.NUMBER.value]
    return rows.aggregate(
        customers=rows.count(),
        least=numbers.min(),
        greatest=numbers.max(),
        average=tables.engine.total(numbers) / numbers.count(),
    )


def buckets_query(tables: Tables, tag: str, bounds: Sequence[float]) -> Table:
    """How many numbers lie below the first bound (bucket 0), from it to below the second (1), and so on; those that
    are empty are missing.
    """
    rows = _rows(tables, tag)
    rows = rows.filter(rows[Kind.NUMBER.value].notnull())
    edges = [number(bound) for bound in bounds]
    places = by_bounds(rows[Kind.NUMBER.value], edges, [number(place) for place in range(len(bounds) + 1)])
    return rows.group_by(places.name("bucket")).aggregate(customers=rows.count())


def _rows(tables: Tables, tag: str) -> Table:
    values = tables.tag_values()
    return values.filter(values.tag == tables.engine.text(tag))
