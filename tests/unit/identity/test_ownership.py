"""Who held an identifier when, on worked cases."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Mapping, Sequence

import pytest

from graph.identity.evidence import NOTHING_DECIDED, CannotLink, Decided, SeenTogether
from graph.identity.ownership import SINCE_EVER, Ownership, ownership
from graph.identity.policy import DEFAULT
from tests.unit.identity.evidence import namespace_of, resolved, seen


def owned(
    sets: Sequence[SeenTogether],
    times: Mapping[str, Collection[int]] | None = None,
    decided: Decided = NOTHING_DECIDED,
) -> Ownership:
    resolution = resolved(sets, decided=decided)
    names = {name: namespace_of(name) for one in sets for name in one.members}
    return ownership(resolution, names, DEFAULT, decided, times or {})


def held(
    sets: Sequence[SeenTogether], name: str, decided: Decided = NOTHING_DECIDED
) -> list[tuple[int | None, int | None, str]]:
    """(start, end, the strongest of the customer) of each stretch; a start of None is since ever."""
    resolution = resolved(sets, decided=decided)
    group_of = {uid: group for group in resolution.groups for uid in group}
    found = owned(sets, decided=decided)
    assert not found.unknown
    return [
        (None if hold.start == SINCE_EVER else hold.start, hold.end, min(group_of[hold.holder], key=rank))
        for hold in found.holds[name]
    ]


def rank(name: str) -> tuple[int, str]:
    return DEFAULT.of(namespace_of(name)).rank, name


def often(text: str, *times: int) -> SeenTogether:
    """A set that was seen at several times."""
    return SeenTogether(text, dict.fromkeys(text.split(), True), min(times), max(times), len(times))


CASES: dict[str, tuple[list[SeenTogether], str, list[tuple[int | None, int | None, str]]]] = {
    "a visitor is the person who logs in later": ([seen("c M", 5)], "c", [(None, None, "M")]),
    "alone": ([seen("d c", 5)], "d", [(None, None, "d")]),
    "a shared tablet": ([seen("M1 d", 1), seen("M2 d", 2)], "d", [(None, 2, "M1"), (2, None, "M2")]),
    "a tablet that goes back": (
        [often("M1 d", 1, 4), seen("M2 d", 2)],
        "d",
        [(None, 2, "M1"), (2, 4, "M2"), (4, None, "M1")],
    ),
    "who used it before them keeps nothing": ([seen("M1 d", 3), seen("M2 d", 3)], "d", [(None, None, "M1")]),
    "a phone that changes hands": ([seen("M1 p", 1, last=5), seen("M2 p", 9)], "p", [(None, 9, "M1"), (9, None, "M2")]),
    "an e-mail on a form takes nothing": (
        [seen("M1 e", 1), seen("M2 e?", 9)],
        "e",
        [(None, None, "M1")],
    ),
    "a stronger link is not interrupted by a weaker one": (
        [seen("M d", 1), seen("e d", 5)],
        "d",
        [(None, None, "M")],
    ),
    "a number beyond the limit was theirs while it was seen": (
        [seen("M p1", 1), seen("M p2", 2), seen("M p3", 3)],
        "p1",
        [(None, 2, "M"), (2, None, "p1")],
    ),
    "a member number that two claim was nobody else's": (
        [seen("C1 M1", 1), seen("C1 M2", 2)],
        "C1",
        [(None, None, "M2")],
    ),
    "a cookie of a device goes where the device goes": (
        [seen("M1 d", 1), seen("M2 d", 5), often("d c", 2, 7)],
        "c",
        [(None, 5, "M1"), (5, None, "M2")],
    ),
    "a kiosk was never anybody's": ([seen(f"M{n} d", n) for n in (1, 2, 3, 4)], "d", [(None, None, "d")]),
    "one instant, two customers: who has it now": (
        [seen("M1 d", 1), seen("M2 d", 1), seen("M2 d c", 9)],
        "d",
        [(None, None, "M2")],
    ),
}


@pytest.mark.parametrize("claim", CASES)
def test_case(claim: str) -> None:
    sets, name, expected = CASES[claim]
    for order in itertools.permutations(sets):
        assert held(order, name) == expected


def test_what_somebody_took_apart_was_never_together() -> None:
    apart = Decided(cannot=(CannotLink("decision", frozenset("d"), frozenset(["M1"])),))
    assert held([seen("M1 d", 1), seen("M2 d", 2)], "d", apart) == [(None, None, "M2")]


def test_times_are_asked_for_only_where_sightings_interleave() -> None:
    apart = [often("M1 d", 1, 2, 3), often("M2 d", 4, 5, 6)]
    assert not owned(apart).unknown
    mixed = [often("M1 d", 1, 3, 5), often("M2 d", 2, 4, 6)]
    assert owned(mixed).unknown == {"M1 d", "M2 d"}
    exact = owned(mixed, {"M1 d": [1, 3, 5], "M2 d": [2, 4, 6]})
    assert not exact.unknown
    assert [(hold.start, hold.holder) for hold in exact.holds["d"]] == [
        (SINCE_EVER, "M1"), (2, "M2"), (3, "M1"), (4, "M2"), (5, "M1"), (6, "M2"),
    ]  # fmt: skip
