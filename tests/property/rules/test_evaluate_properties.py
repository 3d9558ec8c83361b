"""`evaluate` is total, agrees with the naive reading, reads only what `needs` says, and survives printing."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import example, given, settings
from hypothesis import strategies as st

from rules.evaluate import evaluate, explain
from rules.facts import EventHistory, Facts
from rules.needs import earliest, needs
from rules.parser import parse_rule, print_rule
from tests.property.rules import naive_rules
from tests.property.rules.rule_strategies import BASE_MS, NEAR_MS, RULES, ZONES, Customer, customers, facts_of

many = settings(max_examples=200, deadline=None, database=None)
some = settings(max_examples=80, deadline=None, database=None)
UTC = ZoneInfo("UTC")


@many
@given(RULES, customers(), NEAR_MS, ZONES)
@example({"attribute": {"name": "x", "op": "NE", "values": [1]}}, ({"x": True}, [], set(), {}), BASE_MS, UTC)
@example({"attribute": {"name": "x", "op": "HAS_ALL", "values": [1]}}, ({"x": [True]}, [], set(), {}), BASE_MS, UTC)
def test_evaluate_agrees_with_the_naive_reading(
    document: dict[str, Any], customer: Customer, now: int, zone: ZoneInfo
) -> None:
    rule, facts = parse_rule(document), facts_of(*customer)
    answer = evaluate(rule, facts, now, zone)
    assert answer is naive_rules.holds(document, *customer, now, zone)
    assert explain(rule, facts, now, zone).answer is answer


WILD = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(), st.text(st.characters()), st.binary(), st.datetimes(),
        st.builds(object), st.sampled_from(["9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+23:59", "9999-12-31"]),
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(["x", "deep"]), inner)),
    max_leaves=4,
)  # fmt: skip


@many
@given(
    RULES,
    st.dictionaries(st.sampled_from(["x", "y", "deep"]), WILD),
    # Times are 64 bits wide, as in the graph; `now` lies inside.
    st.lists(
        st.tuples(st.integers(-(2**63), 2**63 - 1), st.dictionaries(st.sampled_from(["x", "y", "deep"]), WILD)),
        max_size=3,
    ),
    st.integers(-(2**60), 2**60),
    ZONES,
)
def test_evaluate_is_total(
    document: dict[str, Any],
    attributes: dict[str, Any],
    events: list[tuple[int, dict[str, Any]]],
    now: int,
    zone: ZoneInfo,
) -> None:
    history = EventHistory.of((at, str(at), properties) for at, properties in events)
    facts = Facts(attributes, {"E": history}, ["s"], attributes)
    assert evaluate(parse_rule(document), facts, now, zone) in (True, False)


@some
@given(RULES)
def test_a_rule_survives_printing_and_parsing(document: dict[str, Any]) -> None:
    rule = parse_rule(document)
    # By repr, as Python holds 1 == True == 1.0.
    assert repr(parse_rule(print_rule(rule))) == repr(rule)


@some
@given(RULES, customers(), customers(), NEAR_MS, ZONES)
def test_what_needs_does_not_name_never_matters(
    document: dict[str, Any], customer: Customer, other: Customer, now: int, zone: ZoneInfo
) -> None:
    rule = parse_rule(document)
    read = needs(rule)
    attributes, events, segments, tags = customer
    foreign = [(name, at, key, properties) for name, at, key, properties in other[1] if name not in read.events]
    changed = (
        {key: value for key, value in other[0].items() if key not in read.attributes}
        | {key: value for key, value in attributes.items() if key in read.attributes},
        [
            (name, at, key, {"noise": 1} | {of: value for of, value in properties.items() if of in read.events[name]})
            for name, at, key, properties in events
            if name in read.events
        ]
        + foreign,
        (segments & read.segments) | (other[2] - read.segments),
        {key: value for key, value in other[3].items() if key not in read.tags}
        | {key: value for key, value in tags.items() if key in read.tags},
    )
    assert evaluate(rule, facts_of(*changed), now, zone) is evaluate(rule, facts_of(*customer), now, zone)


@some
@given(RULES, customers(), NEAR_MS, st.integers(0, 3 * 86_400_000), ZONES)
def test_events_older_than_the_earliest_never_matter_again(
    document: dict[str, Any], customer: Customer, start: int, later: int, zone: ZoneInfo
) -> None:
    rule = parse_rule(document)
    attributes, events, segments, tags = customer
    oldest = earliest(rule, start, zone)
    kept = [event for event in events if (bound := oldest.get(event[0], event[1])) is None or event[1] >= bound]
    assert evaluate(rule, facts_of(attributes, kept, segments, tags), start + later, zone) is evaluate(
        rule, facts_of(*customer), start + later, zone
    )
