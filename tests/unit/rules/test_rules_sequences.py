"""Sequences: which events fill the steps, what breaks a gap, when the answer turns; tables with sentence ids."""

from __future__ import annotations

import re
import time
from zoneinfo import ZoneInfo

import pytest

from rules.evaluate import evaluate, explain
from rules.facts import EventHistory, Facts
from rules.instants import EventRange, Transition, boundaries, sweep_ranges, transitions
from rules.needs import earliest, needs
from rules.parser import parse_rule
from rules.tree import Rule

UTC = ZoneInfo("UTC")
DAY_MS = 86_400_000
BROKEN = re.compile(r"(?P<not>!?)(?P<event>[A-Z])(?P<x>\d?)")


def sequence(steps: str, within: str = "PT10S", **more: object) -> dict[str, object]:
    """`A !B C2`: A, then C with x = 2, without B between."""
    document: list[dict[str, object]] = []
    for written in steps.split():
        parts = BROKEN.fullmatch(written)
        assert parts
        step: dict[str, object] = {"event": parts["event"]}
        if parts["x"]:
            step["where"] = [{"name": "x", "op": "EQ", "values": [int(parts["x"])]}]
        if parts["not"]:
            step["not"] = True
        document.append(step)
    return {"sequence": {"steps": document, "within": within, **more}}


def happened(events: str) -> Facts:
    """`A0 B4 C9:2`: A at 0 s, B at 4 s, C at 9 s with x = 2."""
    histories: dict[str, EventHistory] = {}
    for written in events.split():
        moment, _, x = written.partition(":")
        at_ms = round(float(moment[1:]) * 1000)
        histories.setdefault(moment[0], EventHistory()).insert(at_ms, f"{written}", {"x": int(x or 1)})
    return Facts(events=histories)


def rule_of(steps: str, within: str = "PT10S", **more: object) -> Rule:
    return parse_rule(sequence(steps, within, **more))


MEANINGS: list[tuple[str, str, str, bool]] = [
    ("in-order", "A B", "A0 B4", True),
    ("not-in-order", "A B", "B0 A4", False),
    ("a-step-is-missing", "A B C", "A0 B4", False),
    ("nothing-at-all", "A B", "", False),
    ("other-events-between-do-not-matter", "A B", "A0 C1 A2 D3 B4", True),
    ("within-is-closed", "A B", "A0 B10", True),
    ("within-is-left", "A B", "A0 B10.001", False),
    ("within-counts-from-the-first-step", "A B C", "A0 B6 C12", False),
    ("a-later-first-event-is-near-enough", "A B", "A0 A8 B15", True),
    ("the-first-matching-in-time-is-not-the-only-one", "A B C", "A0 B1 A5 B6 C12", True),
    ("a-later-middle-does-not-help-an-early-first", "A B C", "A0 B9 C12", False),
    ("one-event-one-step", "A A", "A3", False),
    ("two-events-two-steps", "A A", "A3 A4", True),
    ("two-events-of-one-instant", "A A", "A3 A3:2", True),
    ("three-times", "A A A", "A1 A2 A3", True),
    ("equal-times-count-in-order", "A B", "B3 A3", True),
    ("equal-times-in-the-order-of-the-steps", "A B C", "C3 B3 A3", True),
    ("equal-times-before-and-after", "A B C", "A1 C3 B3", True),
    ("equal-times-need-one-event-a-step", "A A B", "A3 B3", False),
    ("equal-times-find-the-event-that-fits", "A A2", "A3:2 A3:9", True),
    ("equal-times-move-an-event-to-where-it-is-needed", "A A2 A3", "A3:2 A3:3 A5:3", True),
    ("equal-times-can-be-the-later-beginning", "A B C", "A0 A5 B5 C12", True),
    ("equal-times-cannot-share-the-one-that-fits", "A2 A2", "A3:2 A3:1", False),
    ("filters-choose-the-step", "A1 A2", "A0:1 A4:2", True),
    ("filters-in-the-other-order", "A1 A2", "A0:2 A4:1", False),
    ("filters-are-of-the-step", "A2 B", "A0:1 B4", False),
    ("not-between", "A !N B", "A0 B4", True),
    ("not-between-happened", "A !N B", "A0 N2 B4", False),
    ("not-between-happened-before", "A !N B", "N0 A1 B4", True),
    ("not-between-happened-after", "A !N B", "A1 B4 N5", True),
    ("not-at-the-time-of-the-first-is-not-between", "A !N B", "A1 N1 B4", True),
    ("not-at-the-time-of-the-second-is-not-between", "A !N B", "A1 N4 B4", True),
    ("not-between-equal-times-is-never", "A !N B", "A1 N1 B1", True),
    ("not-is-of-its-gap-only", "A !N B C", "A0 B2 N3 C4", True),
    ("not-of-the-second-gap", "A B !N C", "A0 B2 N3 C4", False),
    ("a-nearer-first-event-avoids-it", "A !N B", "A0 N2 A3 B4", True),
    ("the-earliest-second-event-avoids-it", "A !N B C", "A0 B1 N2 B3 C4", True),
    ("the-latest-second-event-avoids-it", "A B !N C", "A0 B1 N2 B3 C4", True),
    ("avoiding-one-gap-breaks-the-other", "A !N B !M C", "A0 N1 B2 M3 C4", False),
    ("each-way-round-one-gap-is-broken-in-the-other", "A !N B !M C", "A0 B1 N2 M2 B3 C4", False),
    ("what-breaks-one-gap-does-not-break-the-other", "A !N B !M C", "A0 M1 B2 N3 C4", True),
    ("not-with-a-filter", "A !N2 B", "A0 N2:1 B4", True),
    ("not-with-a-filter-that-passes", "A !N2 B", "A0 N2:2 B4", False),
    ("not-of-the-event-of-a-step-is-no-other-such-between", "A !A B", "A0 A2 B4", True),
    ("not-of-the-event-of-the-next-step", "A !B B", "A0 B2 B4", True),
    ("not-of-an-event-that-alone-can-be-the-second", "A !B1 B2", "A0 B2:1 B4:2", False),
    ("avoiding-it-makes-it-too-long", "A !N B", "A0 B11 N10", False),
]


@pytest.mark.parametrize(("steps", "events", "answer"), [c[1:] for c in MEANINGS], ids=[c[0] for c in MEANINGS])
def test_a_sequence_means_what_the_table_says(steps: str, events: str, answer: bool) -> None:
    assert evaluate(rule_of(steps), happened(events), 60_000, UTC) is answer


def test_a_sequence_is_found_when_its_last_event_happens_and_stays_without_a_window() -> None:
    assert transitions(rule_of("A !N B"), happened("A0 N3 A5 B7 N9"), False, -1, 10 * DAY_MS, UTC) == [
        Transition(7_000, True)
    ]


def test_in_a_sliding_window_it_ends_when_the_last_possible_first_event_leaves() -> None:
    rule = rule_of("A B", window={"last": "PT30S"})
    assert transitions(rule, happened("A0 A2 B4"), False, -1, 90_000, UTC) == [
        Transition(4_000, True),
        Transition(32_000, False),
    ]


def test_all_its_events_lie_in_the_window() -> None:
    between = {"between": {"from": "1970-01-01T00:00:02Z", "to": "1970-01-01T00:00:05Z"}}
    assert evaluate(rule_of("A B", window=between), happened("A2 B4.999"), 60_000, UTC)
    assert not evaluate(rule_of("A B", window=between), happened("A1.999 B4"), 60_000, UTC)
    assert not evaluate(rule_of("A B", window=between), happened("A2 B5"), 60_000, UTC)
    assert not evaluate(rule_of("A B"), happened("A2 B5"), 4_999, UTC), (
        "events from the future count from their time on"
    )


def test_in_calendar_days_it_comes_and_goes_at_midnights() -> None:
    yesterday = rule_of("A B", window={"daysAgo": {"from": 1, "to": 1}})
    assert transitions(yesterday, happened("A10 B14"), False, -1, 5 * DAY_MS, UTC) == [
        Transition(DAY_MS, True),
        Transition(2 * DAY_MS, False),
    ]
    assert boundaries(yesterday, happened("A10 B14 N12"), -1, 5 * DAY_MS, UTC) == [DAY_MS, 2 * DAY_MS]
    over_midnight = happened("A86390 B86401")
    assert transitions(rule_of("A B", "P1D", window={"lastDays": 1}), over_midnight, False, 0, 5 * DAY_MS, UTC) == []
    assert transitions(rule_of("A B", "P1D", window={"lastDays": 2}), over_midnight, False, 0, 5 * DAY_MS, UTC) == [
        Transition(86_401_000, True),
        Transition(2 * DAY_MS, False),
    ]


def test_a_sweep_asks_for_the_events_of_the_first_and_the_last_step() -> None:
    rule = rule_of("A !N B C", window={"last": "PT30S"})
    assert sweep_ranges(rule, 40_000, 41_000, UTC) == [
        EventRange("A", 10_000, 11_000),
        EventRange("C", 10_000, 11_000),
    ]
    assert sweep_ranges(rule_of("A B"), 40_000, 41_000, UTC) == []


def test_needs_name_every_event_and_property_and_earliest_follows_the_window() -> None:
    document = sequence("A1 !N2 B", window={"last": "PT30S"})
    assert needs(parse_rule(document)).events == {"A": {"x"}, "N": {"x"}, "B": frozenset()}
    assert earliest(parse_rule(document), 40_000, UTC) == {"A": 10_001, "N": 10_001, "B": 10_001}
    assert earliest(rule_of("A B"), 40_000, UTC) == {"A": None, "B": None}


def test_an_explanation_tells_the_steps_reached_and_their_events_newest_first() -> None:
    whole = explain(rule_of("A !N B C"), happened("A0 B1 C2 A3 B5 C6 N7"), 60_000, UTC)
    assert (whole.kind, whole.answer, whole.value, whole.event_ids) == ("sequence", True, 3, ("C6", "B5", "A3"))
    part = explain(rule_of("A !N B C"), happened("A0 N1 B2 A3 B5"), 60_000, UTC)
    assert (part.answer, part.value, part.event_ids) == (False, 2, ("B5", "A3"))
    none = explain(rule_of("A B"), happened("B5"), 60_000, UTC)
    assert (none.answer, none.value, none.event_ids) == (False, 0, ())
    assert none.condition == sequence("A B")


def test_ten_thousand_events_cost_no_more_than_a_pass_over_them() -> None:
    """What an exponential or quadratic search would never end, or take minutes for; the bound is generous."""
    worst = "A !N " + " ".join(["A"] * 8) + " B"
    scattered = EventHistory.of((at * 1_000, f"{at:05}", {"x": 1}) for at in range(10_000))
    at_once = EventHistory.of((5, f"{at:05}", {"x": 1}) for at in range(10_000))
    for history in (scattered, at_once):
        started = time.perf_counter()
        assert not evaluate(rule_of(worst, "P30D"), Facts(events={"A": history}), 10**9, UTC)
        explain(rule_of(worst, "P30D"), Facts(events={"A": history}), 10**9, UTC)
        assert time.perf_counter() - started < 5
