"""A name that the store has no room for is refused, and no other."""

from __future__ import annotations

import pytest

from analytics.query.known import check_known
from analytics.store.spread import Kind
from analytics.store.tables import CUSTOMERS, EVENT_TABLES, EventTable, Layout
from base.errors import BadInput
from rules.parser import parse_rule

COLUMN = {Kind.NUMBER: "c1"}
FULL = frozenset({CUSTOMERS, EVENT_TABLES, "events_1"})
BOUGHT = {"name": "Bought", "where": [{"name": "total", "op": "GT", "values": [1]}]}


def layout(incomplete: frozenset[str]) -> Layout:
    return Layout({"age": COLUMN}, {"Bought": EventTable("events_1", {"total": COLUMN})}, incomplete)


@pytest.mark.parametrize(
    "document",
    [
        {"attribute": {"name": "size", "op": "SET"}},
        {"event": {"name": "Seen"}},
        {"event": {"name": "Bought", "where": [{"name": "colour", "op": "SET"}]}},
        {"event": {"name": "Bought", "measure": {"kind": "SUM", "property": "weight"}}},
        {"habit": {"kind": "FIRST_TIME", "name": "Seen", "window": {"lastDays": 1}}},
        {"not": {"sequence": {"steps": [{"event": "Bought"}, {"event": "Seen"}], "within": "P1D"}}},
    ],
)
def test_a_name_without_room_is_refused_where_there_is_none(document: dict[str, object]) -> None:
    rule = parse_rule(document)

    check_known(rule, layout(frozenset()))
    with pytest.raises(BadInput, match="no room"):
        check_known(rule, layout(FULL))


@pytest.mark.parametrize(
    "document",
    [
        {"attribute": {"name": "age", "op": "SET"}},
        {"event": {**BOUGHT, "measure": {"kind": "SUM", "property": "total"}}},
        {"sequence": {"steps": [{"event": "Bought"}, {"event": "Bought"}], "within": "P1D"}},
        {"segment": "s"},
    ],
)
def test_a_name_that_has_its_place_is_not(document: dict[str, object]) -> None:
    check_known(parse_rule(document), layout(FULL))
