"""Counts as lower bounds: never too much, nothing of the few, and nothing certain from a pair."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from access.permissions import BUILT_IN_ROLES, Permission
from access.principal import Principal, PrincipalKind
from base.keys import Keyring
from resolvers.counts import is_exact, lower_bound, shown, shown_of_rule
from rules.parser import parse_rule

KEYS = Keyring("0f" * 32)


def asker(*permissions: Permission, small_count: int = 10) -> Any:
    principal = Principal(kind=PrincipalKind.USER, id="usr_1", name="Mia", permissions=frozenset(permissions))
    services = SimpleNamespace(settings=SimpleNamespace(small_count=small_count), keyring=KEYS)
    return SimpleNamespace(principal=principal, services=services)


@pytest.mark.parametrize("step", [1, 2, 10, 25])
def test_a_bound_is_a_multiple_at_most_the_count_and_less_than_two_steps_below(step: int) -> None:
    for count in range(5 * step):
        for offset in range(step):
            bound = lower_bound(count, step, offset)
            assert bound % step == 0
            assert max(0, count - 2 * step) < bound + 1 <= count + 1
            assert count >= step or bound == 0


def test_whoever_guesses_one_person_is_always_told_nobody() -> None:
    for digit in range(10_000):
        rule = parse_rule({"attribute": {"name": "phone", "op": "EQ", "values": [f"+4179{digit:07}"]}})
        for there in (0, 1):
            assert shown_of_rule(asker(), there, rule) == 0


def test_two_counts_that_differ_by_one_person_tell_nothing_certain() -> None:
    """Each difference that is seen with somebody is seen without them too."""
    for count in (10, 19, 20, 25, 30, 1_000_000):
        within, without = set(), set()
        for number in range(2_000):
            everybody = shown(asker(), count, "A", str(number))
            within.add(everybody - shown(asker(), count - 1, "A without", str(number)))
            without.add(everybody - shown(asker(), count, "A without", str(number)))
        # The ends of a step are reached by one of the two alone, and only whoever knows the count knows that it is one.
        assert {0, 10} <= within
        assert 0 in without
    assert len(without) > 1


def test_asking_again_gives_the_same() -> None:
    assert len({shown(asker(), 1_234, "segment", "vip") for _ in range(100)}) == 1


def test_names_do_not_run_together() -> None:
    pairs = [
        (shown(asker(), 15, "a" * number, "b"), shown(asker(), 15, "a" * (number - 1), "ab")) for number in range(1, 50)
    ]
    assert any(one != other for one, other in pairs)


def test_with_the_right_or_switched_off_counts_are_exact() -> None:
    assert shown(asker(Permission.COUNTS_SMALL), 3, "x") == 3
    assert shown(asker(small_count=0), 3, "x") == 3
    assert is_exact(asker(small_count=0))
    assert not is_exact(asker())


def test_which_roles_have_the_right() -> None:
    assert {role for role, held in BUILT_IN_ROLES.items() if Permission.COUNTS_SMALL in held} == {
        "administrator",
        "analyst",
        "integrator",
    }
