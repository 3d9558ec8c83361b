"""Documents to trees and back; every refusal names its place and says what to do."""

from __future__ import annotations

import json
from typing import Any

import pytest

from base.errors import BadInput
from rules.durations import BadDuration, format_duration, parse_duration_ms
from rules.operators import MeasureKind, Operator
from rules.parser import parse_rule, print_rule
from rules.tree import All, AttributeLeaf, Between, DaysAgo, EventLeaf, Last, LastDays, Measure, PropertyCondition

DOCUMENTS: list[tuple[str, dict[str, Any]]] = [
    ("everyone", {"everyone": True}),
    ("segment", {"segment": "vip"}),
    ("attribute", {"attribute": {"name": "age", "op": "GTE", "values": [18]}}),
    ("set", {"attribute": {"name": "age", "op": "SET", "values": []}}),
    ("nested", {"all": [{"any": [{"segment": "a"}, {"not": {"segment": "b"}}]}, {"everyone": True}]}),
    ("tag", {"tag": {"key": "tier", "op": "IN", "values": ["gold", "silver"]}}),
    ("event", {"event": {"name": "E", "op": "GTE", "values": [1]}}),
    ("last", {"event": {"name": "E", "op": "EQ", "values": [0], "window": {"last": "P30DT1.5S"}}}),
    ("last-days", {"event": {"name": "E", "op": "EQ", "values": [0], "window": {"lastDays": 7}}}),
    ("days-ago", {"event": {"name": "E", "op": "EQ", "values": [0], "window": {"daysAgo": {"from": 4, "to": 1}}}}),
    (
        "sequence",
        {
            "sequence": {
                "steps": [
                    {"event": "A", "where": [{"name": "x", "op": "EQ", "values": [True]}]},
                    {"event": "B", "not": True},
                    {"event": "A"},
                ],
                "within": "PT1H",
                "window": {"lastDays": 7},
            }
        },
    ),
    ("sequence-plain", {"sequence": {"steps": [{"event": "A"}, {"event": "B"}], "within": "P1DT1S"}}),
    ("first-time", {"habit": {"kind": "FIRST_TIME", "name": "E", "window": {"daysAgo": {"from": 4, "to": 1}}}}),
    (
        "stopped",
        {
            "habit": {
                "kind": "STOPPED",
                "name": "E",
                "where": [{"name": "x", "op": "GT", "values": [1.5]}],
                "window": {"last": "P30D"},
                "recent": {"last": "P7D"},
            }
        },
    ),
    (
        "restarted",
        {"habit": {"kind": "RESTARTED", "name": "E", "window": {"lastDays": 30}, "recent": {"lastDays": 7}}},
    ),
    (
        "regularly",
        {
            "habit": {
                "kind": "REGULARLY",
                "name": "E",
                "periods": {"days": 7, "last": 4, "atLeast": 3, "times": 2},
            }
        },
    ),
    (
        "between-and-where",
        {
            "event": {
                "name": "E",
                "where": [{"name": "a.b", "op": "IN", "values": ["x", "y"]}],
                "measure": {"kind": "SUM", "property": "p"},
                "op": "BETWEEN",
                "values": [1, 2.5],
                "window": {"between": {"from": "2026-01-01T00:00:00.000Z", "to": "2026-02-01T00:00:00.001Z"}},
            }
        },
    ),
]


@pytest.mark.parametrize("document", [d for _, d in DOCUMENTS], ids=[i for i, _ in DOCUMENTS])
def test_a_canonical_document_survives_parsing_and_printing(document: dict[str, Any]) -> None:
    assert json.dumps(print_rule(parse_rule(document))) == json.dumps(document)


def test_defaults_are_count_at_least_one_over_all_time_and_nulls_are_absent() -> None:
    plain = EventLeaf("E", (), Measure(MeasureKind.COUNT), Operator.GTE, (1,), None)
    assert parse_rule({"event": {"name": "E"}}) == plain
    nulls = {"name": "E", "where": None, "measure": None, "op": None, "values": None, "window": None}
    assert parse_rule({"event": nulls, "all": None}) == plain


def test_every_window_and_condition_becomes_its_node() -> None:
    def window(document: object) -> object:
        rule = parse_rule({"event": {"name": "E", "window": document}})
        assert isinstance(rule, EventLeaf)
        return rule.window

    assert window({"last": "PT10S"}) == Last(10_000)
    assert window({"lastDays": 1}) == LastDays(1)
    assert window({"daysAgo": {"from": 1, "to": 1}}) == DaysAgo(1, 1)
    assert window({"between": {"from": "1970-01-01", "to": "1970-01-01T01:00:01+01:00"}}) == Between(0, 1_000)
    where = [{"name": "p", "op": "SET"}]
    assert parse_rule({"all": [{"event": {"name": "E", "where": where}}]}) == All(
        (EventLeaf("E", (PropertyCondition("p", Operator.SET),)),)
    )


def attribute(op: str, *values: object) -> dict[str, object]:
    return {"attribute": {"name": "x", "op": op, "values": list(values)}}


def event(**more: object) -> dict[str, object]:
    return {"event": {"name": "E", **more}}


def sequence(*steps: object, **more: object) -> dict[str, object]:
    return {"sequence": {"steps": list(steps), "within": "PT1H", **more}}


STEP = {"event": "A"}
NOT = {"event": "N", "not": True}


def habit(kind: str, **more: object) -> dict[str, object]:
    return {"habit": {"kind": kind, "name": "E", **more}}


def periods(**more: object) -> dict[str, object]:
    return habit("REGULARLY", periods={"days": 7, "last": 4, "atLeast": 3, **more})


WEEK = {"lastDays": 7}


def deep(levels: int) -> dict[str, Any]:
    document: dict[str, Any] = {"everyone": True}
    for _ in range(levels - 1):
        document = {"not": document}
    return document


LEAF = {"segment": "a"}
FAULTS: list[tuple[str, object, str, str]] = [
    ("no-object", [], "rule", "object"),
    ("no-kind", {}, "rule", "Exactly one"),
    ("two-kinds", {"segment": "a", "everyone": True}, "rule", "Exactly one"),
    ("unknown-kind", {"xor": []}, "rule", "not known"),
    ("not-everyone", {"everyone": False}, "rule.everyone", "Only true"),
    ("empty-all", {"all": []}, "rule.all", "empty"),
    ("empty-any", {"not": {"any": []}}, "rule.not.any", "empty"),
    ("null-child", {"all": [None]}, "rule.all.0", "object"),
    ("not-a-list", {"all": {"segment": "a"}}, "rule.all", "list"),
    ("unknown-operator", attribute("LIKE", "a"), "rule.attribute.op", "no such name"),
    ("operator-no-text", {"attribute": {"name": "x", "op": 1}}, "rule.attribute.op", "no such name"),
    ("no-operator", {"attribute": {"name": "x"}}, "rule.attribute.op", "no such name"),
    ("no-name", {"attribute": {"op": "SET"}}, "rule.attribute.name", "text"),
    ("empty-name", {"attribute": {"name": "", "op": "SET"}}, "rule.attribute.name", "1 to 200"),
    ("long-name", {"attribute": {"name": "x" * 201, "op": "SET"}}, "rule.attribute.name", "1 to 200"),
    ("tag-name-for-key", {"tag": {"name": "t", "op": "SET"}}, "rule.tag", "not known"),
    ("tag-no-key", {"tag": {"op": "SET"}}, "rule.tag.key", "text"),
    ("tag-empty-key", {"tag": {"key": "", "op": "SET"}}, "rule.tag.key", "1 to 200"),
    ("tag-values", {"tag": {"key": "t", "op": "HAS_ANY"}}, "rule.tag.values", "1 to 1,000 values"),
    ("surrogate-name", {"segment": "a\ud800"}, "rule.segment", "Unicode"),
    ("surrogate-value", attribute("EQ", "\udfff"), "rule.attribute.values.0", "Unicode"),
    ("extra-key", {"attribute": {"name": "x", "op": "SET", "value": 1}}, "rule.attribute", "not known"),
    ("too-few", attribute("EQ"), "rule.attribute.values", "1 to 1,000 values"),
    ("too-many", attribute("NE", "a", "b"), "rule.attribute.values", "one value"),
    ("none-wanted", attribute("SET", "a"), "rule.attribute.values", "no values"),
    ("two-wanted", attribute("BETWEEN", 1), "rule.attribute.values", "two values"),
    ("values-1001", attribute("IN", *range(1001)), "rule.attribute.values", "At most 1,000"),
    ("null-value", attribute("EQ", None), "rule.attribute.values.0", "text, a number or a boolean"),
    ("list-value", attribute("HAS", ["a"]), "rule.attribute.values.0", "text, a number or a boolean"),
    ("mixed", attribute("IN", 1, "a"), "rule.attribute.values", "different types"),
    ("mixed-boolean", attribute("HAS_ANY", 1, True), "rule.attribute.values", "different types"),
    ("long-text", attribute("EQ", "x" * 1001), "rule.attribute.values.0", "1000 characters"),
    ("inexact-integer", attribute("EQ", 2**53 + 1), "rule.attribute.values.0", "2^53"),
    ("not-finite", attribute("EQ", float("nan")), "rule.attribute.values.0", "finite"),
    ("text-for-number", attribute("GT", "2026-01-01"), "rule.attribute.values.0", "number"),
    ("boolean-for-number", attribute("GT", True), "rule.attribute.values.0", "number"),
    ("number-for-text", attribute("CONTAINS", 1), "rule.attribute.values.0", "text"),
    ("number-for-time", attribute("BEFORE", 1), "rule.attribute.values.0", "time"),
    ("between-text", attribute("BETWEEN", "a", "b"), "rule.attribute.values.0", "neither"),
    ("between-mixed", attribute("BETWEEN", 1, "2026-01-01"), "rule.attribute.values", "different types"),
    ("between-descending", attribute("BETWEEN", 2, 1), "rule.attribute.values", "above"),
    ("between-times-descending", attribute("BETWEEN", "2026-02-01", "2026-01-01"), "rule.attribute.values", "above"),
    ("bad-pattern", attribute("MATCHES", "("), "rule.attribute.values.0", "cannot be used"),
    ("back-reference", attribute("MATCHES", r"(a)\1"), "rule.attribute.values.0", "cannot be used"),
    ("huge-pattern", attribute("NOT_MATCHES", "((a{99}){99}){9}"), "rule.attribute.values.0", "cannot be used"),
    ("long-pattern", attribute("MATCHES", "a" * 201), "rule.attribute.values.0", "200 characters"),
    ("month", attribute("WITHIN_LAST", "P1M"), "rule.attribute.values.0", "no fixed length"),
    ("no-duration", attribute("WITHIN_NEXT", "1 day"), "rule.attribute.values.0", "duration"),
    ("number-duration", attribute("MORE_THAN_AGO", 5), "rule.attribute.values.0", "duration"),
    ("anniversary-hours", attribute("ANNIVERSARY_WITHIN_NEXT", "PT5H"), "rule.attribute.values.0", "whole days"),
    ("anniversary-far", attribute("ANNIVERSARY_WITHIN_NEXT", "P367D"), "rule.attribute.values.0", "whole days"),
    ("window-year", event(window={"last": "P1Y"}), "rule.event.window.last", "no fixed length"),
    ("window-zero", event(window={"last": "PT0S"}), "rule.event.window.last", "zero"),
    ("window-century", event(window={"last": "P36526D"}), "rule.event.window.last", "at most 36525"),
    ("window-two", event(window={"last": "P1D", "lastDays": 1}), "rule.event.window", "Exactly one"),
    ("days-zero", event(window={"lastDays": 0}), "rule.event.window.lastDays", "1 (today)"),
    ("days-boolean", event(window={"lastDays": True}), "rule.event.window.lastDays", "whole number"),
    ("ago-reversed", event(window={"daysAgo": {"from": 1, "to": 2}}), "rule.event.window.daysAgo", "older"),
    ("ago-negative", event(window={"daysAgo": {"from": 1, "to": -1}}), "rule.event.window.daysAgo", "older"),
    ("ago-missing", event(window={"daysAgo": {"from": 1}}), "rule.event.window.daysAgo.to", "whole number"),
    (
        "between-empty",
        event(window={"between": {"from": "2026-01-01", "to": "2026-01-01"}}),
        "rule.event.window.between",
        "end",
    ),
    (
        "between-no-time",
        event(window={"between": {"from": "soon", "to": "2026-01-01"}}),
        "rule.event.window.between.from",
        "time",
    ),
    ("sum-of-nothing", event(measure={"kind": "SUM"}), "rule.event.measure.property", "needs a property"),
    (
        "count-of-property",
        event(measure={"kind": "COUNT", "property": "p"}),
        "rule.event.measure.property",
        "no property",
    ),
    ("measure-operator", event(op="CONTAINS", values=["a"]), "rule.event.op", "number"),
    ("measure-text", event(op="EQ", values=["a"]), "rule.event.values.0", "number"),
    ("measure-times", event(op="BETWEEN", values=["2026-01-01", "2026-02-01"]), "rule.event.values.0", "number"),
    (
        "relative-property",
        event(where=[{"name": "p", "op": "WITHIN_LAST", "values": ["P1D"]}]),
        "rule.event.where.0.op",
        "time",
    ),
    (
        "bad-property",
        event(where=[{"name": "p", "op": "SET"}, {"name": "q", "op": "EQ"}]),
        "rule.event.where.1.values",
        "values",
    ),
    ("where-21", event(where=[{"name": "p", "op": "SET"}] * 21), "rule.event.where", "At most 20"),
    ("no-steps", {"sequence": {"within": "PT1H"}}, "rule.sequence.steps", "list"),
    ("one-step", sequence(STEP), "rule.sequence.steps", "2 to 10 steps"),
    ("one-step-and-a-not", sequence(STEP, NOT), "rule.sequence.steps", "2 to 10 steps"),
    ("steps-11", sequence(*[STEP] * 11), "rule.sequence.steps", "2 to 10 steps"),
    ("steps-20", sequence(*[STEP, NOT] * 10), "rule.sequence.steps", "At most 19"),
    ("not-first", sequence(NOT, STEP, STEP), "rule.sequence.steps.0.not", "between two steps"),
    ("not-last", sequence(STEP, STEP, NOT), "rule.sequence.steps.2.not", "between two steps"),
    ("not-twice", sequence(STEP, NOT, NOT, STEP), "rule.sequence.steps.1.not", "between two steps"),
    ("not-no-boolean", sequence(STEP, {"event": "N", "not": 1}, STEP), "rule.sequence.steps.1.not", "true or false"),
    ("step-no-event", sequence(STEP, {}), "rule.sequence.steps.1.event", "text"),
    ("step-with-a-name", sequence(STEP, {"name": "A"}), "rule.sequence.steps.1", "not known"),
    ("step-empty-event", sequence({"event": ""}, STEP), "rule.sequence.steps.0.event", "1 to 200"),
    (
        "step-bad-where",
        sequence(STEP, {"event": "A", "where": [{"name": "p", "op": "EQ"}]}),
        "rule.sequence.steps.1.where.0.values",
        "values",
    ),
    ("no-within", {"sequence": {"steps": [STEP, STEP]}}, "rule.sequence.within", "text"),
    ("within-month", sequence(STEP, STEP, within="P1M"), "rule.sequence.within", "no fixed length"),
    ("within-century", sequence(STEP, STEP, within="P36526D"), "rule.sequence.within", "at most 36525"),
    ("sequence-window", sequence(STEP, STEP, window={"lastDays": 0}), "rule.sequence.window.lastDays", "1 (today)"),
    (
        "steps-are-conditions",
        {"any": [sequence(*[STEP] * 10)] * 20 + [LEAF]},
        "rule.any.20.segment",
        "200 conditions",
    ),
    ("habit-unheard-of", habit("OFTEN"), "rule.habit.kind", "no such name"),
    ("habit-no-name", {"habit": {"kind": "FIRST_TIME", "window": WEEK}}, "rule.habit.name", "text"),
    ("habit-long-name", habit("FIRST_TIME", window=WEEK, name="x" * 201), "rule.habit.name", "1 to 200"),
    (
        "habit-bad-where",
        habit("FIRST_TIME", window=WEEK, where=[{"name": "p", "op": "EQ"}]),
        "rule.habit.where.0.values",
        "values",
    ),
    ("first-time-no-window", habit("FIRST_TIME"), "rule.habit.window", "takes window"),
    ("first-time-recent", habit("FIRST_TIME", window=WEEK, recent=WEEK), "rule.habit.recent", "takes window"),
    ("first-time-bad-window", habit("FIRST_TIME", window={"lastDays": 0}), "rule.habit.window.lastDays", "1 (today)"),
    ("stopped-no-recent", habit("STOPPED", window=WEEK), "rule.habit.recent", "takes window and recent"),
    ("stopped-equal", habit("STOPPED", window=WEEK, recent=WEEK), "rule.habit.recent", "shorter"),
    (
        "stopped-longer",
        habit("STOPPED", window={"last": "P1D"}, recent={"last": "P2D"}),
        "rule.habit.recent",
        "shorter",
    ),
    ("restarted-mixed", habit("RESTARTED", window=WEEK, recent={"last": "P1D"}), "rule.habit.recent", "same kind"),
    (
        "restarted-ago",
        habit("RESTARTED", window=WEEK, recent={"daysAgo": {"from": 1, "to": 0}}),
        "rule.habit.recent",
        "same kind",
    ),
    (
        "restarted-bad-recent",
        habit("RESTARTED", window=WEEK, recent={"lastDays": 0}),
        "rule.habit.recent.lastDays",
        "1 (today)",
    ),
    ("regularly-no-periods", habit("REGULARLY"), "rule.habit.periods", "takes periods"),
    ("regularly-window", habit("REGULARLY", window=WEEK), "rule.habit.window", "takes periods"),
    ("periods-101", periods(last=101), "rule.habit.periods.last", "1 to 100"),
    ("periods-none", periods(last=0), "rule.habit.periods.last", "1 to 100"),
    ("periods-no-days", periods(days=0), "rule.habit.periods.days", "1 to 36525"),
    ("periods-century", periods(days=9132), "rule.habit.periods.days", "1 to 36525"),
    ("periods-more-than-there-are", periods(atLeast=5), "rule.habit.periods.atLeast", "number of periods"),
    ("periods-at-least-none", periods(atLeast=0), "rule.habit.periods.atLeast", "number of periods"),
    ("periods-no-times", periods(times=0), "rule.habit.periods.times", "1 or more"),
    ("periods-half", periods(days=3.5), "rule.habit.periods.days", "whole number"),
    ("periods-missing", habit("REGULARLY", periods={"days": 7, "last": 4}), "rule.habit.periods.atLeast", "whole"),
    ("depth-11", deep(11), "rule" + ".not" * 10, "10 levels"),
    ("depth-1000", deep(1000), "rule" + ".not" * 10, "10 levels"),
    (
        "leaves-201",
        {"any": [{"all": [LEAF] * 100}, {"all": [LEAF] * 101}]},
        "rule.any.1.all.100.segment",
        "200 conditions",
    ),
]


@pytest.mark.parametrize(("document", "field", "part"), [c[1:] for c in FAULTS], ids=[c[0] for c in FAULTS])
def test_a_fault_is_refused_with_its_place(document: object, field: str, part: str) -> None:
    with pytest.raises(BadInput) as caught:
        parse_rule(document)
    assert (caught.value.field, part in caught.value.message) == (field, True), caught.value.message


def test_the_path_begins_where_the_caller_says() -> None:
    with pytest.raises(BadInput) as caught:
        parse_rule({"all": [attribute("EQ")]}, field="input.rule")
    assert caught.value.field == "input.rule.all.0.attribute.values"


def test_limits_themselves_are_allowed() -> None:
    parse_rule(deep(10))
    parse_rule({"any": [{"all": [LEAF] * 100}, {"all": [LEAF] * 100}]})
    parse_rule(attribute("IN", *range(1000)))
    parse_rule({"any": [sequence(*[STEP] * 10)] * 20})
    parse_rule(periods(days=365, last=100, atLeast=100, times=10**6))
    parse_rule(sequence(*[STEP, NOT] * 9, STEP, within="P36525D"))
    parse_rule(attribute("MATCHES", "a" * 200))
    parse_rule(attribute("EQ", 2**53, -(2**53)))
    assert isinstance(parse_rule({"attribute": {"name": "x" * 200, "op": "SET"}}), AttributeLeaf)


@pytest.mark.parametrize(
    ("text", "length_ms"),
    [
        ("P30D", 2_592_000_000),
        ("P2W", 1_209_600_000),
        ("P1W1DT1H1M1S", 694_861_000),
        ("PT0.5S", 500),
        ("PT0,001S", 1),
        ("PT1.120000S", 1_120),
        ("PT36H", 129_600_000),
        ("P0DT1S", 1_000),
    ],
)
def test_a_duration_has_a_length_and_prints_back(text: str, length_ms: int) -> None:
    assert parse_duration_ms(text) == length_ms
    assert parse_duration_ms(format_duration(length_ms)) == length_ms


@pytest.mark.parametrize(
    "text",
    [
        "",
        "P",
        "PT",
        "P1DT",
        "1D",
        "P1D2W",
        "P-1D",
        "-P1D",
        "PT1.S",
        "PT0.0001S",
        "P1Y",
        "P1M",
        "P1.5D",
        "pt1s",
        "P١D",
        "P1D\n",
    ],
)
def test_what_has_no_fixed_positive_length_is_no_duration(text: str) -> None:
    with pytest.raises(BadDuration):
        parse_duration_ms(text)
