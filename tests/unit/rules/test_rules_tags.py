"""Definitions of tags: what they mean, case by case, and how a wrong one is refused."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from base.errors import BadInput
from rules.checker import KnownNames
from rules.facts import EventHistory, Facts, Given
from rules.tags.compiled import compile_tag, same_value
from rules.tags.definition import MAX_SQL_LENGTH, is_over_everybody, value_type
from rules.tags.explain import explain_tag
from rules.tags.parser import parse_definition
from rules.tags.printer import print_definition
from rules.tags.problems import check_definition
from rules.type_problems import ValueType

BERLIN = ZoneInfo("Europe/Berlin")
HOUR_MS, DAY_MS = 3_600_000, 86_400_000
NOW_MS = int(datetime(2026, 7, 10, 12, tzinfo=UTC).timestamp() * 1000)
BOUGHT = {"name": "Bought"}
LAST = {"event": BOUGHT, "which": "LAST"}
FIRST = {"event": BOUGHT, "which": "FIRST"}
LAYERS = [{"value": "low", "to": 10}, {"value": "middle", "from": 10, "to": 20.5}, {"value": "high", "from": 30}]


def bought(*events: dict[str, Any] | tuple[int, dict[str, Any]]) -> Facts:
    """Events an hour apart, the newest an hour ago; or at (hours ago, …)."""
    placed = [each if isinstance(each, tuple) else (len(events) - n, each) for n, each in enumerate(events)]
    history = EventHistory.of((NOW_MS - hours * HOUR_MS, f"e{n}", one) for n, (hours, one) in enumerate(placed))
    return Facts({"city": "Bern"}, {"Bought": history})


def value(document: dict[str, Any], facts: Facts, now_ms: int = NOW_MS) -> object:
    return compile_tag(parse_definition(document)).value(facts, now_ms, BERLIN)


def city(*names: str) -> dict[str, Any]:
    return {"attribute": {"name": "city", "op": "IN", "values": list(names)}}


def condition(*branches: tuple[object, dict[str, Any]]) -> dict[str, Any]:
    return {"condition": {"values": [{"value": given, "rule": rule} for given, rule in branches]}}


def preference(top: int = 3, **more: object) -> dict[str, Any]:
    return {"preference": {"event": BOUGHT, "property": "sku", "top": top, **more}}


@pytest.mark.parametrize(
    ("document", "facts", "expected"),
    [
        pytest.param(condition(("a", city("Bern")), ("b", city("Bern"))), bought(), "a", id="the first that holds"),
        pytest.param(condition((1, city("Bonn")), (2, {"everyone": True})), bought(), 2, id="else the next"),
        pytest.param(condition((True, city("Bonn"))), bought(), None, id="nobody matched is no value"),
        pytest.param({"lifecycle": {"stages": [{"stage": "new", "rule": city("Bern")}]}}, bought(), "new", id="stage"),
        pytest.param({"statistical": {"event": BOUGHT}}, Facts(), 0, id="a count of nothing is 0"),
        pytest.param(
            {"statistical": {"event": {**BOUGHT, "measure": {"kind": "SUM", "property": "x"}}}},
            bought({"y": 1}),
            None,
            id="a sum of nothing is no value",
        ),
        pytest.param(
            {"statistical": {"event": {**BOUGHT, "measure": {"kind": "MAX", "property": "x"}}}},
            bought({"x": 3}, {"x": 7}, {"x": "9"}),
            7,
            id="a number is taken raw",
        ),
        pytest.param({"statistical": {"event": BOUGHT, "layers": LAYERS}}, bought(), "low", id="a layer without from"),
        pytest.param(
            {"statistical": {"event": BOUGHT, "layers": LAYERS}}, bought(*[{}] * 10), "middle", id="from is included"
        ),
        pytest.param({"statistical": {"event": BOUGHT, "layers": LAYERS}}, bought(*[{}] * 21), None, id="a gap"),
        pytest.param({"statistical": {"event": BOUGHT, "layers": LAYERS}}, bought(*[{}] * 31), "high", id="no end"),
        pytest.param(preference(), bought({"sku": "b"}, {"sku": "a"}, {"sku": "b"}), ["b", "a"], id="most frequent"),
        pytest.param(
            preference(2), bought({"sku": "c"}, {"sku": "b"}, {"sku": "a"}), ["a", "b"], id="ties by alphabet"
        ),
        pytest.param(preference(), bought({"sku": None}, {}, {"sku": [1]}), None, id="null never ranks"),
        pytest.param(preference(), bought({"sku": 1}, {"sku": 1.0}, {"sku": True}), [1, True], id="1 is 1.0, not true"),
        pytest.param(
            preference(sum="x"),
            bought({"sku": "a", "x": 1}, {"sku": "a", "x": 1}, {"sku": "b", "x": 5}, {"sku": "c"}),
            ["b", "a"],
            id="largest by sum, and none without a number",
        ),
        pytest.param({"firstLast": {**FIRST, "take": "TIME"}}, bought({}, {}), "2026-07-10T10:00:00.000Z", id="time"),
        pytest.param({"firstLast": {**LAST, "take": "TIME"}}, Facts(), None, id="no event, no time"),
        pytest.param(
            {"firstLast": {**LAST, "take": "DAYS_SINCE"}}, bought((15, {})), 1, id="calendar days, not 24 hours"
        ),
        pytest.param({"firstLast": {**LAST, "take": "DAYS_SINCE"}}, bought((14, {})), 0, id="since midnight there"),
        pytest.param(
            {"firstLast": {**LAST, "take": "PROPERTY", "property": "x", "type": "NUMBER"}},
            bought({"x": 1}, {"x": "2"}),
            None,
            id="a value of another type is none, and no other event stands in",
        ),
        pytest.param(
            {"firstLast": {**FIRST, "take": "PROPERTY", "property": "x", "type": "STRING"}},
            bought((1, {"x": "b"}), (1, {"x": "a"})),
            "b",
            id="ties by event id",
        ),
        pytest.param(
            {"firstLast": {**LAST, "take": "PROPERTY", "property": "x", "type": "TIME"}},
            bought({"x": "2026-01-01"}),
            "2026-01-01",
            id="a time",
        ),
        pytest.param({"firstLast": {**LAST, "take": "TIME"}}, bought((-1, {})), None, id="not yet happened"),
    ],
)
def test_a_tag_has_the_value_that_its_kind_says(document: dict[str, Any], facts: Facts, expected: object) -> None:
    found = value(document, facts)
    assert same_value(found, expected)  # type: ignore[arg-type]
    assert type(found) is type(expected)


SPENT = {**BOUGHT, "measure": {"kind": "SUM", "property": "x"}}
CUTS = {"recency": {"value": 30}, "frequency": {"mean": True}, "monetary": {"topPercent": 20}}
SHARES = [{"value": "best", "topPercent": 20}, {"value": "rest", "topPercent": 100}]


def rfm(event: dict[str, Any] = SPENT, **more: object) -> dict[str, Any]:
    return {"rfm": {"event": event, **more}}


def shared(*shares: dict[str, Any], **more: object) -> dict[str, Any]:
    return {"statistical": {"event": SPENT, "shares": list(shares), **more}}


@pytest.mark.parametrize(
    ("document", "of_type"),
    [
        (condition(("a", city("Bern"))), ValueType.STRING),
        (condition((1, city("Bern")), (2.5, city("Bonn"))), ValueType.NUMBER),
        (condition((False, city("Bern"))), ValueType.BOOLEAN),
        ({"statistical": {"event": BOUGHT}}, ValueType.NUMBER),
        ({"statistical": {"event": BOUGHT, "layers": LAYERS}}, ValueType.STRING),
        (preference(sum="x"), ValueType.LIST),
        ({"firstLast": {**LAST, "take": "TIME"}}, ValueType.TIME),
        ({"firstLast": {**LAST, "take": "DAYS_SINCE"}}, ValueType.NUMBER),
        ({"firstLast": {**LAST, "take": "PROPERTY", "property": "x", "type": "BOOLEAN"}}, ValueType.BOOLEAN),
        ({"lifecycle": {"stages": [{"stage": "s", "rule": city("Bern")}]}}, ValueType.STRING),
        ({"manual": True}, ValueType.LIST),
        ({"imported": {"type": "TIME"}}, ValueType.TIME),
        ({"sql": {"text": "SELECT customer_id, 1 AS value FROM customers", "type": "NUMBER"}}, ValueType.NUMBER),
        (shared(*SHARES), ValueType.STRING),
        (rfm(cuts=CUTS), ValueType.STRING),
        (rfm(cuts={**CUTS, "recency": {"top": 5}}), ValueType.STRING),
        (rfm(scores=True), ValueType.STRING),
    ],
)
def test_the_type_follows_from_the_definition_which_is_printed_as_it_was_written(
    document: dict[str, Any], of_type: ValueType
) -> None:
    definition = parse_definition(document)
    assert value_type(definition) is of_type
    assert parse_definition(print_definition(definition)) == definition


WHOLE = condition(("a", city("Bern")))


@pytest.mark.parametrize(
    ("document", "field"),
    [
        ({}, "definition"),
        ({"manual": True, **WHOLE}, "definition"),
        ({"manual": False}, "definition.manual"),
        ({"imported": True}, "definition.imported"),
        ({"imported": {}}, "definition.imported.type"),
        ({"imported": {"type": "OBJECT"}}, "definition.imported.type"),
        ({"imported": {"type": "NUMBER", "key": "x"}}, "definition.imported"),
        ({"sql": {"text": " ", "type": "NUMBER"}}, "definition.sql.text"),
        ({"sql": {"text": "x" * (MAX_SQL_LENGTH + 1), "type": "NUMBER"}}, "definition.sql.text"),
        ({"sql": {"text": "SELECT '\ud800'", "type": "STRING"}}, "definition.sql.text"),
        ({"sql": {"text": "SELECT 1", "type": "OBJECT"}}, "definition.sql.type"),
        ({"sql": {"text": "SELECT 1"}}, "definition.sql.type"),
        (condition(), "definition.condition.values"),
        (condition(*[(f"v{n}", city("Bern")) for n in range(25)]), "definition.condition.values"),
        (condition(("a", city("Bern")), (1, city("Bern"))), "definition.condition.values"),
        (condition(("a", city("Bern")), ("a", city("Bonn"))), "definition.condition.values.1.value"),
        (condition(("", city("Bern"))), "definition.condition.values.0.value"),
        (condition((None, city("Bern"))), "definition.condition.values.0.value"),
        (
            condition(("a", {"attribute": {"name": "x", "op": "LT"}})),
            "definition.condition.values.0.rule.attribute.values",
        ),
        ({"lifecycle": {"stages": [{"stage": 1, "rule": city("Bern")}]}}, "definition.lifecycle.stages.0.stage"),
        ({"statistical": {"event": {"name": ""}}}, "definition.statistical.event.name"),
        ({"statistical": {"event": {**BOUGHT, "op": "GTE"}}}, "definition.statistical.event"),
        ({"statistical": {"event": {**BOUGHT, "window": {"last": "P1Y"}}}}, "definition.statistical.event.window.last"),
        (
            {"statistical": {"event": BOUGHT, "layers": [{"value": "a", "from": 2, "to": 2}]}},
            "definition.statistical.layers.0",
        ),
        (
            {"statistical": {"event": BOUGHT, "layers": [{"value": "a", "to": 3}, {"value": "b", "from": 2}]}},
            "definition.statistical.layers.1",
        ),
        (preference(21), "definition.preference.top"),
        ({"preference": {"event": BOUGHT, "property": ""}}, "definition.preference.property"),
        ({"firstLast": {**LAST, "take": "TIME", "property": "x"}}, "definition.firstLast.property"),
        ({"firstLast": {**LAST, "take": "PROPERTY", "property": "x"}}, "definition.firstLast.type"),
        (
            {"firstLast": {**LAST, "take": "PROPERTY", "property": "x", "type": "LIST"}},
            "definition.firstLast.type",
        ),
        ({"firstLast": {**LAST, "take": "NOTHING"}}, "definition.firstLast.take"),
        (shared(SHARES[1], SHARES[0]), "definition.statistical.shares.1.topPercent"),
        (shared({"value": "none", "topPercent": 0}), "definition.statistical.shares.0.topPercent"),
        (shared({"value": "more", "topPercent": 101}), "definition.statistical.shares.0.topPercent"),
        (shared({"value": "best"}), "definition.statistical.shares.0.topPercent"),
        (shared(SHARES[0], {**SHARES[1], "value": "best"}), "definition.statistical.shares.1.value"),
        (shared(*SHARES, layers=LAYERS), "definition.statistical.shares"),
        (rfm(), "definition.rfm"),
        (rfm(cuts=CUTS, scores=True), "definition.rfm"),
        (rfm(scores=False), "definition.rfm"),
        (rfm(BOUGHT, cuts=CUTS), "definition.rfm.event.measure.kind"),
        (rfm(cuts={**CUTS, "monetary": None}), "definition.rfm.cuts.monetary"),
        (rfm(cuts={**CUTS, "monetary": {"mean": False}}), "definition.rfm.cuts.monetary.mean"),
        (rfm(cuts={**CUTS, "recency": {"top": 0}}), "definition.rfm.cuts.recency.top"),
        (rfm(cuts={**CUTS, "frequency": {"top": 1.5}}), "definition.rfm.cuts.frequency.top"),
        (rfm(cuts={**CUTS, "frequency": {"topPercent": 0}}), "definition.rfm.cuts.frequency.topPercent"),
    ],
)
def test_a_wrong_definition_is_refused_at_its_place(document: dict[str, Any], field: str) -> None:
    with pytest.raises(BadInput) as refused:
        parse_definition(document)
    assert refused.value.field == field


def test_a_definition_has_a_bounded_number_of_conditions() -> None:
    many = {"any": [city(f"c{n}") for n in range(150)]}
    with pytest.raises(BadInput, match="at most 500 conditions"):
        parse_definition(condition(*[(n, many) for n in range(4)]))


def test_names_are_checked_in_every_branch() -> None:
    definition = parse_definition(
        condition(("a", {"segment": "s"}), ("b", {"tag": {"key": "t", "op": "GT", "values": [1]}}))
    )
    known = KnownNames(segments={"s"}, tags={"t": ValueType.STRING})
    assert [one.field for one in check_definition(definition, known)] == ["definition.condition.values.1.rule.tag.op"]
    assert [one.field for one in check_definition(definition, KnownNames())] == [
        "definition.condition.values.0.rule.segment",
        "definition.condition.values.1.rule.tag",
    ]


def test_an_explanation_shows_every_branch_and_the_events_that_counted() -> None:
    facts = bought({"sku": "a"}, {"sku": "b"})
    branches = parse_definition(condition(("a", city("Bonn")), ("b", {"event": BOUGHT})))
    why = explain_tag(branches, facts, NOW_MS, BERLIN, None)
    assert (why.kind, why.answer, why.value) == ("tag", True, "b")
    assert [(child.kind, child.answer) for child in why.children] == [("attribute", False), ("event", True)]
    first = parse_definition({"firstLast": {**FIRST, "take": "TIME"}})
    assert explain_tag(first, facts, NOW_MS, BERLIN, None).event_ids == ("e0",)
    imported = explain_tag(parse_definition({"imported": {"type": "NUMBER"}}), facts, NOW_MS, BERLIN, 7)
    assert (imported.answer, imported.value) == (True, 7)
    labels = explain_tag(parse_definition({"manual": True}), facts, NOW_MS, BERLIN, ["kind"])
    assert (labels.answer, labels.value) == (True, ["kind"])
    ranked = explain_tag(parse_definition(rfm(scores=True)), facts, NOW_MS, BERLIN, "555")
    assert (ranked.answer, ranked.value, ranked.event_ids) == (True, "555", ("e1", "e0"))


def test_an_imported_value_is_the_one_of_its_own_tag() -> None:
    compiled_tag = compile_tag(parse_definition({"imported": {"type": "NUMBER"}}), "points")
    facts = Facts(given={"points": Given(3, 1, 7), "other": Given(4, 1, 8)})
    assert compiled_tag.value(facts, NOW_MS, BERLIN) == 7
    assert compiled_tag.value(Facts(), NOW_MS, BERLIN) is None


def test_what_depends_on_everybody_is_not_computed_of_one() -> None:
    for document in (rfm(scores=True), shared(*SHARES)):
        definition = parse_definition(document)
        assert is_over_everybody(definition)
        with pytest.raises(ValueError, match="everybody"):
            compile_tag(definition)
    assert not is_over_everybody(parse_definition({"statistical": {"event": SPENT, "layers": LAYERS}}))
