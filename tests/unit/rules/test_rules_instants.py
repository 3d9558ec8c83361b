"""When answers change: boundaries, transitions and sweeps, on the worked cases."""

from __future__ import annotations

from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest

from base.clock import MIN_MS, parse_iso_ms
from rules import instants
from rules.compiled import compiled
from rules.facts import EventHistory, Facts
from rules.instants import AttributeRange, EventRange, TagRange, Transition, boundaries, sweep_ranges, transitions
from rules.parser import parse_rule

UTC = ZoneInfo("UTC")
BERLIN = ZoneInfo("Europe/Berlin")
TWICE = parse_rule({"event": {"name": "Bought", "values": [2], "window": {"last": "PT10S"}}})


def facts(*times_ms: int) -> Facts:
    return Facts(events={"Bought": EventHistory.of((at, f"e{at}", {}) for at in times_ms)})


def ms(text: str) -> int:
    return parse_iso_ms(text)


def test_bought_twice_in_ten_seconds_enters_at_4_s_and_leaves_at_10_s() -> None:
    assert transitions(TWICE, facts(0, 4_000), False, -1, 60_000, UTC) == [
        Transition(4_000, True),
        Transition(10_000, False),
    ]
    assert transitions(TWICE, facts(0, 4_000), True, 4_000, 9_999, UTC) == []


def test_a_difference_without_any_boundary_shows_at_until() -> None:
    assert transitions(TWICE, facts(0, 4_000), False, 4_000, 5_000, UTC) == [Transition(5_000, True)]


def test_one_new_event_costs_one_evaluation(monkeypatch: pytest.MonkeyPatch) -> None:
    evaluated: list[int] = []
    real = compiled(TWICE)

    def counting(given: Facts, now_ms: int, zone: ZoneInfo) -> bool:
        evaluated.append(now_ms)
        return real.holds(given, now_ms, zone)

    node = replace(real, holds=counting)
    monkeypatch.setattr(instants, "compiled", lambda _: node)
    assert transitions(TWICE, facts(0, 4_000), False, 3_000, 4_500, UTC) == [Transition(4_000, True)]
    assert evaluated == [4_000]


def test_boundaries_are_entries_and_exits_of_events_that_pass_the_filter() -> None:
    rule = parse_rule({"event": {"name": "E", "where": [{"name": "p", "op": "IS_TRUE"}], "window": {"last": "PT10S"}}})
    history = EventHistory.of([(0, "a", {"p": True}), (1, "b", {"p": False}), (2, "c", {"p": True})])
    assert boundaries(rule, Facts(events={"E": history}), 0, 10_002, UTC) == [2, 10_000, 10_002]
    assert boundaries(rule, Facts(events={"E": history}), 2, 10_001, UTC) == [10_000]


def test_an_interval_that_has_not_begun_yet_is_entered_by_the_events_themselves() -> None:
    rule = parse_rule(
        {"event": {"name": "Bought", "window": {"between": {"from": "1970-01-01", "to": "1970-01-01T00:00:05Z"}}}}
    )
    assert boundaries(rule, facts(0, 4_999, 5_000), -1, 10_000, UTC) == [0, 4_999]
    assert sweep_ranges(rule, -1, 10_000, UTC) == []


def test_calendar_windows_change_at_midnights_of_the_zone() -> None:
    event = facts(ms("2026-03-28T12:00:00Z"))
    today = parse_rule({"event": {"name": "Bought", "window": {"lastDays": 1}}})
    ago = parse_rule({"event": {"name": "Bought", "window": {"daysAgo": {"from": 2, "to": 1}}}})
    after, until = ms("2026-03-28T11:00:00Z"), ms("2026-04-10T00:00:00Z")
    assert transitions(today, event, False, after, until, BERLIN) == [
        Transition(ms("2026-03-28T12:00:00Z"), True),
        Transition(ms("2026-03-28T23:00:00Z"), False),
    ]
    assert transitions(ago, event, False, after, until, BERLIN) == [
        Transition(ms("2026-03-28T23:00:00Z"), True),
        Transition(ms("2026-03-30T22:00:00Z"), False),
    ]


def test_a_sweep_asks_for_events_that_leave_by_time() -> None:
    assert sweep_ranges(TWICE, 20_000, 21_000, UTC) == [EventRange("Bought", 10_000, 11_000)]
    calendar = parse_rule({"event": {"name": "E", "window": {"lastDays": 2}}})
    midnight = ms("2026-07-03T00:00:00Z")
    assert sweep_ranges(calendar, midnight - 1_000, midnight - 1, UTC) == []
    assert sweep_ranges(calendar, midnight - 1, midnight, UTC) == [
        EventRange("E", ms("2026-07-01T00:00:00Z") - 1, ms("2026-07-02T00:00:00Z") - 1)
    ]


def test_ranges_that_touch_become_one() -> None:
    rule = parse_rule({"any": [{"event": {"name": "E", "window": {"last": f"PT{n}S"}}} for n in (10, 11, 13)]})
    assert sweep_ranges(rule, 20_000, 21_000, UTC) == [EventRange("E", 7_000, 8_000), EventRange("E", 9_000, 11_000)]


def test_relative_attributes_are_swept_at_each_instant_at_which_they_turn() -> None:
    def swept(op: str) -> object:
        rule = parse_rule({"attribute": {"name": "t", "op": op, "values": ["PT10S"]}})
        return [(each.from_ms, each.to_ms) for each in sweep_ranges(rule, 20_000, 21_000, UTC)]

    assert swept("WITHIN_LAST") == [(10_000, 11_000), (20_000, 21_000)]
    assert swept("WITHIN_NEXT") == [(20_000, 21_000), (30_000, 31_000)]
    assert swept("MORE_THAN_AGO") == [(10_000, 11_000)]


def test_relative_tags_turn_and_are_swept_as_attributes_are() -> None:
    rule = parse_rule({"tag": {"key": "due", "op": "WITHIN_LAST", "values": ["PT10S"]}})
    assert sweep_ranges(rule, 20_000, 21_000, UTC) == [TagRange("due", 10_000, 11_000), TagRange("due", 20_000, 21_000)]
    due = Facts(tags={"due": "1970-01-01T00:00:10.500Z"})
    assert boundaries(rule, due, 0, 60_000, UTC) == [10_500, 20_500]
    assert boundaries(rule, Facts({"due": "1970-01-01T00:00:10.500Z"}), 0, 60_000, UTC) == []


def test_birthdays_are_swept_at_midnight_for_the_days_that_come_and_go() -> None:
    rule = parse_rule({"attribute": {"name": "born", "op": "ANNIVERSARY_WITHIN_NEXT", "values": ["P7D"]}})
    midnight = ms("2026-07-02T00:00:00Z")
    assert sweep_ranges(rule, midnight - 60_000, midnight - 1, UTC) == []
    ranges = sweep_ranges(rule, midnight - 1, midnight, UTC)
    assert AttributeRange("born", ms("1990-07-01") - 1, ms("1990-07-02") - 1) in ranges
    assert AttributeRange("born", ms("1990-07-08") - 1, ms("1990-07-09") - 1) in ranges
    assert ranges[0] == AttributeRange("born", MIN_MS - 1, ms("1900-01-01") - 1)
    born = Facts(attributes={"born": "1990-07-08"})
    assert transitions(rule, born, False, midnight - 1, ms("2026-12-31"), UTC) == [
        Transition(midnight, True),
        Transition(ms("2026-07-09T00:00:00Z"), False),
    ]


def test_nothing_happens_in_an_empty_interval_or_without_facts() -> None:
    assert boundaries(TWICE, Facts(), 0, 10**13, UTC) == []
    assert sweep_ranges(TWICE, 5, 5, UTC) == []
    assert transitions(TWICE, Facts(), False, 0, 10**13, UTC) == []


def test_a_birthday_sweep_reaches_dates_without_a_zone_and_29_february() -> None:
    rule = parse_rule({"attribute": {"name": "born", "op": "ANNIVERSARY_WITHIN_NEXT", "values": ["P7D"]}})

    def swept(midnight: str, zone: ZoneInfo, instant: str) -> bool:
        ranges = sweep_ranges(rule, ms(midnight) - 1, ms(midnight), zone)
        return any(each.from_ms < ms(instant) <= each.to_ms for each in ranges)

    # On 2 July the 1st leaves the reach of seven days and the 8th enters it.
    new_york = ZoneInfo("America/New_York")
    assert swept("2026-07-02T04:00:00Z", new_york, "1990-07-08T00:00:00Z")
    assert swept("2026-07-02T04:00:00Z", new_york, "1990-07-09T03:59:59Z")
    assert not swept("2026-07-02T04:00:00Z", new_york, "1990-07-05T00:00:00Z")
    assert swept("2026-03-01T00:00:00Z", UTC, "2000-02-29")
    assert not swept("2026-02-28T00:00:00Z", UTC, "2000-02-29")
