"""Sequences over many events at few instants, where a greedy choice goes wrong, against every possible choice."""

from __future__ import annotations

from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from rules.evaluate import evaluate, explain
from rules.facts import EventHistory, Facts
from rules.matching import candidates_of, fill, runs_of
from rules.parser import parse_rule
from tests.property.rules import even_draws, naive_rules
from tests.property.rules.naive_rules import Event
from tests.property.rules.rule_strategies import BASE_MS

UTC = ZoneInfo("UTC")
many = settings(max_examples=300, deadline=None, database=None)
NAMES = st.sampled_from(["A", "A", "B"])
# What must not happen is mostly something else, or a step in its place would hide that it was overlooked.
BETWEEN = st.sampled_from(["N", "N", "N", "A", "B"])
WHERE = st.sampled_from([[], [], [], [0], [1], [0, 1], [0, 1, 2]]).map(
    lambda values: [{"name": "x", "op": "IN", "values": values}] if values else []
)


@st.composite
def sequences(draw: st.DrawFn) -> dict[str, Any]:
    steps: list[dict[str, Any]] = []
    for place in range(draw(st.sampled_from([2, 2, 3, 3, 4]))):
        if place and draw(st.booleans()):
            steps.append({"event": draw(BETWEEN), "where": draw(WHERE), "not": True})
        steps.append({"event": draw(NAMES), "where": draw(WHERE)})
    return {"steps": steps, "within": f"PT{draw(st.integers(2, 8)) / 1000}S"}


HAPPENED = st.tuples(st.sampled_from(["A", "A", "B", "B", "N"]), st.integers(0, 8), st.integers(0, 2))
EVENTS = st.one_of(st.lists(HAPPENED, max_size=4), st.lists(HAPPENED, min_size=5, max_size=9)).map(
    lambda drawn: [(name, at, f"e{number}", {"x": x}) for number, (name, at, x) in enumerate(drawn)]
)


def facts_of(events: list[Event], *, with_ids: bool = True) -> Facts:
    histories: dict[str, EventHistory] = {}
    for name, at, key, properties in events:
        histories.setdefault(name, EventHistory() if with_ids else EventHistory(ids=None)).insert(at, key, properties)
    return Facts(events=histories)


@many
@given(sequences(), EVENTS, st.integers(5, 9), st.randoms(use_true_random=False))
def test_a_sequence_is_found_exactly_if_some_choice_of_events_is_one(
    leaf: dict[str, Any], events: list[Event], now: int, random: Any
) -> None:
    rule = parse_rule({"sequence": leaf})
    answer = naive_rules.in_sequence(leaf, events, now, UTC)
    assert evaluate(rule, facts_of(events), now, UTC) is answer
    random.shuffle(events)
    assert evaluate(rule, facts_of(events, with_ids=False), now, UTC) is answer, "ids and arrival do not matter"


@settings(max_examples=60, deadline=None, database=None)
@given(st.integers(0, 2**32))
def test_sequences_with_broken_gaps_are_found_exactly_if_some_choice_is_one(seed: int) -> None:
    random = Random(seed)
    for _ in range(10):
        leaf, events = even_draws.sequence(random), even_draws.moments(random, random.randint(3, 9), days=False)
        answer = naive_rules.in_sequence(leaf, events, BASE_MS + 5, UTC)
        assert evaluate(parse_rule({"sequence": leaf}), facts_of(events), BASE_MS + 5, UTC) is answer, (leaf, events)


@many
@given(sequences(), EVENTS)
def test_an_explanation_names_events_that_fill_the_steps_and_no_choice_comes_further(
    leaf: dict[str, Any], events: list[Event]
) -> None:
    told = explain(parse_rule({"sequence": leaf}), facts_of(events), 10, UTC)
    by_id = {event[2]: event for event in events}
    chosen = [by_id[key] for key in reversed(told.event_ids)]
    filled = [place for place, step in enumerate(leaf["steps"]) if not step.get("not")]
    assert told.answer is (told.value == len(filled))
    assert len(chosen) == told.value
    for reach in range(1, len(filled) + 1):
        part = {"steps": leaf["steps"][: filled[reach - 1] + 1], "within": leaf["within"]}
        assert naive_rules.in_sequence(part, events, 10, UTC) is (reach <= len(chosen))
        if reach == len(chosen):
            broken = [
                event for event in events if event not in chosen and any(step.get("not") for step in part["steps"])
            ]
            assert naive_rules.in_sequence(part, chosen + broken, 10, UTC)


@many
@given(st.lists(st.integers(0, 31), min_size=1, max_size=9))
def test_a_run_of_steps_is_filled_by_different_events_that_can(masks: list[int]) -> None:
    runs = runs_of(masks, 5)
    candidates = candidates_of(masks, 5)
    for first in range(5):
        for last in range(first, 5):
            steps = range(first, last + 1)
            possible = _possible(masks, list(steps))
            assert ((first, last) in runs) is possible
            if possible:
                filled = fill(candidates, steps)
                assert len(set(filled.values())) == len(steps)
                assert all(masks[event] >> step & 1 for step, event in filled.items())


def _possible(masks: list[int], steps: list[int]) -> bool:
    """Hall's condition: every set of steps has as many events that can fill one of them."""
    for chosen in range(1, 2 ** len(steps)):
        of = [step for place, step in enumerate(steps) if chosen >> place & 1]
        if sum(any(mask >> step & 1 for step in of) for mask in masks) < len(of):
            return False
    return True
