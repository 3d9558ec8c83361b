"""Every operator on values: its meaning, the null rule and the stray rule; the tables begin with sentence ids."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from base.clock import parse_iso_ms
from rules.evaluate import evaluate
from rules.facts import EventHistory, Facts
from rules.operators import MEASURE_OPERATORS, RELATIVE_OPERATORS, Operator
from rules.parser import parse_rule

UTC = ZoneInfo("UTC")
NOW = "2026-07-01T08:30:00Z"
NOW_MS = parse_iso_ms(NOW)


def holds(op: str, values: list[object], value: object, now_ms: int = NOW_MS, zone: ZoneInfo = UTC) -> bool:
    rule = parse_rule({"attribute": {"name": "x", "op": op, "values": values}})
    return evaluate(rule, Facts(attributes={"x": value}), now_ms, zone)


MEANINGS: list[tuple[str, str, list[object], object, bool]] = [
    ("eq-text", "EQ", ["Rome"], "Rome", True),
    ("eq-case", "EQ", ["Rome"], "rome", False),
    ("eq-several-is-in", "EQ", ["Rome", "Oslo"], "Oslo", True),
    ("eq-number", "EQ", [1], 1.0, True),
    ("eq-double-not-decimal", "EQ", [0.3], 0.1 + 0.2, False),
    ("eq-exact-integer", "EQ", [2**53 - 1], 2**53, False),
    ("eq-integer-is-double", "EQ", [2**53], 2**53 + 1, True),
    ("eq-minus-zero", "EQ", [0], -0.0, True),
    ("eq-boolean", "EQ", [True], True, True),
    ("eq-boolean-no-number", "EQ", [1], True, False),
    ("eq-number-no-boolean", "EQ", [True], 1, False),
    ("eq-no-normalisation", "EQ", ["\u00e9"], "e\u0301", False),
    ("eq-list-is-stray", "EQ", ["a"], ["a"], False),
    ("ne", "NE", ["Rome"], "Oslo", True),
    ("ne-same", "NE", ["Rome"], "Rome", False),
    ("ne-number-against-text", "NE", ["Rome"], 5, False),
    ("ne-integer-is-double", "NE", [2**53], 2**53 + 1, False),
    ("in", "IN", [1, 2.5], 2.5, True),
    ("not-in", "NOT_IN", [1, 2], 3, True),
    ("not-in-listed", "NOT_IN", [1, 2], 2.0, False),
    ("not-in-stray", "NOT_IN", [1, 2], "3", False),
    ("set", "SET", [], "", True),
    ("set-false-is-a-value", "SET", [], False, True),
    ("set-empty-list", "SET", [], [], True),
    ("set-null", "SET", [], None, False),
    ("not-set-null", "NOT_SET", [], None, True),
    ("not-set-empty", "NOT_SET", [], "", False),
    ("contains", "CONTAINS", ["om"], "Rome", True),
    ("contains-case", "CONTAINS", ["OM"], "Rome", False),
    ("contains-empty", "CONTAINS", [""], "", True),
    ("not-contains", "NOT_CONTAINS", ["x"], "Rome", True),
    ("not-contains-found", "NOT_CONTAINS", ["om"], "Rome", False),
    ("starts", "STARTS_WITH", ["Ro"], "Rome", True),
    ("starts-not", "STARTS_WITH", ["om"], "Rome", False),
    ("ends", "ENDS_WITH", ["me"], "Rome", True),
    ("ends-not", "ENDS_WITH", ["om"], "Rome", False),
    ("matches-anywhere", "MATCHES", ["o.e"], "in Rome", True),
    ("matches-anchored", "MATCHES", ["^o.e$"], "in Rome", False),
    ("matches-case", "MATCHES", ["(?i)ROME"], "in Rome", True),
    ("matches-unicode", "MATCHES", ["^.$"], "中", True),
    ("matches-lone-surrogate", "MATCHES", ["^a.$"], "a\ud800", True),
    ("not-matches", "NOT_MATCHES", ["x"], "Rome", True),
    ("not-matches-found", "NOT_MATCHES", ["R"], "Rome", False),
    ("not-matches-lone-surrogate", "NOT_MATCHES", ["b"], "a\udfff", True),
    ("ieq", "IEQ", ["STRASSE"], "straße", True),
    ("ieq-several", "IEQ", ["a", "b"], "B", True),
    ("ieq-not", "IEQ", ["a"], "c", False),
    ("lt", "LT", [5], 4.9, True),
    ("lt-equal", "LT", [5], 5, False),
    ("lte-equal", "LTE", [5], 5, True),
    ("lte-above", "LTE", [5], 5.1, False),
    ("gt", "GT", [5], 5.1, True),
    ("gt-equal", "GT", [5], 5, False),
    ("gt-text", "GT", [5], "6", False),
    ("gt-boolean", "GT", [0], True, False),
    ("gt-not-finite", "GT", [0], float("inf"), False),
    ("gt-beyond-double", "GT", [0], 10**400, False),
    ("gte-equal", "GTE", [5], 5, True),
    ("gte-below", "GTE", [5], 4.9, False),
    ("between-low-end", "BETWEEN", [1, 3], 1, True),
    ("between-high-end", "BETWEEN", [1, 3], 3.0, True),
    ("between-outside", "BETWEEN", [1, 3], 3.1, False),
    ("between-below", "BETWEEN", [1, 3], 0.9, False),
    ("between-time-low-end", "BETWEEN", ["2026-01-01", "2026-02-01"], "2026-01-01T00:00:00Z", True),
    ("between-time-high-end", "BETWEEN", ["2026-01-01", "2026-02-01"], "2026-02-01T01:00:00+01:00", True),
    ("between-time-past", "BETWEEN", ["2026-01-01", "2026-02-01"], "2026-02-01T00:00:00.001Z", False),
    ("between-time-number", "BETWEEN", ["2026-01-01", "2026-02-01"], 1768000000000, False),
    ("is-true", "IS_TRUE", [], True, True),
    ("is-true-one", "IS_TRUE", [], 1, False),
    ("is-false", "IS_FALSE", [], False, True),
    ("is-false-zero", "IS_FALSE", [], 0, False),
    ("is-false-empty", "IS_FALSE", [], "", False),
    ("has", "HAS", ["a"], ["b", "a"], True),
    ("has-not", "HAS", ["a"], ["b", None, 1, {}], False),
    ("has-number", "HAS", [1], [1.0], True),
    ("has-boolean-no-number", "HAS", [1], [True], False),
    ("has-scalar-is-stray", "HAS", ["a"], "a", False),
    ("has-any", "HAS_ANY", ["a", "z"], ["b", "a"], True),
    ("has-any-not", "HAS_ANY", ["x", "z"], ["b", "a"], False),
    ("has-all", "HAS_ALL", ["a", "b"], ["b", [], "a"], True),
    ("has-all-not", "HAS_ALL", ["a", "c"], ["b", "a"], False),
    ("before", "BEFORE", [NOW], "2026-07-01T08:29:59.999Z", True),
    ("before-equal", "BEFORE", [NOW], NOW, False),
    ("before-offset", "BEFORE", [NOW], "2026-07-01T10:00:00+02:00", True),
    ("before-no-time", "BEFORE", [NOW], "yesterday", False),
    ("after", "AFTER", [NOW], "2026-07-01T08:30:00.001Z", True),
    ("after-equal", "AFTER", [NOW], NOW, False),
    ("within-last-now", "WITHIN_LAST", ["P1D"], NOW, True),
    ("within-last-edge", "WITHIN_LAST", ["P1D"], "2026-06-30T08:30:00.001Z", True),
    ("within-last-left", "WITHIN_LAST", ["P1D"], "2026-06-30T08:30:00Z", False),
    ("within-last-future", "WITHIN_LAST", ["P1D"], "2026-07-01T08:30:00.001Z", False),
    ("within-next-now", "WITHIN_NEXT", ["P1D"], NOW, False),
    ("within-next", "WITHIN_NEXT", ["P1D"], "2026-07-01T08:30:00.001Z", True),
    ("within-next-edge", "WITHIN_NEXT", ["P1D"], "2026-07-02T08:30:00Z", True),
    ("within-next-far", "WITHIN_NEXT", ["P1D"], "2026-07-02T08:30:00.001Z", False),
    ("more-than-ago-edge", "MORE_THAN_AGO", ["P1D"], "2026-06-30T08:30:00Z", True),
    ("more-than-ago-not", "MORE_THAN_AGO", ["P1D"], "2026-06-30T08:30:00.001Z", False),
    ("anniversary-today", "ANNIVERSARY_WITHIN_NEXT", ["P1D"], "1990-07-01", True),
    ("anniversary-tomorrow", "ANNIVERSARY_WITHIN_NEXT", ["P1D"], "1990-07-02", False),
    ("anniversary-last-day", "ANNIVERSARY_WITHIN_NEXT", ["P7D"], "1990-07-07", True),
    ("anniversary-too-far", "ANNIVERSARY_WITHIN_NEXT", ["P1W"], "1990-07-08", False),
    ("anniversary-yesterday", "ANNIVERSARY_WITHIN_NEXT", ["P364D"], "1990-06-30", False),
    ("anniversary-next-year", "ANNIVERSARY_WITHIN_NEXT", ["P200D"], "1990-01-01", True),
    ("anniversary-not-yet-born", "ANNIVERSARY_WITHIN_NEXT", ["P7D"], "2030-07-02", False),
    ("anniversary-no-date", "ANNIVERSARY_WITHIN_NEXT", ["P7D"], "07-02", False),
]


@pytest.mark.parametrize(("op", "values", "value", "answer"), [c[1:] for c in MEANINGS], ids=[c[0] for c in MEANINGS])
def test_an_operator_means_what_the_table_says(op: str, values: list[object], value: object, answer: bool) -> None:
    assert holds(op, values, value) is answer


SAMPLES: dict[Operator, list[object]] = {op: ["a"] for op in Operator}
SAMPLES |= {op: [] for op in (Operator.SET, Operator.NOT_SET, Operator.IS_TRUE, Operator.IS_FALSE)}
SAMPLES |= {op: [1] for op in (Operator.LT, Operator.LTE, Operator.GT, Operator.GTE)}
SAMPLES |= {Operator.BETWEEN: [1, 2], Operator.BEFORE: [NOW], Operator.AFTER: [NOW]}
SAMPLES |= {op: ["P7D"] for op in RELATIVE_OPERATORS}
# Of no operator's type but for presence: objects, not finite numbers, foreign objects, nested lists.
STRAYS: list[object] = [{}, {"a": 1}, float("nan"), float("-inf"), 10**400, b"a", object(), [["a"]], [None], ("a",)]


@pytest.mark.parametrize("op", list(Operator))
def test_a_missing_value_satisfies_only_not_set(op: Operator) -> None:
    assert holds(op, SAMPLES[op], None) is (op is Operator.NOT_SET)


@pytest.mark.parametrize("op", [op for op in Operator if op not in (Operator.SET, Operator.NOT_SET)])
@pytest.mark.parametrize("stray", STRAYS, ids=repr)
def test_a_value_of_another_type_is_false_for_negative_operators_too(op: Operator, stray: object) -> None:
    assert holds(op, SAMPLES[op], stray) is False


@pytest.mark.parametrize("op", [Operator.NE, Operator.NOT_IN, Operator.NOT_CONTAINS, Operator.NOT_MATCHES])
def test_negative_operators_are_false_without_a_value_and_not_is_the_plain_complement(op: Operator) -> None:
    negated = parse_rule({"not": {"attribute": {"name": "x", "op": op, "values": ["a"]}}})
    assert evaluate(negated, Facts(), NOW_MS, UTC) is True


@pytest.mark.parametrize("op", [op for op in Operator if op not in RELATIVE_OPERATORS])
@pytest.mark.parametrize("value", [None, "a", 1, True, ["a"], NOW, *STRAYS[:4]], ids=repr)
def test_a_property_condition_reads_like_an_attribute_condition(op: Operator, value: object) -> None:
    rule = parse_rule({"event": {"name": "E", "where": [{"name": "x", "op": op, "values": SAMPLES[op]}]}})
    history = EventHistory.of([(NOW_MS, "e", {"x": value})])
    assert evaluate(rule, Facts(events={"E": history}), NOW_MS, UTC) is holds(op, SAMPLES[op], value)


@pytest.mark.parametrize(("op", "values", "value", "answer"), [c[1:] for c in MEANINGS], ids=[c[0] for c in MEANINGS])
def test_a_tag_condition_reads_like_an_attribute_condition(
    op: str, values: list[object], value: object, answer: bool
) -> None:
    rule = parse_rule({"tag": {"key": "a.b", "op": op, "values": values}})
    assert evaluate(rule, Facts(tags={"a.b": value}), NOW_MS, UTC) is answer
    assert evaluate(rule, Facts({"a.b": value}, tags={"a": {"b": value}}), NOW_MS, UTC) is (op == "NOT_SET")


@pytest.mark.parametrize("op", sorted(MEASURE_OPERATORS))
def test_a_measure_without_value_satisfies_no_operator(op: str) -> None:
    values = [0, 10] if op == "BETWEEN" else [0]
    measure = {"kind": "SUM", "property": "p"}
    rule = parse_rule({"event": {"name": "E", "measure": measure, "op": op, "values": values}})
    assert evaluate(rule, Facts(), NOW_MS, UTC) is False


def test_an_anniversary_is_the_day_in_the_zone_for_instants_and_the_same_day_everywhere_for_dates() -> None:
    tokyo = ZoneInfo("Asia/Tokyo")
    now_ms = parse_iso_ms("2026-07-01T16:00:00Z")  # 2 July in Tokyo
    assert holds("ANNIVERSARY_WITHIN_NEXT", ["P1D"], "1990-07-02", now_ms, tokyo)
    assert holds("ANNIVERSARY_WITHIN_NEXT", ["P1D"], "1990-07-01T15:30:00Z", now_ms, tokyo)
    assert not holds("ANNIVERSARY_WITHIN_NEXT", ["P1D"], "1990-07-01", now_ms, tokyo)


def test_29_february_is_celebrated_on_the_28th_in_common_years() -> None:
    assert holds("ANNIVERSARY_WITHIN_NEXT", ["P1D"], "2000-02-29", parse_iso_ms("2026-02-28T10:00:00Z"))
    assert not holds("ANNIVERSARY_WITHIN_NEXT", ["P1D"], "2000-02-29", parse_iso_ms("2028-02-28T10:00:00Z"))
    assert holds("ANNIVERSARY_WITHIN_NEXT", ["P1D"], "2000-02-29", parse_iso_ms("2028-02-29T10:00:00Z"))


def test_dotted_names_reach_into_objects_and_a_key_with_a_dot_comes_first() -> None:
    rule = parse_rule({"attribute": {"name": "address.city", "op": "EQ", "values": ["Rome"]}})
    for attributes, answer in (
        ({"address": {"city": "Rome"}}, True),
        ({"address.city": "Rome"}, True),
        ({"address.city": "Oslo", "address": {"city": "Rome"}}, False),
        ({"address.city": None, "address": {"city": "Rome"}}, True),
        ({"address": "Rome"}, False),
        ({"address": None}, False),
    ):
        assert evaluate(rule, Facts(attributes=attributes), NOW_MS, UTC) is answer, attributes
