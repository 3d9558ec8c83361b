"""Which ids the groups get."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import count

import pytest

from graph.identity.assign import FORGOTTEN, Assignment, KnownIdentifier, Past, Retired, assign
from graph.identity.policy import DEFAULT
from tests.unit.identity.evidence import namespace_of


def assigned(
    groups: Iterable[str],
    owners: Mapping[str, str],
    first_seen: Mapping[str, int] | None = None,
    past: Past = FORGOTTEN,
) -> Assignment:
    """Groups as names between blanks; who owns what now; when an identifier was first seen (1 if not given)."""
    numbers = count(1)
    sets = [frozenset(group.split()) for group in groups]
    known = {
        name: KnownIdentifier(name, namespace_of(name), (first_seen or {}).get(name, 1), owners.get(name))
        for group in [*sets, frozenset(owners)]
        for name in group
    }
    return assign(sets, known, DEFAULT, lambda: f"new{next(numbers)}", past)


def test_a_group_that_nobody_claims_gets_a_new_id() -> None:
    found = assigned(["M c"], {})
    assert found.owners == {"M": "new1", "c": "new1"}
    assert found.created == {"new1"}
    assert not found.merged


def test_a_group_with_one_owner_keeps_the_id() -> None:
    found = assigned(["M c"], {"c": "A"})
    assert found.owners == {"M": "A", "c": "A"}
    assert not found.created
    assert not found.merged


@pytest.mark.parametrize(
    ("owners", "first_seen", "survivor"),
    [
        pytest.param({"c": "A", "M": "B"}, {"c": 1, "M": 9}, "B", id="the highest-ranked identifier, however late"),
        pytest.param({"e1": "A", "e2": "B"}, {"e1": 5, "e2": 4}, "B", id="equal ranks: the earliest"),
        pytest.param({"e1": "B", "e2": "A"}, {}, "A", id="equal ranks and times: the smallest id"),
        pytest.param({"c": "A", "p": "A", "e": "B"}, {}, "A", id="a customer is as strong as its strongest"),
    ],
)
def test_the_survivor_of_a_merge(owners: dict[str, str], first_seen: dict[str, int], survivor: str) -> None:
    found = assigned([" ".join(owners)], owners, first_seen)
    (retired,) = {"A", "B"} - {survivor}
    assert set(found.owners.values()) == {survivor}
    assert found.merged == {retired: survivor}
    assert not found.created


def test_three_become_one() -> None:
    found = assigned(["M e c"], {"M": "A", "e": "B", "c": "C"})
    assert found.merged == {"B": "A", "C": "A"}


def test_an_id_stays_with_its_strongest_identifier_when_a_customer_is_split() -> None:
    found = assigned(["M c1", "d c2"], {"M": "A", "c1": "A", "d": "A", "c2": "A"})
    assert found.owners == {"M": "A", "c1": "A", "d": "new1", "c2": "new1"}
    assert found.created == {"new1"}
    assert not found.merged


def test_an_identifier_that_moves_retires_nobody() -> None:
    found = assigned(["M1", "M2 d"], {"M1": "A", "d": "A", "M2": "B"})
    assert found.owners == {"M1": "A", "M2": "B", "d": "B"}
    assert not found.merged
    assert not found.created


def test_who_loses_the_strongest_identifier_to_another_goes_with_it() -> None:
    found = assigned(["M e", "c"], {"M": "A", "e": "B", "c": "B"})
    assert found.owners == {"M": "A", "e": "A", "c": "new1"}
    assert found.merged == {"B": "A"}


def test_the_order_of_groups_plays_no_part() -> None:
    owners = {"M": "A", "e": "B"}
    one, other = assigned(["M", "e", "c", "d"], owners), assigned(["d", "c", "e", "M"], owners)
    assert one == other


# Claim → (groups, owners now, retired → had, customer → its own, owners then).
RETURNS: dict[str, tuple[list[str], dict[str, str], dict[str, str], dict[str, str], dict[str, str]]] = {
    "to what it had": (["c", "M"], {"c": "B", "M": "B"}, {"A": "c"}, {"B": "M"}, {"c": "A", "M": "B"}),
    "with what it would have gained": (
        ["e", "M d"],
        {"e": "S", "M": "S", "d": "S"},
        {"R": "d"},
        {"S": "e"},
        {"e": "S", "M": "R", "d": "R"},
    ),
    "not to a group where the survivor has its own": (
        ["M c", "e"],
        {"M": "A", "c": "A", "e": "A"},
        {"R": "c"},
        {"A": "M e"},
        {"M": "A", "c": "A", "e": "new1"},
    ),
    "once": (
        ["M", "c1", "c2"],
        {"M": "A", "c1": "A", "c2": "A"},
        {"R": "c1 c2"},
        {"A": "M"},
        {"M": "A", "c1": "R", "c2": "new1"},
    ),
    "to nobody else's group": (
        ["M e c"],
        {"M": "A", "e": "A", "c": "A"},
        {"R": "e"},
        {"A": "M"},
        {"M": "A", "e": "A", "c": "A"},
    ),
    "the later merged of two, with the earlier in it": (
        ["M", "e c"],
        {"M": "A", "e": "A", "c": "A"},
        {"R2": "e c", "R1+": "e"},
        {"A": "M", "R2": "c"},
        {"M": "A", "e": "R2", "c": "R2"},
    ),
    "both of two": (
        ["M", "e", "c"],
        {"M": "A", "e": "A", "c": "A"},
        {"R2": "e c", "R1+": "e"},
        {"A": "M", "R2": "c"},
        {"M": "A", "e": "R1", "c": "R2"},
    ),
}


@pytest.mark.parametrize("claim", RETURNS)
def test_a_retired_id_returns(claim: str) -> None:
    """A plus: it was merged by way of another one."""
    groups, owners, retired, own, expected = RETURNS[claim]
    past = Past(
        tuple(Retired(name.rstrip("+"), frozenset(had.split()), name.count("+")) for name, had in retired.items()),
        {customer: names.split() for customer, names in own.items()},
    )
    found = assigned(groups, owners, past=past)
    assert found.owners == expected
    assert found.returned == {one.id for one in past.retired} & set(expected.values())
    assert not found.merged


def test_without_an_undo_a_retired_id_never_returns() -> None:
    """Who knows it knows it as the person into whom it was merged."""
    found = assigned(["M1", "M2 c"], {"M1": "A", "c": "A"})
    assert found.created == {found.owners["c"]}
    assert not found.returned


def test_a_customer_whose_identifiers_are_gone_is_emptied() -> None:
    found = assigned(["M"], {"M": "A", "c": "B"})
    assert found.emptied == {"B"}
    assert found.owners == {"M": "A"}
