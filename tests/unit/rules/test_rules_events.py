"""Windows and measures: which events count, what is computed over them, and the worked cases."""

from __future__ import annotations

from collections.abc import Mapping
from zoneinfo import ZoneInfo

import pytest

from base.clock import parse_iso_ms
from rules.evaluate import evaluate, explain
from rules.facts import EventHistory, Facts
from rules.parser import parse_rule

UTC = ZoneInfo("UTC")
BERLIN = ZoneInfo("Europe/Berlin")
NOW = "2026-07-01T08:30:00Z"
NOW_MS = parse_iso_ms(NOW)
DAY_MS = 86_400_000


def history(*events: tuple[int | str, Mapping[str, object]]) -> EventHistory:
    times = [(at if isinstance(at, int) else parse_iso_ms(at), props) for at, props in events]
    return EventHistory.of((at, f"e{number}", props) for number, (at, props) in enumerate(times))


def measured(condition: dict[str, object], events: EventHistory, now: str = NOW, zone: ZoneInfo = UTC) -> object:
    rule = parse_rule({"event": {"name": "E", **condition}})
    return explain(rule, Facts(events={"E": events}), parse_iso_ms(now), zone).value


WINDOW_CASES: list[tuple[str, dict[str, object], str, str, ZoneInfo, int]] = [
    ("none-now", {}, NOW, NOW, UTC, 1),
    ("none-future", {}, "2026-07-01T08:30:00.001Z", NOW, UTC, 0),
    ("none-old", {}, "1970-01-01T00:00:00Z", NOW, UTC, 1),
    ("last-now", {"last": "PT10S"}, NOW, NOW, UTC, 1),
    ("last-edge", {"last": "PT10S"}, "2026-07-01T08:29:50.001Z", NOW, UTC, 1),
    ("last-leaves-exactly", {"last": "PT10S"}, "2026-07-01T08:29:50Z", NOW, UTC, 0),
    ("last-future", {"last": "PT10S"}, "2026-07-01T08:30:00.001Z", NOW, UTC, 0),
    ("last-day-is-24-hours", {"last": "P1D"}, "2026-03-28T02:30:00Z", "2026-03-29T02:29:59.999Z", BERLIN, 1),
    ("days-today", {"lastDays": 1}, "2026-07-01T00:00:00Z", NOW, UTC, 1),
    ("days-yesterday", {"lastDays": 1}, "2026-06-30T23:59:59.999Z", NOW, UTC, 0),
    ("days-two", {"lastDays": 2}, "2026-06-30T00:00:00Z", NOW, UTC, 1),
    ("days-zone", {"lastDays": 1}, "2026-06-30T22:00:00Z", NOW, BERLIN, 1),
    ("days-zone-before", {"lastDays": 1}, "2026-06-30T21:59:59.999Z", NOW, BERLIN, 0),
    ("days-later-today", {"lastDays": 1}, "2026-07-01T09:00:00Z", NOW, UTC, 0),
    ("days-short-day", {"lastDays": 1}, "2026-03-28T23:00:00Z", "2026-03-29T21:59:59.999Z", BERLIN, 1),
    ("days-after-short-day", {"lastDays": 1}, "2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z", BERLIN, 0),
    ("days-long-day", {"lastDays": 1}, "2026-10-24T22:00:00Z", "2026-10-25T22:59:59.999Z", BERLIN, 1),
    ("days-after-long-day", {"lastDays": 1}, "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z", BERLIN, 0),
    ("ago-first", {"daysAgo": {"from": 4, "to": 1}}, "2026-06-27T00:00:00Z", NOW, UTC, 1),
    ("ago-before", {"daysAgo": {"from": 4, "to": 1}}, "2026-06-26T23:59:59.999Z", NOW, UTC, 0),
    ("ago-last", {"daysAgo": {"from": 4, "to": 1}}, "2026-06-30T23:59:59.999Z", NOW, UTC, 1),
    ("ago-today", {"daysAgo": {"from": 4, "to": 1}}, "2026-07-01T00:00:00Z", NOW, UTC, 0),
    ("ago-to-today", {"daysAgo": {"from": 1, "to": 0}}, NOW, NOW, UTC, 1),
    ("ago-later-today", {"daysAgo": {"from": 1, "to": 0}}, "2026-07-01T08:30:00.001Z", NOW, UTC, 0),
    ("between-from", {"between": {"from": "2026-06-01", "to": "2026-06-02"}}, "2026-06-01T00:00:00Z", NOW, UTC, 1),
    ("between-to", {"between": {"from": "2026-06-01", "to": "2026-06-02"}}, "2026-06-02T00:00:00Z", NOW, UTC, 0),
    ("between-before", {"between": {"from": "2026-06-01", "to": "2026-06-02"}}, "2026-05-31T00:00:00Z", NOW, UTC, 0),
    ("between-future", {"between": {"from": "2026-06-01", "to": "2027-06-02"}}, "2026-07-02T00:00:00Z", NOW, UTC, 0),
]


@pytest.mark.parametrize(
    ("window", "at", "now", "zone", "count"), [c[1:] for c in WINDOW_CASES], ids=[c[0] for c in WINDOW_CASES]
)
def test_an_event_counts_exactly_inside_the_window(
    window: dict[str, object], at: str, now: str, zone: ZoneInfo, count: int
) -> None:
    assert measured({"window": window or None}, history((at, {})), now, zone) == count


def measure(kind: str, of: str | None = None, **more: object) -> dict[str, object]:
    return {"measure": {"kind": kind, "property": of}, **more}


MIXED = history(
    (1, {"p": 2, "k": "a"}),
    (2, {"p": 2.5, "k": "b"}),
    (3, {"p": "7", "k": "a"}),
    (4, {"p": None, "k": None}),
    (5, {"p": True, "k": True}),
    (6, {"k": 1}),
    (7, {"p": float("nan"), "k": 1.0}),
    (8, {"p": 10**400, "k": ["a"]}),
)
MEASURE_CASES: list[tuple[str, dict[str, object], EventHistory, object]] = [
    ("count", measure("COUNT"), MIXED, 8),
    ("count-nothing", measure("COUNT"), history(), 0),
    ("distinct-days-nothing", measure("DISTINCT_DAYS"), history(), 0),
    ("distinct-nothing", measure("DISTINCT", "k"), history(), 0),
    ("sum-nothing", measure("SUM", "p"), history(), None),
    ("avg-nothing", measure("AVG", "p"), history(), None),
    ("min-nothing", measure("MIN", "p"), history(), None),
    ("max-nothing", measure("MAX", "p"), history(), None),
    ("distinct-boolean-is-no-number", measure("DISTINCT", "k"), MIXED, 4),
    ("sum-passes-over-strays", measure("SUM", "p"), MIXED, 4.5),
    ("avg-of-numbers-only", measure("AVG", "p"), MIXED, 2.25),
    ("min", measure("MIN", "p"), MIXED, 2),
    ("max", measure("MAX", "p"), MIXED, 2.5),
    ("sum-only-strays", measure("SUM", "k", where=[{"name": "k", "op": "EQ", "values": ["a"]}]), MIXED, None),
    ("filter-first", measure("MAX", "p", where=[{"name": "k", "op": "EQ", "values": ["a"]}]), MIXED, 2),
    (
        "all-filters-hold",
        measure("COUNT", where=[{"name": "k", "op": "SET"}, {"name": "p", "op": "GT", "values": [2]}]),
        MIXED,
        1,
    ),
    ("sum-exact", measure("SUM", "p"), history((1, {"p": 1e16}), (2, {"p": 1}), (3, {"p": -1e16})), 1.0),
    ("sum-beyond-double", measure("SUM", "p"), history((1, {"p": 1e308}), (2, {"p": 1e308})), None),
    ("nested", measure("SUM", "a.b"), history((1, {"a": {"b": 3}}), (2, {"a": 1}), (3, {"a.b": 4})), 7),
]


@pytest.mark.parametrize(
    ("condition", "events", "value"), [c[1:] for c in MEASURE_CASES], ids=[c[0] for c in MEASURE_CASES]
)
def test_a_measure_is_what_the_table_says(condition: dict[str, object], events: EventHistory, value: object) -> None:
    assert measured(condition, events) == value


def test_distinct_days_are_days_of_the_zone() -> None:
    events = history(("2026-06-30T21:00:00Z", {}), ("2026-06-30T22:30:00Z", {}), ("2026-06-30T23:59:00Z", {}))
    assert measured(measure("DISTINCT_DAYS"), events, zone=UTC) == 1
    assert measured(measure("DISTINCT_DAYS"), events, zone=BERLIN) == 2


def test_distinct_days_of_visits_on_days_1_2_3_6_are_4() -> None:
    events = history(*((NOW_MS - ago * DAY_MS + part, {}) for ago in (1, 2, 3, 6) for part in (0, 1000)))
    assert measured(measure("DISTINCT_DAYS", window={"lastDays": 7}), events) == 4


def test_did_not_includes_people_without_any_event() -> None:
    never = {"event": {"name": "E", "op": "EQ", "values": [0]}}
    for document in (never, {"not": {"event": {"name": "E"}}}):
        assert evaluate(parse_rule(document), Facts(), NOW_MS, UTC) is True
        assert evaluate(parse_rule(document), Facts(events={"E": history((1, {}))}), NOW_MS, UTC) is False


def test_worked_case_of_any_and_all_finds_p1_p2_p3() -> None:
    def attribute(name: str, value: str) -> dict[str, object]:
        return {"attribute": {"name": name, "op": "EQ", "values": [value]}}

    both = {"all": [attribute("name", "test3"), attribute("email", "t3")]}
    rule = parse_rule({"any": [{"any": [attribute("email", "t1"), attribute("email", "t2")]}, both]})
    people: dict[str, dict[str, object]] = {
        "p1": {"email": "t1"},
        "p2": {"email": "t2"},
        "p3": {"name": "test3", "email": "t3"},
        "p4": {"name": "test3", "email": "t4"},
    }
    found = [key for key, attributes in people.items() if evaluate(rule, Facts(attributes), NOW_MS, UTC)]
    assert found == ["p1", "p2", "p3"]


def test_segments_everyone_and_equal_times() -> None:
    assert evaluate(parse_rule({"segment": "vip"}), Facts(segments={"vip"}), NOW_MS, UTC)
    assert not evaluate(parse_rule({"segment": "vip"}), Facts(segments={"vi"}), NOW_MS, UTC)
    assert evaluate(parse_rule({"everyone": True}), Facts(), NOW_MS, UTC)
    assert measured({}, history((5, {}), (5, {}))) == 2


def test_equal_trees_of_different_types_keep_their_own_meaning() -> None:
    one = parse_rule({"attribute": {"name": "x", "op": "EQ", "values": [1]}})
    yes = parse_rule({"attribute": {"name": "x", "op": "EQ", "values": [True]}})
    assert one == yes
    facts = Facts(attributes={"x": True})
    assert (evaluate(one, facts, NOW_MS, UTC), evaluate(yes, facts, NOW_MS, UTC)) == (False, True)


def test_an_explanation_names_answers_values_and_the_newest_deciding_events() -> None:
    rule = parse_rule(
        {
            "all": [
                {"event": {"name": "E", "values": [3], "where": [{"name": "n", "op": "GTE", "values": [1]}]}},
                {"not": {"attribute": {"name": "age", "op": "LT", "values": [18]}}},
                {"segment": "vip"},
                {"event": {"name": "E", "measure": {"kind": "MAX", "property": "n"}, "values": [99]}},
            ]
        }
    )
    events = history(*((at, {"n": at}) for at in range(30)))
    told = explain(rule, Facts({"age": 30}, {"E": events}, {"x"}), NOW_MS, UTC)
    assert (told.kind, told.answer, told.condition) == ("all", False, None)
    counted, negated, member, largest = told.children
    assert (counted.answer, counted.value, len(counted.event_ids)) == (True, 29, 20)
    assert counted.event_ids[0] == "e29"
    assert counted.event_ids[-1] == "e10"
    assert (negated.kind, negated.answer, negated.children[0].answer, negated.children[0].value) == (
        "not",
        True,
        False,
        30,
    )
    assert (member.answer, member.value, member.condition) == (False, False, {"segment": "vip"})
    assert (largest.answer, largest.value, largest.event_ids) == (False, 29, ("e29",))


def test_a_history_keeps_time_and_id_order_and_an_event_once() -> None:
    events = EventHistory()
    added = [events.insert(at, key, {"n": key}) for at, key in ((5, "b"), (1, "z"), (5, "a"), (9, "c"), (5, "b"))]
    assert added == [True, True, True, True, False]
    assert (list(events.at_ms), events.ids) == ([1, 5, 5, 9], ["z", "a", "b", "c"])
    assert [properties["n"] for properties in events.properties] == events.ids
