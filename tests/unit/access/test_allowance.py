"""What each role may ask for."""

from __future__ import annotations

import pytest

from access.allowance import NO_LIMIT, OBJECTS_AT_ONCE, OBJECTS_PER_S, Allowances
from access.principal import ADMIN_TOKEN, Principal, PrincipalKind
from base.errors import ConfigurationFault


def user(*roles: str) -> Principal:
    return Principal(kind=PrincipalKind.USER, id="u", name="u", roles=roles, permissions=frozenset())


def test_a_role_without_numbers_has_the_default_ones() -> None:
    assert Allowances().of(user("sales")).objects_per_s == OBJECTS_PER_S["default"]
    assert Allowances().of(user()).objects_at_once == OBJECTS_AT_ONCE["default"]


def test_the_token_of_the_environment_is_not_counted_unless_it_is_set() -> None:
    assert Allowances().of(ADMIN_TOKEN).objects_per_s == NO_LIMIT
    assert Allowances("admin-token=7").of(ADMIN_TOKEN).objects_per_s == 7


def test_whoever_has_several_roles_has_the_best_of_each() -> None:
    allowances = Allowances("sales=10,analyst=30", "sales=500,analyst=100", "sales = 2, analyst=4")
    best = allowances.of(user("sales", "analyst"))

    assert (best.objects_per_s, best.objects_at_once, best.time_s) == (30, 500, 4)
    assert Allowances("sales=10,analyst=0").of(user("sales", "analyst")).objects_per_s == NO_LIMIT


def test_a_changed_default_is_every_other_roles() -> None:
    assert Allowances("default=9").of(user("sales")).objects_per_s == 9
    assert Allowances("default=9").of(user("integrator")).objects_per_s == OBJECTS_PER_S["integrator"]


@pytest.mark.parametrize("text", ["sales", "sales=", "sales=-1", "sales=1.5", "=3", "sales=1;analyst=2", "sales=1e3"])
def test_a_list_that_is_none_stops_the_start(text: str) -> None:
    with pytest.raises(ConfigurationFault, match="KITH_RATE_LIMITS"):
        Allowances(text)


def test_nobody_can_be_left_without_any_object_or_time() -> None:
    with pytest.raises(ConfigurationFault, match="KITH_COST_LIMITS"):
        Allowances(objects_at_once="sales=0")
    with pytest.raises(ConfigurationFault, match="KITH_TIME_LIMITS"):
        Allowances(time_s="sales=0")
