"""Sequences and habits of customers with many events on few days, where they come and go, at every millisecond."""

from __future__ import annotations

from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from rules.evaluate import evaluate
from rules.instants import boundaries
from rules.needs import earliest
from rules.parser import parse_rule
from tests.property.rules import even_draws, naive_rules
from tests.property.rules.kept_answers import (
    LENGTH_MS,
    assert_every_change_is_seen,
    assert_nobody_is_missed,
)
from tests.property.rules.rule_strategies import BASE_MS, DAY_MS, EASY, ZONES, Customer, facts_of, habits, sequences

many = settings(max_examples=300, deadline=None, database=None)
# Up to the instants below, mostly: as far back as the windows and periods of the strategies reach, and a little more.
TIMES_MS = st.builds(
    lambda days, off: BASE_MS - days * DAY_MS + off,
    st.sampled_from([0, 0, 0, 0, 1, 2, 3, 4, 6]),
    st.integers(-9, 4),
)
EVENTS = st.lists(st.tuples(st.sampled_from(["E", "E", "E", "F"]), TIMES_MS, st.integers(0, 1)), min_size=2, max_size=6)
CUSTOMERS: st.SearchStrategy[Customer] = EVENTS.map(
    lambda drawn: (
        {},
        [(name, at, f"e{number}", {"x": x}) for number, (name, at, x) in enumerate(drawn)],
        set(),
        {},
    )
)
LEAVES = st.one_of(habits(EASY), sequences(EASY))
STARTS = st.integers(-8, 0).map(lambda off: BASE_MS + off)


@many
@given(LEAVES, CUSTOMERS, STARTS, ZONES)
def test_transitions_are_the_changes_seen_at_every_millisecond(
    document: dict[str, Any], customer: Customer, after: int, zone: ZoneInfo
) -> None:
    assert_every_change_is_seen(document, customer, after, zone)


@many
@given(LEAVES, CUSTOMERS, STARTS, st.sets(st.integers(1, LENGTH_MS - 1), max_size=6), ZONES)
def test_sweep_and_live_together_are_a_fresh_evaluation_at_every_instant(
    document: dict[str, Any], customer: Customer, after: int, cuts: set[int], zone: ZoneInfo
) -> None:
    assert_nobody_is_missed(document, customer, after, cuts, zone)


@settings(max_examples=60, deadline=None, database=None)
@given(st.integers(0, 2**32), ZONES)
def test_what_comes_and_goes_is_seen_by_boundaries_and_missed_by_no_sweep(seed: int, zone: ZoneInfo) -> None:
    random = Random(seed)
    for _ in range(10):
        document = even_draws.behaviour(random)
        days = "habit" in document or random.random() < 0.3
        events = even_draws.moments(random, random.randint(2, 8), days=days)
        customer: Customer = ({}, events, set(), {})
        after, cuts = BASE_MS + random.randint(-4, 4), random.sample(range(1, LENGTH_MS), random.randint(0, 6))
        assert_nobody_is_missed(document, customer, after, cuts, zone)
        assert_every_change_is_seen(document, customer, after, zone)


@many
@given(LEAVES, CUSTOMERS, STARTS, st.integers(0, 2 * DAY_MS), ZONES)
def test_events_older_than_the_earliest_never_matter_again(
    document: dict[str, Any], customer: Customer, start: int, later: int, zone: ZoneInfo
) -> None:
    rule = parse_rule(document)
    oldest = earliest(rule, start, zone)
    _, events, _, _ = customer
    kept = [event for event in events if (bound := oldest.get(event[0], event[1])) is None or event[1] >= bound]
    for now in (start, start + later):
        answer = naive_rules.holds(document, *customer, now, zone)
        assert evaluate(rule, facts_of({}, kept, set(), {}), now, zone) is answer


@many
@given(LEAVES, CUSTOMERS, st.integers(0, 6), STARTS, ZONES)
def test_an_event_that_comes_late_changes_the_answer_at_a_boundary_behind_it_or_not_at_all(
    document: dict[str, Any], customer: Customer, which: int, start: int, zone: ZoneInfo
) -> None:
    """Live evaluation looks at the boundaries from the new event's time on, whatever it made of the events before."""
    rule = parse_rule(document)
    attributes, events, segments, tags = customer
    late = events[which % len(events)]
    known = [event for event in events if event is not late]
    now = max(start, late[1])
    if naive_rules.holds(document, *customer, now, zone) != naive_rules.holds(
        document, attributes, known, segments, tags, now, zone
    ):
        assert boundaries(rule, facts_of(*customer), late[1] - 1, now, zone)
