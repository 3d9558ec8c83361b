"""Names and values of people reach the engine as literals, and what the store does not have has no values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from analytics.engines.local import FileStore
from analytics.query import asking
from analytics.query.sources import Tables
from analytics.store.batch import Batch, CustomerCells, EventCells, Membership, Position, Stretch, number_of
from analytics.store.file import ColumnFile
from analytics.store.spread import spread
from rules.parser import parse_rule

UTC = ZoneInfo("UTC")
NOW_MS = 1_800_000_000_000
# Trust model: every text of a rule may be anything; names of tables and columns come from the store's layout alone.
NASTY = [
    "'; DROP TABLE customers; --",
    "\\'; DROP TABLE customers; --",
    '"; DROP TABLE customers; --',
    "'' OR 1=1 --",
    "$1 ? :name {name} %s %(name)s",
    "a\x00b",
    "\x00",
    "line\nbreak\r\t\\n",
    "E'\\x41'",
    "/* */ 🦊 ​",
]


def store(values: Sequence[str]) -> ColumnFile:
    """The n-th customer has the n-th value as a value and as a name of everything."""
    file = ColumnFile()
    people = {f"c{n}": CustomerCells(f"c{n}", 0, spread({"x": value, value: 1})) for n, value in enumerate(values)}
    file.apply(
        Batch(
            customers=people,
            owners={f"u{n}": [Stretch(f"c{n}")] for n in range(len(values))},
            events=[
                EventCells(f"u{n}", name, 5, f"{n} {name == value}", spread({"x": value, value: 1, "tags": [value]}))
                for n, value in enumerate(values)
                for name in ("E", value)
            ],
            members=[Membership(f"c{n}", value, 0) for n, value in enumerate(values) if value.isprintable()],
        ),
        Position(),
        fresh=True,
    )
    return file


@pytest.fixture(scope="module")
def nasty() -> ColumnFile:
    return store(NASTY)


def found(file: ColumnFile, document: dict[str, Any]) -> list[int]:
    answer = asking.customers(FileStore(file).ask(), parse_rule(document), Tables(file.layout), NOW_MS, UTC)
    numbers = {number_of(f"c{n}"): n for n in range(len(NASTY))}
    return sorted(numbers[customer] for customer in answer["customer"].to_pylist())


def places(value: str) -> list[dict[str, Any]]:
    """Rules that only the customer of this value fulfils, with the text in every place."""
    where = [{"name": "x", "op": "EQ", "values": [value]}]
    listed = [{"name": "tags", "op": "HAS", "values": [value]}]
    return [
        {"attribute": {"name": "x", "op": "EQ", "values": [value]}},
        {"attribute": {"name": "x", "op": "IN", "values": [value, "other"]}},
        {"attribute": {"name": "x", "op": "IEQ", "values": [value]}},
        {"all": [{"attribute": {"name": "x", "op": op, "values": [value]}} for op in ("STARTS_WITH", "ENDS_WITH")]},
        {"attribute": {"name": value, "op": "SET", "values": []}},
        {"event": {"name": "E", "where": where}},
        {"event": {"name": "E", "where": listed}},
        {"event": {"name": value}},
        {"event": {"name": "E", "measure": {"kind": "SUM", "property": value}}},
        {"sequence": {"steps": [{"event": "E", "where": where}, {"event": value}], "within": "P1D"}},
    ]


@pytest.mark.parametrize("number", range(len(NASTY)))
def test_a_text_is_only_ever_compared(nasty: ColumnFile, number: int) -> None:
    for document in places(NASTY[number]):
        assert number in found(nasty, document), document
    assert found(nasty, places(NASTY[number])[0]) == [number]
    assert len(found(nasty, {"everyone": True})) == len(NASTY)


@pytest.mark.parametrize("value", [value for value in NASTY if value.isprintable()])
def test_a_segment_s_key_is_only_ever_compared(nasty: ColumnFile, value: str) -> None:
    assert found(nasty, {"segment": value}) == [NASTY.index(value)]
    assert found(nasty, {"all": [{"segment": value}, {"event": {"name": "E"}}]}) == [NASTY.index(value)]


def test_a_pattern_s_dot_is_no_line_break(nasty: ColumnFile) -> None:
    assert found(nasty, {"attribute": {"name": "x", "op": "MATCHES", "values": ["^line.break"]}}) == []
    assert found(nasty, {"attribute": {"name": "x", "op": "MATCHES", "values": ["^line\\nbreak"]}}) == [7]


ABSENT: list[tuple[str, dict[str, Any], bool]] = [
    ("attribute", {"attribute": {"name": "none", "op": "NE", "values": [1]}}, False),
    ("attribute-not-set", {"attribute": {"name": "none", "op": "NOT_SET", "values": []}}, True),
    ("kind", {"attribute": {"name": "x", "op": "GT", "values": [0]}}, False),
    ("anniversary", {"attribute": {"name": "none", "op": "ANNIVERSARY_WITHIN_NEXT", "values": ["P9D"]}}, False),
    ("event", {"event": {"name": "None"}}, False),
    ("no-event", {"event": {"name": "None", "op": "EQ", "values": [0]}}, True),
    ("sum-of-nothing", {"event": {"name": "None", "measure": {"kind": "SUM", "property": "x"}, "op": "LT"}}, False),
    ("property", {"event": {"name": "E", "where": [{"name": "none", "op": "SET", "values": []}]}}, False),
    ("distinct", {"event": {"name": "E", "measure": {"kind": "DISTINCT", "property": "none"}, "op": "LT"}}, True),
    ("habit", {"habit": {"kind": "FIRST_TIME", "name": "None", "window": {"lastDays": 1}}}, False),
    ("step", {"sequence": {"steps": [{"event": "E"}, {"event": "None"}], "within": "P1D"}}, False),
    ("segment", {"segment": "none"}, False),
]


@pytest.mark.parametrize(("document", "holds"), [case[1:] for case in ABSENT], ids=[case[0] for case in ABSENT])
def test_what_the_store_does_not_have_has_no_values(nasty: ColumnFile, document: dict[str, Any], holds: bool) -> None:
    assert bool(found(nasty, document)) is holds


def test_a_rule_of_the_greatest_size_is_answered(nasty: ColumnFile) -> None:
    leaves = [{"event": {"name": "E", "op": "GTE", "values": [1], "window": {"last": f"P{n}D"}}} for n in range(1, 200)]
    many = {"attribute": {"name": "x", "op": "IN", "values": [f"v{n}" for n in range(1_000)]}}
    assert found(nasty, {"any": [*leaves, many]}) == []
    listed = [{"name": "tags", "op": "HAS_ANY", "values": [f"v{n}" for n in range(999)] + [NASTY[3]]}]
    assert found(nasty, {"event": {"name": "E", "where": listed}}) == [3]


COMPARED: list[tuple[str, object, str, object, bool]] = [
    ("folded-text", "STRASSE", "IEQ", "straße", True),
    ("folded-value", "straße", "IEQ", "STRASSE", True),
    ("not-folded", "strasse", "IEQ", "STRASSE", True),
    ("other-case", "STRASSE", "EQ", "strasse", False),
    ("the-last-bit", 0.1 + 0.2, "EQ", 0.3, False),
    ("all-digits", 0.1 + 0.2, "EQ", 0.30000000000000004, True),
    ("least-double", 5e-324, "GT", 0, True),
    ("exact-integer", 2**53, "EQ", 2**53, True),
    ("large", 1e300, "LTE", 1e300, True),
    ("negative-zero", -0.0, "EQ", 0, True),
]


@pytest.mark.parametrize(
    ("value", "op", "wanted", "holds"), [case[1:] for case in COMPARED], ids=[case[0] for case in COMPARED]
)
def test_a_value_is_compared_exactly(value: object, op: str, wanted: object, holds: bool) -> None:
    file = ColumnFile()
    file.apply(Batch(customers={"c0": CustomerCells("c0", 0, spread({"x": value}))}), Position())
    assert bool(found(file, {"attribute": {"name": "x", "op": op, "values": [wanted]}})) is holds


def test_sums_that_leave_the_doubles_have_no_value() -> None:
    file = ColumnFile()
    sizes = {"c0": [1.5e308, 1.5e308], "c1": [1.0, 2.0]}
    file.apply(
        Batch(
            customers={key: CustomerCells(key, 0, {}) for key in sizes},
            owners={key: [Stretch(key)] for key in sizes},
            events=[
                EventCells(key, "E", n, f"{key} {n}", spread({"x": size}))
                for key, both in sizes.items()
                for n, size in enumerate(both)
            ],
        ),
        Position(),
    )
    for kind in ("SUM", "AVG"):
        leaf = {"event": {"name": "E", "measure": {"kind": kind, "property": "x"}, "op": "GT", "values": [0]}}
        assert found(file, leaf) == [1]
