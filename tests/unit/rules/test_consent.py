"""What of several consents counts, as a function and as a rule about what the columnar store holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.consent import (
    ALL_CHANNELS,
    ConsentState,
    Restriction,
    Said,
    consent_cells,
    consent_for,
    consent_rule,
    key_of,
    known_consents,
    may,
    observations,
    restricted_since,
)
from rules.evaluate import evaluate
from rules.facts import Facts

UTC = ZoneInfo("UTC")
NOW = 1_000


@dataclass(frozen=True)
class Observed:
    v: Any
    at: int
    s: str = "web"


def attributes(*said: tuple[Said, int]) -> dict[str, Observed]:
    return {name: Observed(value, at) for one, at in said for name, value in observations([one]).items()}


def say(channel: str, state: str, expires_ms: int | None = None) -> Said:
    return Said("marketing", channel, ConsentState(state), None, None, expires_ms)


@pytest.mark.parametrize(
    ("own", "general", "expected"),
    [
        pytest.param(None, None, False, id="nothing was said"),
        pytest.param(("GRANTED", 1), None, True, id="yes to the channel"),
        pytest.param(None, ("GRANTED", 1), True, id="yes to all"),
        pytest.param(("DENIED", 1), ("GRANTED", 2), False, id="a later yes to all does not undo a no to the channel"),
        pytest.param(("GRANTED", 1), ("DENIED", 2), False, id="a later no to all is a no to the channel"),
        pytest.param(("GRANTED", 1), ("WITHDRAWN", 1), False, id="at one instant the no counts"),
        pytest.param(("GRANTED", 2), ("DENIED", 1), True, id="a later yes to the channel"),
    ],
)
def test_what_was_said_of_the_channel_counts_unless_all_was_refused_later(
    own: tuple[str, int] | None, general: tuple[str, int] | None, expected: bool
) -> None:
    said = [(say("email", own[0]), own[1])] if own else []
    said += [(say(ALL_CHANNELS, general[0]), general[1])] if general else []
    assert may(attributes(*said), "marketing", "email", False, NOW) is expected


def test_a_grant_ends_at_its_instant() -> None:
    found = attributes((say("email", "GRANTED", NOW), 1))
    assert may(found, "marketing", "email", False, NOW - 1)
    assert not may(found, "marketing", "email", False, NOW)
    (known,) = known_consents(found)
    assert (known.said.state_at(NOW - 1), known.said.state_at(NOW)) == (ConsentState.GRANTED, ConsentState.EXPIRED)


def test_a_default_counts_where_nothing_was_said_alone() -> None:
    assert may({}, "marketing", "email", True, NOW)
    assert not may(attributes((say(ALL_CHANNELS, "DENIED"), 1)), "marketing", "email", True, NOW)


def test_a_restriction_overrules_everything_until_each_is_lifted() -> None:
    one, other = Restriction("d1", "phone|a", 5), Restriction("d2", "phone|b", 7)
    found = attributes((say("email", "GRANTED"), 1))
    found |= {name: Observed(value, 0) for each in (one, other) for name, value in each.observation().items()}
    assert restricted_since(found) == 5
    assert not may(found, "marketing", "email", True, NOW)
    found |= {name: Observed(value, 0) for name, value in one.observation(lifted=True).items()}
    assert restricted_since(found) == 7


@pytest.mark.parametrize(
    ("text", "key"),
    [("Advertising", "advertising"), (" Data  Sharing ", "data_sharing"), ("", None), ("a/b", None), ("广告", None)],
)
def test_names_become_keys_or_are_refused(text: str, key: str | None) -> None:
    assert key_of(text) == key


states = st.sampled_from(["GRANTED", "DENIED", "WITHDRAWN"])
instants = st.integers(0, 4)
said = st.builds(
    lambda channel, state, expires, at: (say(channel, state, expires), at),
    st.sampled_from(["email", "sms", ALL_CHANNELS]),
    states,
    st.none() | instants,
    instants,
)


@given(st.lists(said, max_size=6), st.booleans(), st.sampled_from(["email", ALL_CHANNELS]), instants, st.booleans())
def test_the_rule_says_the_same_as_the_function(
    said: list[tuple[Said, int]], restricted: bool, channel: str, now_ms: int, default: bool
) -> None:
    found = attributes(*said)
    if restricted:
        found |= {name: Observed(value, 0) for name, value in Restriction("d", "u", 0).observation().items()}
    rule = consent_rule("marketing", channel, default, now_ms)
    facts = Facts(dict(consent_cells(found)), {}, set(), {}, set(), {})
    assert evaluate(rule, facts, now_ms, UTC) == may(found, "marketing", channel, default, now_ms)


@given(st.lists(said, min_size=1, max_size=6))
def test_consents_of_one_call_do_not_depend_on_their_order(said: list[tuple[Said, int]]) -> None:
    only = [one for one, _ in said]
    assert observations(only) == observations(reversed(only))
    known = consent_for(attributes(*((one, 1) for one in only[:1])), "marketing", only[0].channel)
    assert known is not None
    assert known.said == only[0]
