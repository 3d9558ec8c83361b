"""A page of customers in an order, by keyset: the place of the last one is where the next page begins."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, assert_never

from analytics.query.expressions import Condition, Engine, Table, Value, all_of, number, or_null, picked
from analytics.query.order import FIRST, MAX_TEXT_CHARS, MISSING, By, Order, Place
from analytics.query.sources import Cells, Tables
from analytics.store.spread import Kind

# Ascending, `MISSING` of them. A text that names a time is ordered by its instant and not as a text.
_RANKED: Final = (Kind.FLAG, Kind.NUMBER, Kind.INSTANT, Kind.TEXT)


def page_query(found: Table | None, order: Order, after: Place, count: int, tables: Tables, now_ms: int) -> Table:
    """The `count` customers behind a place: id, rank, then the value of each kind that there is, as a text.

    Args:
        found: who may be listed, as `to_query` gives them; None for everybody.
        after: `FIRST` for the first page.
    """
    people = tables.people()
    if found is not None:
        people = people.semi_join(found, "customer")
    people, cells = _keyed(people, found, order, tables, now_ms)
    keys = _keys(cells)
    rows = people.select("id", rank=_rank(keys, order.descending), **{kind.value: key for kind, key in keys.items()})
    if after != FIRST:
        rows = rows.filter(_behind(rows, after, order.descending, tables.engine))
    ordered = [rows[kind.value].desc() if order.descending else rows[kind.value].asc() for kind in keys]
    rows = rows.order_by([rows["rank"], *ordered, rows["id"]]).limit(count)
    return rows.select("id", "rank", **{kind.value: rows[kind.value] for kind in keys})


def place_of(row: tuple[object, ...]) -> Place:
    """The place of a row of `page_query`."""
    id_, rank, *values = row
    value = next((each for each in values if each is not None), None)
    return Place(int(str(rank)), "" if value is None else _told(value), str(id_))


def _told(value: object) -> str:
    """A value as a place holds it; `_meant` reads it."""
    if isinstance(value, bool):
        return str(int(value))
    return repr(value) if isinstance(value, float) else str(value)


def _meant(kind: Kind, value: str, engine: Engine) -> Value:
    match kind:
        case Kind.FLAG:
            return value == "1"
        case Kind.NUMBER:
            return number(float(value))
        case Kind.INSTANT:
            return int(value)
        case _:
            return engine.text(value)


def _keyed(people: Table, found: Table | None, order: Order, tables: Tables, now_ms: int) -> tuple[Table, Cells]:
    """People with what they are ordered by beside them."""
    match order.by:
        case By.ID:
            return people, {}
        case By.CREATED_AT:
            return people, {Kind.INSTANT: people.created_at}
        case By.ATTRIBUTE:
            return people, tables.attribute(people, order.name)
        case By.TAG:
            values = tables.tag_values()
            values = values.filter(values.tag == tables.engine.text(order.name))
            return _beside(people, values, {kind: values[kind.value] for kind in _RANKED})
        case By.LAST_EVENT:
            events = tables.events(order.name, found)
            if events is None:
                return people, {}
            events = events.filter(events.at <= now_ms)
            last = events.group_by("customer").aggregate(last=events.at.max())
            return _beside(people, last, {Kind.INSTANT: last["last"]})
        case _:
            assert_never(order.by)


def _beside(people: Table, rows: Table, cells: Cells) -> tuple[Table, Cells]:
    named = {f"key_{kind.value}": cell for kind, cell in cells.items()}
    other = rows.select(rows.customer.name("key_customer"), **named)
    joined = people.left_join(other, people.customer == other.key_customer)
    return joined, {kind: joined[f"key_{kind.value}"] for kind in cells}


def _keys(cells: Cells) -> Mapping[Kind, Value]:
    """The value of each kind; of each person at most one is not null."""
    keys = {kind: cells[kind] for kind in _RANKED if kind in cells}
    if Kind.TEXT in keys:
        text = keys[Kind.TEXT].left(MAX_TEXT_CHARS)
        keys[Kind.TEXT] = or_null(keys[Kind.INSTANT].isnull(), text) if Kind.INSTANT in keys else text
    return keys


def _rank(keys: Mapping[Kind, Value], descending: bool) -> Value:
    def rank(kind: Kind) -> int:
        return MISSING - 1 - _RANKED.index(kind) if descending else _RANKED.index(kind)

    return picked([(key.notnull(), rank(kind)) for kind, key in keys.items()], MISSING)


def _behind(rows: Table, place: Place, descending: bool, engine: Engine) -> Condition:
    """Rows whose place comes after one."""
    later_id = rows["id"] > engine.text(place.id)
    if place.rank == MISSING:
        return all_of([rows["rank"] == MISSING, later_id])
    kind = _RANKED[MISSING - 1 - place.rank if descending else place.rank]
    if kind.value not in rows.columns:
        # Nobody has a value of this kind any more.
        return rows["rank"] > place.rank
    key, value = rows[kind.value], _meant(kind, place.value, engine)
    further = key < value if descending else key > value
    same = all_of([rows["rank"] == place.rank, further | ((key == value) & later_id)])
    return (rows["rank"] > place.rank) | same
