"""Stretches of time against the plainest reading: at each instant, who was seen with it last."""

from __future__ import annotations

from collections.abc import Collection
from itertools import pairwise
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from graph.identity.evidence import NOTHING_DECIDED, strongest
from graph.identity.ownership import SINCE_EVER, Ownership, Stretches, ownership
from graph.identity.policy import DEFAULT, Conflict, IdentifierClass
from graph.identity.resolve import Resolution, resolve
from tests.property.identity.streams import STREAMS, Sighting, evidence_of, namespace_of, namespaces_of

many = settings(max_examples=300, deadline=None, database=None)
INSTANTS = range(-1, 12)


def owned(stream: list[Sighting]) -> tuple[Resolution, Ownership]:
    names, sets = namespaces_of(stream), evidence_of(stream)
    resolution = resolve(names, sets, DEFAULT)
    stretches = Stretches(resolution, names, DEFAULT, NOTHING_DECIDED)
    times: dict[str, Collection[int]] = {}
    if (found := stretches.follow(times)).unknown:
        # Only what was asked for, as the graph would be asked.
        times = {key: [one.at for one in stream if one.key == key] for key in found.unknown}
        found = stretches.follow(times)
    assert not found.unknown
    assert found == ownership(resolution, names, DEFAULT, NOTHING_DECIDED, times), "in two goes as in one"
    return resolution, found


def naive_group(stream: list[Sighting], resolution: Resolution, uid: str, at: int, seen: frozenset[str]) -> int:
    """The number of the group that had an identifier at an instant."""
    group_of = {one: number for number, group in enumerate(resolution.groups) for one in group}
    own = group_of[uid]
    if uid in seen or DEFAULT.of(namespace_of(uid)).conflict is Conflict.REJECT:
        return own
    found: list[tuple[tuple[bool, int], int, str]] = []
    for one in stream:
        members = {name: verified for name, verified in one.members if name not in resolution.shared}
        if uid not in members or len(members) < 2:
            continue
        centre = strongest(members, namespaces_of(stream), DEFAULT)
        if centre == uid:
            continue
        ends = [DEFAULT.of(namespace_of(name), members[name]) for name in (uid, centre)]
        device = any(end.identifier_class is IdentifierClass.DEVICE for end in ends)
        found.append(((device, sum(end.rank for end in ends)), one.at, centre))
    if not found:
        return own
    best = min(strength for strength, _, _ in found)
    sightings = sorted((when, group_of[centre] == own, centre) for strength, when, centre in found if strength == best)
    before = [one for one in sightings if one[0] <= at]
    _, _, centre = (
        before[-1]
        if before
        else next(
            # The first sighting: of several at its instant the one that counts there.
            one
            for one in reversed(sightings)
            if one[0] == sightings[0][0]
        )
    )
    last = naive_group(stream, resolution, sightings[-1][2], 10**9, seen | {uid})
    if last != own and at > sightings[-1][0]:
        return own
    return naive_group(stream, resolution, centre, at, seen | {uid})


@many
@given(STREAMS)
def test_each_instant_is_whose_it_was(stream: list[Sighting]) -> None:
    resolution, found = owned(stream)
    group_of = {one: number for number, group in enumerate(resolution.groups) for one in group}
    for uid in namespaces_of(stream):
        # Evidence in circles is cut at its strongest identifier, which the naive reading does not know.
        if circular(stream, resolution):
            continue
        for at in INSTANTS:
            (hold,) = [one for one in found.holds[uid] if one.start <= at and (one.end is None or at < one.end)]
            assert group_of[hold.holder] == naive_group(stream, resolution, uid, at, frozenset()), (uid, at)


def circular(stream: list[Sighting], resolution: Resolution) -> bool:
    """Whether two identifiers each were the stronger one, since a call did not vouch for one of them."""
    below: dict[str, set[str]] = {}
    for one in stream:
        members = {name: verified for name, verified in one.members if name not in resolution.shared}
        if len(members) > 1:
            centre = strongest(members, namespaces_of(stream), DEFAULT)
            for uid in members.keys() - {centre}:
                below.setdefault(uid, set()).add(centre)

    def reaches(uid: str, goal: str, seen: set[str]) -> bool:
        if uid in seen:
            return False
        seen.add(uid)
        return any(one == goal or reaches(one, goal, seen) for one in below.get(uid, ()))

    return any(reaches(uid, uid, set()) for uid in below)


@many
@given(STREAMS)
def test_stretches_cover_all_time_and_end_with_the_customer_of_now(stream: list[Sighting]) -> None:
    resolution, found = owned(stream)
    group_of = {one: group for group in resolution.groups for one in group}
    assert found.holds.keys() == namespaces_of(stream).keys()
    for uid, holds in found.holds.items():
        assert holds[0].start == SINCE_EVER
        assert [one.end for one in holds] == [*(one.start for one in holds[1:]), None]
        assert all(one.end is None or one.start < one.end for one in holds)
        assert group_of[holds[-1].holder] == group_of[uid]
        groups = [group_of[one.holder] for one in holds]
        assert all(one != other for one, other in pairwise(groups))


@many
@given(STREAMS, st.randoms(use_true_random=False))
def test_order_and_repeats_play_no_part(stream: list[Sighting], random: Random) -> None:
    again = stream + random.choices(stream, k=4)
    random.shuffle(again)
    assert shown(*owned(again)) == shown(*owned(stream))


def shown(resolution: Resolution, found: Ownership) -> dict[str, list[tuple[int, int | None, frozenset[str]]]]:
    """Stretches with the groups that had them."""
    group_of = {one: group for group in resolution.groups for one in group}
    return {uid: [(one.start, one.end, group_of[one.holder]) for one in holds] for uid, holds in found.holds.items()}
