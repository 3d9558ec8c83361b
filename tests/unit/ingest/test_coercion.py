"""The table of coercions, and where it is applied."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ingest.calls import Call, Rejected, decode_calls
from ingest.coercion import coerced
from ingest.strictness import LENIENT, Strict, Strictness
from rules.type_problems import ValueType
from rules.value_types import fits, type_of
from tests.support.calls import NOW_MS, make_batch, make_call

DOCS = Path(__file__).resolve().parents[3] / "docs"
S, N, B, T, L, O = ValueType  # noqa: E741 - one letter a type keeps the table readable.

TABLE: list[tuple[ValueType, object, object]] = [
    (S, 12, "12"),
    (S, 12.0, "12"),
    (S, -0.5, "-0.5"),
    (S, 1e21, "1e21"),
    (S, True, "true"),
    (S, ["a"], None),
    (S, {"a": 1}, None),
    (N, "12", 12),
    (N, " -12.50 ", -12.5),
    (N, "1e3", 1000.0),
    (N, "0012", None),
    (N, "+12", None),
    (N, "1,5", None),
    (N, "12 francs", None),
    (N, "", None),
    (N, "NaN", None),
    (N, "Infinity", None),
    (N, "1e999", None),
    (N, "true", None),
    (N, "[1]", None),
    (N, str(2**53), 2**53),
    (N, str(2**53 + 1), None),
    (N, "1" * 33, None),
    (N, True, None),
    (N, ["12"], None),
    (B, "true", True),
    (B, " FALSE ", False),
    (B, "yes", None),
    (B, 1, True),
    (B, 0.0, False),
    (B, 2, None),
    (T, "20260701T083000Z", "2026-07-01T08:30:00.000Z"),
    (T, " 2026-07-01 ", "2026-07-01T00:00:00.000Z"),
    (T, "1 July", None),
    (T, 1_800_000_000, None),
    (L, "a,b", ["a,b"]),
    (L, 1, [1]),
    (L, True, [True]),
    (L, {"a": 1}, None),
    (O, "{}", None),
    (O, [1], None),
]


@pytest.mark.parametrize(("wanted", "value", "made"), TABLE)
def test_the_table(wanted: ValueType, value: object, made: object) -> None:
    found = coerced(value, wanted)

    assert (found, type(found)) == (made, type(made))
    if found is not None:
        fitting = type_of(found)
        assert fitting is not None
        assert fits(fitting, wanted)


def test_every_type_has_a_row_in_the_documentation() -> None:
    table = (DOCS / "registry.md").read_text(encoding="utf-8").split("\n| to |")[1].split("\n\n")[0]

    assert [row.split("`")[1] for row in table.splitlines()[2:]] == list(ValueType)


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("Basel", S),
        ("2026-07-01", T),
        ("2026-07-01T08:30:00+02:00", T),
        ("2026-13-01", S),
        ("20260701", S),
        ("", S),
        (1, N),
        (1.5, N),
        (True, B),
        ([], L),
        ({}, O),
        (None, None),
    ],
)
def test_types(value: object, found: ValueType | None) -> None:
    assert type_of(value) is found


def one(call: dict[str, Any]) -> Call:
    (found,) = decode_calls(make_batch(call), "batch", NOW_MS, "default", "entry").calls
    return found


COERCED = Strict(N, coerce=True)
REFUSED = Strict(N, coerce=False)


def test_properties_are_coerced_with_the_bytes_that_are_stored() -> None:
    call = one(make_call(properties={"a": "1", "b": {"c": {"d": "2"}}, "n": None, "o": 3}))
    strict = Strictness(properties={"Order Completed": {"a": COERCED, "b.c.d": COERCED, "n": REFUSED, "o": REFUSED}})

    made = strict.applied_to(call)

    assert isinstance(made, Call)
    assert made.values == json.loads(made.properties) == {"a": 1, "b": {"c": {"d": 2}}, "n": None, "o": 3}
    assert call.values["b"] == {"c": {"d": "2"}}


def test_a_name_with_dots_and_a_path_are_one_name() -> None:
    strict = Strictness(properties={"Order Completed": {"a.b": COERCED}})

    made = strict.applied_to(one(make_call(properties={"a.b": "1", "a": {"b": "2"}})))

    assert isinstance(made, Call)
    assert made.values == {"a.b": 1, "a": {"b": 2}}


@pytest.mark.parametrize("rule", [COERCED, REFUSED])
def test_what_cannot_be_coerced_is_put_aside_as_it_came(rule: Strict) -> None:
    call = one(make_call(properties={"a": "secret"}))

    made = Strictness(properties={"Order Completed": {"a": rule}}).applied_to(call)

    assert isinstance(made, Rejected)
    assert (made.reason, made.message_id) == ("TYPE_CONFLICT", "m-1")
    assert "secret" not in made.detail
    assert json.loads(made.raw)["properties"] == {"a": "secret"}
    assert made.identifiers == call.identifiers


@pytest.mark.parametrize(
    ("call", "strict"),
    [
        (make_call(properties={"a": "1"}), Strictness(properties={"Other": {"a": REFUSED}})),
        (make_call(properties={"a": "1"}), Strictness(attributes={"a": REFUSED})),
        (make_call("group", traits={"a": "1"}), Strictness(attributes={"a": REFUSED})),
        (make_call("identify", traits={"a": 1}), Strictness(attributes={"a": REFUSED})),
        (make_call("identify", traits={"a": "1"}), LENIENT),
    ],
)
def test_what_is_not_concerned_stays_the_same_object(call: dict[str, Any], strict: Strictness) -> None:
    found = one(call)

    assert strict.applied_to(found) is found


def test_traits_are_coerced() -> None:
    made = Strictness(attributes={"a": COERCED}).applied_to(one(make_call("identify", traits={"a": "1", "b": "x"})))

    assert isinstance(made, Call)
    assert made.traits == {"a": 1, "b": "x"}
