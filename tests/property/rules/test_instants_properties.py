"""Boundaries, transitions and sweeps against an evaluation at every single millisecond."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from rules.facts import Facts
from rules.instants import boundaries, sweep_ranges, transitions
from rules.parser import parse_rule
from tests.property.rules import naive_rules
from tests.property.rules.kept_answers import (
    LENGTH_MS,
    asked_for,
    assert_every_change_is_seen,
    assert_nobody_is_missed,
)
from tests.property.rules.rule_strategies import BASE_MS, DAY_MS, TIMED_RULES, ZONES, Customer, customers, facts_of

# Around midnights and around the hour that a day of 23 hours lacks.
STARTS = st.builds(
    lambda days, off, hour: BASE_MS + days * DAY_MS + off + hour * 3_600_000,
    st.integers(-2, 2),
    st.integers(-8, 0),
    st.sampled_from([0, 0, 0, 0, 0, 0, -1, 1]),
)
many = settings(max_examples=200, deadline=None, database=None)


@many
@given(TIMED_RULES, customers(), STARTS, ZONES)
def test_transitions_are_the_changes_seen_at_every_millisecond(
    document: dict[str, Any], customer: Customer, after: int, zone: ZoneInfo
) -> None:
    assert_every_change_is_seen(document, customer, after, zone)


@many
@given(TIMED_RULES, customers(), STARTS, ZONES)
def test_boundaries_of_parts_are_the_boundaries_of_the_whole(
    document: dict[str, Any], customer: Customer, after: int, zone: ZoneInfo
) -> None:
    rule, facts = parse_rule(document), facts_of(*customer)
    middle, until = after + 5, after + 3 * DAY_MS
    whole = boundaries(rule, facts, after, until, zone)
    assert whole == boundaries(rule, facts, after, middle, zone) + boundaries(rule, facts, middle, until, zone)


@many
@given(TIMED_RULES, customers(), STARTS, st.sets(st.integers(1, LENGTH_MS - 1), max_size=6), ZONES)
def test_sweep_and_live_together_are_a_fresh_evaluation_at_every_instant(
    document: dict[str, Any], customer: Customer, after: int, cuts: set[int], zone: ZoneInfo
) -> None:
    assert_nobody_is_missed(document, customer, after, cuts, zone)


@settings(max_examples=30, deadline=None, database=None)
@given(
    st.dates(date(1890, 1, 1), date(2028, 12, 31)) | st.sampled_from([date(2000, 2, 29), date(2000, 2, 28)]),
    st.sampled_from([1, 2, 7, 20]),
    st.dates(date(2023, 6, 1), date(2027, 6, 1)),
    ZONES,
    st.booleans(),
)
def test_anniversaries_turn_at_midnights_and_are_swept_then(
    of: date, reach: int, start: date, zone: ZoneInfo, plain: bool
) -> None:
    value = of.isoformat() if plain else datetime(of.year, of.month, of.day, 12, tzinfo=zone).isoformat()
    values = [f"P{reach}D"]
    rule = parse_rule({"attribute": {"name": "x", "op": "ANNIVERSARY_WITHIN_NEXT", "values": values}})
    noons = [datetime(start.year, start.month, start.day, 12, tzinfo=zone) + timedelta(days=n) for n in range(380)]
    instants = [int(noon.timestamp() * 1000) for noon in noons]
    answers = [naive_rules.condition("ANNIVERSARY_WITHIN_NEXT", values, value, now, zone) for now in instants]
    turned = [later.date() for later, was, is_ in zip(noons[1:], answers, answers[1:], strict=False) if was != is_]
    found = transitions(rule, Facts({"x": value}), answers[0], instants[0], instants[-1], zone)
    assert [naive_rules.local_date(each.at_ms, zone) for each in found] == turned
    for each in found:
        assert naive_rules.local_date(each.at_ms - 1, zone) < naive_rules.local_date(each.at_ms, zone)
        assert asked_for(sweep_ranges(rule, each.at_ms - 1, each.at_ms, zone), ({"x": value}, [], set(), {}))
