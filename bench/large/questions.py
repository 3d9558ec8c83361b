"""What the large store is asked: by a rule or a tag, and by SQL that somebody would write for the same file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias
from zoneinfo import ZoneInfo

from duckdb import DuckDBPyConnection

from analytics.engines.local import FileReader
from analytics.query import asking
from analytics.query.sources import Tables
from analytics.store import results
from analytics.store.spread import Kind
from analytics.store.tables import Layout
from bench.large.data import DAY_MS, NOW_MS, OPENED, ORDERED, VIEWED
from rules.parser import parse_rule
from rules.tags.parser import parse_definition

UTC: Final = ZoneInfo("UTC")
_BY_HAND: Final = f"{results.CATALOG}.by_hand"
# What came out, in an order of its own: compared with what came out by hand.
Answer: TypeAlias = Sequence[tuple[Any, ...]]


def kept(definition: dict[str, Any]) -> Callable[[FileReader, Tables], Answer]:
    """Computes a tag and keeps its values, as a build does: from then on they are counted and listed."""

    def ask(reader: FileReader, tables: Tables) -> Answer:
        made = asking.keep_tag(reader, results.new_name(), parse_definition(definition), tables, NOW_MS, UTC)
        (kind,) = made.kinds
        answer = _told(reader.connection, f"{results.CATALOG}.{made.table}", kind)
        reader.drop(made.name)
        return answer

    return ask


def kept_by_hand(statement: str) -> Callable[[DuckDBPyConnection], Answer]:
    """The same with the values of a statement: customer and value."""

    def ask(reader: DuckDBPyConnection) -> Answer:
        reader.execute(f"CREATE TABLE {_BY_HAND} AS {statement}")
        answer = _told(reader, _BY_HAND, "value")
        reader.execute(f"DROP TABLE {_BY_HAND}")
        return answer

    return ask


def answered_by_hand(statement: str) -> Callable[[DuckDBPyConnection], Answer]:
    """The rows of a statement."""
    return lambda reader: reader.execute(statement).fetchall()


def _told(reader: DuckDBPyConnection, table: str, value: str) -> Answer:
    """How many customers have a value, and what says that they are the same ones with the same values."""
    return reader.execute(f"SELECT count(*), bit_xor(hash(customer, {value})) FROM {table}").fetchall()


def estimated(rule: dict[str, Any]) -> Callable[[FileReader, Tables], Answer]:
    """Asks for how many customers a rule holds."""
    return lambda reader, tables: [(asking.count(reader, parse_rule(rule), tables, NOW_MS, UTC),)]


@dataclass(frozen=True, slots=True)
class Question:
    """One row of the benchmark.

    Args:
        at_most_s: what it should take.
        ask: the way that the product takes.
        by_hand: statements for the same; the quickest counts.
        run_by_hand: what is done with one.
    """

    row: str
    at_most_s: float
    ask: Callable[[FileReader, Tables], Answer]
    by_hand: Callable[[Layout], Sequence[str]]
    run_by_hand: Callable[[str], Callable[[DuckDBPyConnection], Answer]] = kept_by_hand


def _since(days: int) -> int:
    """The first instant of a window `last` of so many days."""
    return NOW_MS - days * DAY_MS + 1


def _owned(layout: Layout, name: str, columns: str, where: str) -> list[str]:
    """The events of a name with their customers, in two ways; columns in braces as `{path kind}`."""
    event = layout.events[name]
    cells = {f"{path} {kind}": column for path, of in event.columns.items() for kind, column in of.items()}
    columns, where = columns.format_map(cells), where.format_map(cells)
    whole = f"SELECT customer, {columns} FROM {event.table} JOIN owners USING (identifier) WHERE {where}"
    parts = (
        f"SELECT customer, {columns} FROM {event.table} JOIN stretches USING (identifier)"
        f' WHERE "at" >= from_ms AND "at" < to_ms AND {where}'
    )
    both = (
        "SELECT identifier, customer, -1000000000000000 AS from_ms, 1000000000000000 AS to_ms FROM owners"
        " UNION ALL SELECT identifier, customer, from_ms, to_ms FROM stretches"
    )
    joined = (
        f"SELECT customer, {columns} FROM {event.table} JOIN ({both}) USING (identifier)"
        f' WHERE "at" >= from_ms AND "at" < to_ms AND {where}'
    )
    return [f"{whole} UNION ALL {parts}", joined]


def _of_everybody(where: str = "true") -> str:
    return f'"at" <= {NOW_MS} AND {where}'


_LOYAL: Final = {
    "all": [
        {"attribute": {"name": "city", "op": "IN", "values": ["Rome", "Lyon"]}},
        {
            "event": {
                "name": ORDERED,
                "values": [2],
                "window": {"last": "P90D"},
                "where": [{"name": "total", "op": "GT", "values": [20]}],
            }
        },
    ]
}


def _loyal_by_hand(layout: Layout) -> list[str]:
    city = layout.attributes["city"][Kind.TEXT]
    where = f'"at" BETWEEN {_since(90)} AND {NOW_MS} AND {{total number}} > 20'
    few = f"customer IN (SELECT customer FROM customers WHERE {city} IN ('Rome', 'Lyon'))"
    counted = "SELECT count(*) FROM (SELECT customer FROM ({}) WHERE {} GROUP BY customer HAVING count(*) >= 2)"
    return [counted.format(owned, few) for owned in _owned(layout, ORDERED, '"at"', where)]


_VIEWS: Final = {"statistical": {"event": {"name": VIEWED, "window": {"last": "P365D"}}}}


def _views_by_hand(layout: Layout) -> list[str]:
    where = f'"at" BETWEEN {_since(365)} AND {NOW_MS}'
    return [
        "SELECT customer, coalesce(n, 0)::DOUBLE AS value FROM customers LEFT JOIN"
        f" (SELECT customer, count(*) AS n FROM ({owned}) GROUP BY customer) USING (customer)"
        for owned in _owned(layout, VIEWED, '"at"', where)
    ]


_SPENT: Final = {
    "statistical": {
        "event": {"name": ORDERED, "measure": {"kind": "SUM", "property": "total"}},
        "layers": [
            {"value": "small", "to": 100},
            {"value": "middle", "from": 100, "to": 1000},
            {"value": "large", "from": 1000},
        ],
    }
}


def _spent_by_hand(layout: Layout) -> list[str]:
    layer = "CASE WHEN spent < 100 THEN 'small' WHEN spent < 1000 THEN 'middle' ELSE 'large' END"
    return [
        f"SELECT customer, {layer} AS value FROM (SELECT customer, fsum(total) AS spent FROM ({owned})"
        " GROUP BY customer HAVING count(total) > 0)"
        for owned in _owned(layout, ORDERED, "{total number} AS total", _of_everybody())
    ]


def _liked(name: str, days: int, top: int) -> dict[str, Any]:
    event = {"name": name, "window": {"last": f"P{days}D"}}
    return {"preference": {"event": event, "property": "brand", "top": top}}


def _liked_by_hand(name: str, days: int, top: int) -> Callable[[Layout], list[str]]:
    def by_hand(layout: Layout) -> list[str]:
        where = f'"at" BETWEEN {_since(days)} AND {NOW_MS} AND {{brand text}} IS NOT NULL'
        statements = []
        for owned in _owned(layout, name, "{brand text} AS brand", where):
            counted = f"SELECT customer, brand, count(*) AS n FROM ({owned}) GROUP BY customer, brand"
            place = "row_number() OVER (PARTITION BY customer ORDER BY n DESC, brand)"
            placed = f"SELECT customer, brand, {place} AS place FROM ({counted})"
            best = "list(brand ORDER BY place)"
            statements.append(
                f"SELECT customer, {best} AS value FROM ({placed}) WHERE place <= {top} GROUP BY customer"
            )
            if top == 1:
                best = "[arg_min(brand, {'n': -n, 'brand': brand})]"
                statements.append(f"SELECT customer, {best} AS value FROM ({counted}) GROUP BY customer")
        return statements

    return by_hand


def _branch(value: str, rule: dict[str, Any]) -> dict[str, Any]:
    return {"value": value, "rule": rule}


def _orders(count: int, days: int) -> dict[str, Any]:
    return {"event": {"name": ORDERED, "values": [count], "window": {"last": f"P{days}D"}}}


_OPENED: Final = {"event": {"name": OPENED, "window": {"last": "P30D"}}}
_SPENDS: Final = {"event": {"name": ORDERED, "measure": {"kind": "SUM", "property": "total"}, "values": [2000]}}
_TIERS: Final = {
    "condition": {
        "values": [
            _branch("patron", {"all": [{"attribute": {"name": "vip", "op": "IS_TRUE"}}, _orders(3, 365)]}),
            _branch("diamond", _orders(20, 365)),
            _branch("gold", _orders(5, 90)),
            _branch("silver", _orders(2, 90)),
            _branch("spender", _SPENDS),
            _branch("new", {"habit": {"kind": "FIRST_TIME", "name": ORDERED, "window": {"last": "P30D"}}}),
            _branch("active", _orders(1, 365)),
            _branch("browsing", _OPENED),
            _branch("asleep", _orders(1, 730)),
            _branch("nobody yet", {"everyone": True}),
        ]
    }
}


def _tiers_by_hand(layout: Layout) -> list[str]:
    vip = layout.attributes["vip"][Kind.FLAG]
    orders = _owned(layout, ORDERED, '"at", {total number} AS total', _of_everybody())
    opened = _owned(layout, OPENED, '"at"', f'"at" BETWEEN {_since(30)} AND {NOW_MS}')

    def count(days: int) -> str:
        return f'count(*) FILTER ("at" >= {_since(days)})'

    return [
        f"""WITH ordered AS (
          SELECT customer, {count(365)} AS year, {count(90)} AS quarter, {count(730)} AS ever, fsum(total) AS spent,
            min("at") AS first FROM ({of_orders}) GROUP BY customer
        ), opened AS (SELECT DISTINCT customer, true AS opens FROM ({of_opened}))
        SELECT customer, CASE WHEN {vip} AND year >= 3 THEN 'patron' WHEN year >= 20 THEN 'diamond'
          WHEN quarter >= 5 THEN 'gold' WHEN quarter >= 2 THEN 'silver' WHEN spent >= 2000 THEN 'spender'
          WHEN first >= {_since(30)} THEN 'new' WHEN year >= 1 THEN 'active' WHEN opens THEN 'browsing'
          WHEN ever >= 1 THEN 'asleep' ELSE 'nobody yet' END AS value
        FROM customers LEFT JOIN ordered USING (customer) LEFT JOIN opened USING (customer)"""
        for of_orders, of_opened in zip(orders, opened, strict=True)
    ]


QUESTIONS: Final = (
    Question("estimate: an attribute and behaviour", 5, estimated(_LOYAL), _loyal_by_hand, answered_by_hand),
    Question("statistical: events of a year counted", 15, kept(_VIEWS), _views_by_hand),
    Question("statistical: a sum of all orders, in layers", 15, kept(_SPENT), _spent_by_hand),
    Question("preference: the brand of all orders", 15, kept(_liked(ORDERED, 730, 1)), _liked_by_hand(ORDERED, 730, 1)),
    Question(
        "preference: 3 brands of a quarter's views", 15, kept(_liked(VIEWED, 90, 3)), _liked_by_hand(VIEWED, 90, 3)
    ),
    Question("condition: 10 values", 15, kept(_TIERS), _tiers_by_hand),
)
