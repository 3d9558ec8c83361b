"""Lists of customers from the columnar store: a page of those for whom a rule holds, in an order."""

from __future__ import annotations

from functools import partial
from typing import cast
from zoneinfo import ZoneInfo

from analytics.engines.port import Reader
from analytics.query import asking
from analytics.query.known import check_known
from analytics.query.listing import page_query, place_of
from analytics.query.order import By, Order, Place
from analytics.query.sources import Tables
from analytics.store.spread import stored_text
from analytics.store.tables import CUSTOMERS, EVENT_TABLES, Layout
from base import clock
from base.errors import BadInput
from rules.parser import parse_rule
from rules.tree import Everyone, Rule
from workers.projection.answers.answering import REACH_S, Answering, run


async def list_customers(
    answering: Answering,
    document: dict[str, object] | None,
    order: list[object],
    after: list[object],
    count: int,
    now_ms: int | None,
) -> dict[str, object]:
    """The places of a page of customers for whom a checked rule holds, as of when (ms), and the instant of the
    question (ms).

    Args:
        document: the rule; None for everybody.
        order: by, name, whether descending, whether the registry knows the name.
        after: a place.
        now_ms: the instant at which the rule is asked; None for that of the store.
    """
    rule = Everyone() if document is None else parse_rule(document)
    by, name, descending, is_known = order
    asked = Order(By(str(by)), str(name), bool(descending))
    await answering.owner.reach(clock.now_ms(), REACH_S)
    store, as_of_ms = answering.owner.store(), answering.owner.as_of_ms
    at_ms = as_of_ms if now_ms is None else now_ms
    rank, value, id_ = after
    work = partial(
        _page,
        rule=rule,
        order=asked,
        is_known=bool(is_known),
        after=Place(cast("int", rank), str(value), str(id_)),
        count=count,
        tables=answering.results.tables(store),
        now_ms=at_ms,
        zone=answering.zone,
    )
    places = await run(answering.owner, store, work)
    return {"places": [list(place) for place in places], "as_of_ms": as_of_ms, "now_ms": at_ms}


def _page(
    reader: Reader,
    rule: Rule,
    order: Order,
    is_known: bool,
    after: Place,
    count: int,
    tables: Tables,
    now_ms: int,
    zone: ZoneInfo,
) -> list[Place]:
    check_known(rule, tables.layout)
    _check_order(order, tables.layout, is_known)
    everybody = isinstance(rule, Everyone)
    rows = asking.rows_of(
        reader,
        rule,
        tables,
        now_ms,
        zone,
        lambda found: page_query(None if everybody else found, order, after, count, tables, now_ms),
    )
    return [place_of(row) for row in rows]


def _check_order(order: Order, layout: Layout, is_known: bool) -> None:
    """Raises:
    BadInput: nobody ever had a value of the name, or the store has no room for it.
    """
    name = stored_text(order.name)
    if order.by is By.ATTRIBUTE and name not in layout.attributes:
        if CUSTOMERS in layout.incomplete:
            hint = "The columnar store has no room for more names, which must not hold data, such as ids or dates."
            raise BadInput("The store has no values of this attribute.", hint=hint, field="orderBy.attribute")
        if not is_known:
            hint = "`attributeDefinitions` lists them."
            raise BadInput("There is no attribute of this name.", hint=hint, field="orderBy.attribute")
    if order.by is By.LAST_EVENT and name not in layout.events:
        if EVENT_TABLES in layout.incomplete:
            hint = "The columnar store has no room for more names, which must not hold data, such as ids or dates."
            raise BadInput("The store has no events of this name.", hint=hint, field="orderBy.lastEvent")
        if not is_known:
            hint = "`eventDefinitions` lists them."
            raise BadInput("There is no event of this name.", hint=hint, field="orderBy.lastEvent")
