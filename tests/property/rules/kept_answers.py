"""What sweeps and live events keep as an answer, and the naive answer at every single millisecond."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from rules.facts import Facts
from rules.instants import EventRange, Range, TagRange, boundaries, sweep_ranges, transitions
from rules.parser import parse_rule
from rules.tree import Rule
from tests.property.rules import naive_rules
from tests.property.rules.rule_strategies import Customer, facts_of

LENGTH_MS = 12


def every_answer(document: dict[str, Any], customer: Customer, after: int, zone: ZoneInfo) -> dict[int, bool]:
    """The naive answer at each millisecond from after to after + LENGTH_MS."""
    return {now: naive_rules.holds(document, *customer, now, zone) for now in range(after, after + LENGTH_MS + 1)}


def assert_every_change_is_seen(document: dict[str, Any], customer: Customer, after: int, zone: ZoneInfo) -> None:
    """Boundaries and transitions are the changes of the naive answer."""
    rule, facts = parse_rule(document), facts_of(*customer)
    answers = every_answer(document, customer, after, zone)
    changes = [now for now in answers if now > after and answers[now] != answers[now - 1]]
    assert set(changes) <= set(boundaries(rule, facts, after, after + LENGTH_MS, zone)), (document, customer)
    found = transitions(rule, facts, answers[after], after, after + LENGTH_MS, zone)
    assert [(each.at_ms, each.answer) for each in found] == [(now, answers[now]) for now in changes]


def assert_nobody_is_missed(
    document: dict[str, Any], customer: Customer, after: int, cuts: Iterable[int], zone: ZoneInfo
) -> None:
    """Sweeps between the cuts (ms after `after`) and live events together keep the naive answer."""
    answers = every_answer(document, customer, after, zone)
    ends = [after, *(after + cut for cut in sorted(cuts)), after + LENGTH_MS]
    kept = kept_answers(parse_rule(document), facts_of(*customer), customer, answers[after], ends, zone)
    assert kept == answers, (document, customer)


def asked_for(ranges: list[Range], customer: Customer) -> bool:
    """Whether a look-up of the ranges in an index of events and of attribute instants finds the customer."""
    attributes, events, _, tags = customer
    for each in ranges:
        if isinstance(each, EventRange):
            times = [at for name, at, _, _ in events if name == each.name]
        else:
            value = tags.get(each.name) if isinstance(each, TagRange) else naive_rules.look_up(attributes, each.name)
            at = naive_rules.instant(value)
            times = [] if at is None else [at]
        if any(each.from_ms < at <= each.to_ms for at in times):
            return True
    return False


def kept_answers(
    rule: Rule, facts: Facts, customer: Customer, start: bool, cuts: list[int], zone: ZoneInfo
) -> dict[int, bool]:
    """What sweeps between the cuts and events at their own times keep as the answer, at every millisecond."""
    answer, kept = start, {cuts[0]: start}
    for after, until in pairwise(cuts):
        live = any(after < at <= until for _, at, _, _ in customer[1])
        swept = asked_for(sweep_ranges(rule, after, until, zone), customer)
        found = transitions(rule, facts, answer, after, until, zone) if live or swept else []
        turned = {each.at_ms: each.answer for each in found}
        for now in range(after + 1, until + 1):
            answer = turned.get(now, answer)
            kept[now] = answer
    return kept
