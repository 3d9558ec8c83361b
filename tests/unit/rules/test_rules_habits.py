"""Habits: first time, regularly, stopped, restarted; the worked cases, edges, and when the answers turn."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from base.clock import iso, parse_iso_ms
from rules.evaluate import evaluate, explain
from rules.facts import EventHistory, Facts
from rules.instants import EventRange, Transition, boundaries, sweep_ranges, transitions
from rules.needs import earliest, needs
from rules.parser import parse_rule
from rules.tree import Rule

UTC = ZoneInfo("UTC")
BERLIN = ZoneInfo("Europe/Berlin")
NOW_MS = parse_iso_ms("2026-07-01T08:30:00Z")
MIDNIGHT_MS = parse_iso_ms("2026-07-01T00:00:00Z")
DAY_MS = 86_400_000


def facts(*times_ms: int, x: int = 1) -> Facts:
    return Facts(events={"E": EventHistory.of((at, f"e{number}", {"x": x}) for number, at in enumerate(times_ms))})


def days_ago(*ages: float) -> Facts:
    return facts(*sorted(NOW_MS - round(age * DAY_MS) for age in ages))


def habit(kind: str, **more: object) -> Rule:
    return parse_rule({"habit": {"kind": kind, "name": "E", **more}})


def stopped(window: object, recent: object, **more: object) -> Rule:
    return habit("STOPPED", window=window, recent=recent, **more)


def restarted(window: object, recent: object, **more: object) -> Rule:
    return habit("RESTARTED", window=window, recent=recent, **more)


def regularly(days: int, last: int, at_least: int, times: int, **more: object) -> Rule:
    return habit("REGULARLY", periods={"days": days, "last": last, "atLeast": at_least, "times": times}, **more)


WEEK: dict[str, object] = {"lastDays": 7}
TWO_DAYS: dict[str, object] = {"lastDays": 2}


@pytest.mark.parametrize(
    ("window", "recent"), [(WEEK, TWO_DAYS), ({"last": "P7D"}, {"last": "P2D"})], ids=["calendar", "sliding"]
)
def test_restarted_in_the_last_7_days_after_a_stop_finds_p1_only(window: object, recent: object) -> None:
    people = {"p1": days_ago(20, 1), "p2": days_ago(20, 5, 1), "p3": days_ago(1)}
    rule = restarted(window, recent)
    assert [key for key, one in people.items() if evaluate(rule, one, NOW_MS, UTC)] == ["p1"]


def test_regularly_at_least_2_in_2_of_3_periods_finds_p2_and_at_least_1_finds_both() -> None:
    people = {"p1": days_ago(4, 7, 8), "p2": days_ago(1, 4, 5, 6, 8)}

    def found(times: int) -> list[str]:
        return [key for key, one in people.items() if evaluate(regularly(3, 3, 2, times), one, NOW_MS, UTC)]

    assert explain(regularly(3, 3, 2, 1), people["p1"], NOW_MS, UTC).value == 2
    assert found(2) == ["p2"]
    assert found(1) == ["p1", "p2"]


def test_the_order_of_the_periods_does_not_matter() -> None:
    for ages in ((1, 2, 4), (4, 7, 8), (1, 7, 8), (0, 4, 5)):
        assert not evaluate(regularly(3, 3, 2, 2), days_ago(*ages), NOW_MS, UTC)
        assert evaluate(regularly(3, 3, 2, 1), days_ago(*ages), NOW_MS, UTC)


# Ages in days before 08:30; today begins 0.354 days before.
MEANINGS: list[tuple[str, Rule, tuple[float, ...], bool]] = [
    ("first-time", habit("FIRST_TIME", window=WEEK), (1, 2), True),
    ("first-time-never", habit("FIRST_TIME", window=WEEK), (), False),
    ("first-time-not-the-first", habit("FIRST_TIME", window=WEEK), (8, 1), False),
    ("first-time-too-long-ago", habit("FIRST_TIME", window=WEEK), (8,), False),
    ("first-time-now", habit("FIRST_TIME", window=WEEK), (0,), True),
    ("first-time-first-day", habit("FIRST_TIME", window=WEEK), (6.35,), True),
    ("first-time-the-day-before", habit("FIRST_TIME", window=WEEK), (6.36,), False),
    ("first-time-sliding-edge", habit("FIRST_TIME", window={"last": "P7D"}), (7,), False),
    ("first-time-some-days-ago", habit("FIRST_TIME", window={"daysAgo": {"from": 4, "to": 1}}), (2, 0), True),
    ("first-time-not-before-today", habit("FIRST_TIME", window={"daysAgo": {"from": 4, "to": 1}}), (0,), False),
    (
        "first-time-between",
        habit("FIRST_TIME", window={"between": {"from": "2026-06-20", "to": "2026-06-30"}}),
        (3, 1, 0),
        True,
    ),
    (
        "first-time-not-between",
        habit("FIRST_TIME", window={"between": {"from": "2026-06-20", "to": "2026-06-30"}}),
        (30, 3),
        False,
    ),
    ("stopped", stopped(WEEK, TWO_DAYS), (5,), True),
    ("stopped-never-did", stopped(WEEK, TWO_DAYS), (), False),
    ("stopped-goes-on", stopped(WEEK, TWO_DAYS), (5, 1), False),
    ("stopped-long-before", stopped(WEEK, TWO_DAYS), (9,), False),
    ("stopped-yesterday-is-recent", stopped(WEEK, TWO_DAYS), (1.35,), False),
    ("stopped-the-day-before-yesterday", stopped(WEEK, TWO_DAYS), (1.36,), True),
    ("stopped-sliding-recent-is-left", stopped({"last": "P7D"}, {"last": "P2D"}), (2,), True),
    ("stopped-sliding-recent", stopped({"last": "P7D"}, {"last": "P2D"}), (1.999,), False),
    ("stopped-sliding-window-is-left", stopped({"last": "P7D"}, {"last": "P2D"}), (7,), False),
    ("restarted-now", restarted(WEEK, TWO_DAYS), (20, 0), True),
    ("restarted-not-yet", restarted(WEEK, TWO_DAYS), (20,), False),
    ("restarted-before-it-is-recent", restarted(WEEK, TWO_DAYS), (20, 3), False),
    ("restarted-pause-too-short", restarted(WEEK, TWO_DAYS), (6, 1), False),
    ("restarted-last-day-before-the-window", restarted(WEEK, TWO_DAYS), (6.36, 1), True),
    ("restarted-first-day-of-the-window", restarted(WEEK, TWO_DAYS), (6.35, 1), False),
    ("restarted-often", restarted(WEEK, TWO_DAYS), (30, 20, 1, 0.5, 0.1), True),
    ("regularly-today-counts", regularly(1, 3, 3, 1), (0, 1, 2), True),
    ("regularly-one-day-missing", regularly(1, 3, 3, 1), (0, 2, 2), False),
    ("regularly-older-days-do-not-count", regularly(1, 3, 3, 1), (1, 2, 3), False),
    ("regularly-never", regularly(1, 3, 1, 1), (), False),
    ("regularly-all-in-one-period", regularly(3, 3, 1, 3), (0, 1, 2), True),
    ("regularly-over-two-periods", regularly(3, 3, 1, 3), (1, 2, 3), False),
    ("regularly-the-oldest-day", regularly(3, 3, 1, 1), (8.35,), True),
    ("regularly-before-the-oldest-day", regularly(3, 3, 1, 1), (8.36,), False),
]


@pytest.mark.parametrize(("rule", "ages", "answer"), [c[1:] for c in MEANINGS], ids=[c[0] for c in MEANINGS])
def test_a_habit_means_what_the_table_says(rule: Rule, ages: tuple[float, ...], answer: bool) -> None:
    assert evaluate(rule, days_ago(*ages), NOW_MS, UTC) is answer


def test_events_from_the_future_count_from_their_time_on() -> None:
    ahead = facts(NOW_MS + 1)
    for rule in (habit("FIRST_TIME", window=WEEK), regularly(1, 1, 1, 1)):
        assert transitions(rule, ahead, False, NOW_MS, NOW_MS + 10, UTC) == [Transition(NOW_MS + 1, True)]
    assert evaluate(stopped(WEEK, TWO_DAYS), facts(NOW_MS - 4 * DAY_MS, NOW_MS + 1), NOW_MS, UTC)


def test_the_filter_comes_first() -> None:
    where = [{"name": "x", "op": "EQ", "values": [1]}]
    events = [(NOW_MS - 20 * DAY_MS, 2), (NOW_MS - 5 * DAY_MS, 1), (NOW_MS - DAY_MS, 2)]
    mixed = Facts(events={"E": EventHistory.of((at, str(at), {"x": x}) for at, x in events)})
    assert evaluate(habit("FIRST_TIME", window=WEEK, where=where), mixed, NOW_MS, UTC)
    assert not evaluate(habit("FIRST_TIME", window=WEEK), mixed, NOW_MS, UTC)
    assert evaluate(stopped(WEEK, TWO_DAYS, where=where), mixed, NOW_MS, UTC)
    assert not evaluate(stopped(WEEK, TWO_DAYS), mixed, NOW_MS, UTC)
    other = [{"name": "x", "op": "EQ", "values": [2]}]
    assert evaluate(restarted(WEEK, TWO_DAYS, where=other), mixed, NOW_MS, UTC)
    assert not evaluate(restarted(WEEK, TWO_DAYS), mixed, NOW_MS, UTC)
    assert not evaluate(regularly(1, 7, 2, 1, where=other), mixed, NOW_MS, UTC)
    assert evaluate(regularly(1, 7, 2, 1), mixed, NOW_MS, UTC)


def test_days_are_those_of_the_zone_daylight_saving_included() -> None:
    # 23:30 on 28 March in Berlin, the night in which an hour is left out.
    at_ms = parse_iso_ms("2026-03-28T22:30:00Z")
    rule = habit("FIRST_TIME", window={"lastDays": 1})
    assert transitions(rule, facts(at_ms), False, at_ms - 1, at_ms + 3 * DAY_MS, BERLIN) == [
        Transition(at_ms, True),
        Transition(parse_iso_ms("2026-03-28T23:00:00Z"), False),
    ]
    assert transitions(regularly(1, 2, 1, 1), facts(at_ms), False, at_ms - 1, at_ms + 5 * DAY_MS, BERLIN) == [
        Transition(at_ms, True),
        Transition(parse_iso_ms("2026-03-29T22:00:00Z"), False),
    ]


def test_a_first_time_ends_when_the_first_event_leaves_the_window_whatever_follows() -> None:
    rule = habit("FIRST_TIME", window={"last": "PT10S"})
    assert transitions(rule, facts(0, 4_000, 12_000), False, -1, 60_000, UTC) == [
        Transition(0, True),
        Transition(10_000, False),
    ]
    assert boundaries(rule, facts(0, 4_000, 12_000), -1, 60_000, UTC) == [0, 10_000]


def test_a_first_event_is_a_boundary_also_before_a_window_so_that_one_who_comes_late_is_seen() -> None:
    rule = habit("FIRST_TIME", window={"between": {"from": "1970-01-01T00:00:05Z", "to": "1970-01-01T00:00:09Z"}})
    assert boundaries(rule, facts(4_000, 6_000), 0, 60_000, UTC) == [4_000]


def test_stopping_and_restarting_turn_to_the_millisecond() -> None:
    windows = {"last": "PT30S"}, {"last": "PT10S"}
    assert transitions(stopped(*windows), facts(0, 5_000), False, -1, 90_000, UTC) == [
        Transition(15_000, True),
        Transition(35_000, False),
    ]
    assert transitions(restarted(*windows), facts(0, 40_000), False, -1, 90_000, UTC) == [
        Transition(40_000, True),
        Transition(50_000, False),
    ]
    # The pause is as long as the window without its recent part: 20 seconds and more.
    assert transitions(restarted(*windows), facts(0, 25_000), False, -1, 90_000, UTC) == [
        Transition(30_000, True),
        Transition(35_000, False),
    ]
    assert transitions(restarted(*windows), facts(0, 20_000), False, -1, 90_000, UTC) == []


def test_periods_move_on_at_midnights() -> None:
    event = facts(MIDNIGHT_MS + 1_000)
    assert boundaries(regularly(3, 2, 1, 1), event, MIDNIGHT_MS, MIDNIGHT_MS + 30 * DAY_MS, UTC) == [
        MIDNIGHT_MS + 1_000,
        MIDNIGHT_MS + 3 * DAY_MS,
        MIDNIGHT_MS + 6 * DAY_MS,
    ]
    twice = facts(MIDNIGHT_MS + 1_000, MIDNIGHT_MS + 2 * DAY_MS)
    assert transitions(regularly(2, 1, 1, 2), twice, False, MIDNIGHT_MS, MIDNIGHT_MS + 30 * DAY_MS, UTC) == []
    assert transitions(regularly(3, 1, 1, 2), twice, False, MIDNIGHT_MS, MIDNIGHT_MS + 30 * DAY_MS, UTC) == [
        Transition(MIDNIGHT_MS + 2 * DAY_MS, True),
        Transition(MIDNIGHT_MS + 3 * DAY_MS, False),
    ]


def test_sweeps_ask_for_what_leaves_the_window_its_recent_part_or_a_period() -> None:
    sliding = {"last": "PT30S"}, {"last": "PT10S"}
    expected = [EventRange("E", 20_000, 21_000), EventRange("E", 40_000, 41_000)]
    assert sweep_ranges(stopped(*sliding), 50_000, 51_000, UTC) == expected
    assert sweep_ranges(restarted(*sliding), 50_000, 51_000, UTC) == expected
    assert sweep_ranges(habit("FIRST_TIME", window={"last": "PT10S"}), 50_000, 51_000, UTC) == [expected[1]]

    def day(ago: int) -> EventRange:
        return EventRange("E", MIDNIGHT_MS - ago * DAY_MS - 1, MIDNIGHT_MS - (ago - 1) * DAY_MS - 1)

    assert sweep_ranges(regularly(3, 2, 1, 1), MIDNIGHT_MS - 1, MIDNIGHT_MS, UTC) == [day(6), day(3)]
    assert sweep_ranges(regularly(3, 2, 1, 1), MIDNIGHT_MS, MIDNIGHT_MS + 1, UTC) == []
    assert sweep_ranges(stopped(WEEK, TWO_DAYS), MIDNIGHT_MS - 1, MIDNIGHT_MS, UTC) == [day(7), day(2)]


def test_needs_and_the_earliest_event_that_matters() -> None:
    where = [{"name": "p.q", "op": "SET"}]
    assert needs(stopped(WEEK, TWO_DAYS, where=where)).events == {"E": {"p.q", "p"}}

    def oldest(rule: Rule) -> str | None:
        at_ms = earliest(rule, NOW_MS, UTC)["E"]
        return None if at_ms is None else iso(at_ms)

    assert oldest(habit("FIRST_TIME", window=WEEK)) is None
    assert oldest(restarted(WEEK, TWO_DAYS)) is None
    assert oldest(stopped(WEEK, TWO_DAYS)) == "2026-06-25T00:00:00.000Z"
    assert oldest(stopped({"last": "P7D"}, {"last": "P2D"})) == "2026-06-24T08:30:00.001Z"
    assert oldest(regularly(3, 3, 2, 1)) == "2026-06-23T00:00:00.000Z"


def test_an_explanation_gives_the_time_or_the_periods_and_the_events() -> None:
    known = days_ago(20, 5, 1, 0)
    first = explain(habit("FIRST_TIME", window=WEEK), known, NOW_MS, UTC)
    assert (first.kind, first.answer, first.value) == ("habit", False, iso(NOW_MS - 20 * DAY_MS))
    assert first.event_ids == ("e0",)
    newest = explain(stopped(WEEK, TWO_DAYS), known, NOW_MS, UTC)
    assert (newest.value, newest.event_ids) == (iso(NOW_MS), ("e3", "e2", "e1", "e0"))
    periods = explain(regularly(3, 2, 1, 2), known, NOW_MS, UTC)
    assert (periods.answer, periods.value, periods.event_ids) == (True, 1, ("e3", "e2", "e1"))
    nothing = explain(restarted(WEEK, TWO_DAYS), Facts(), NOW_MS, UTC)
    assert (nothing.answer, nothing.value, nothing.event_ids) == (False, None, ())
