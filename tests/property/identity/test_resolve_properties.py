"""`resolve` over random streams: order and repeats play no part, no limit is broken, sharing only grows."""

from __future__ import annotations

from collections import Counter
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from graph.identity.policy import DEFAULT
from graph.identity.resolve import Link, Resolution, find_shared, resolve
from tests.property.identity.streams import STREAMS, Sighting, evidence_of, namespace_of, namespaces_of

many = settings(max_examples=200, deadline=None, database=None)


def resolved(stream: list[Sighting]) -> Resolution:
    return resolve(namespaces_of(stream), evidence_of(stream), DEFAULT)


@many
@given(STREAMS, st.randoms(use_true_random=False))
def test_order_and_repeats_play_no_part(stream: list[Sighting], random: Random) -> None:
    again = stream + random.choices(stream, k=4)
    random.shuffle(again)
    names = list(namespaces_of(again).items())
    random.shuffle(names)

    assert resolve(dict(names), evidence_of(again), DEFAULT) == resolved(stream)


@many
@given(STREAMS)
def test_the_groups_are_a_partition_within_the_limits(stream: list[Sighting]) -> None:
    groups = resolved(stream).groups

    assert sorted(uid for group in groups for uid in group) == sorted(namespaces_of(stream))
    for group in groups:
        for namespace, count in Counter(map(namespace_of, group)).items():
            limit = DEFAULT.of(namespace).limit
            assert limit is None or count <= limit


@many
@given(STREAMS)
def test_a_shared_identifier_stands_alone(stream: list[Sighting]) -> None:
    found = resolved(stream)

    assert all(frozenset([uid]) in found.groups for uid in found.shared)
    assert not any(found.shared & {link.a, link.b} for link in found.links)


@many
@given(STREAMS)
def test_links_explain_the_groups(stream: list[Sighting]) -> None:
    """Accepted links span exactly the groups; a rejected one names a pair that is in two."""
    found = resolved(stream)
    group_of = {uid: group for group in found.groups for uid in group}
    accepted = [link for link in found.links if link.rejected is None]

    assert all(group_of[link.a] is group_of[link.b] for link in accepted)
    assert spanned(sorted(group_of), accepted) == set(found.groups)
    for link in found.links:
        assert link.a < link.b
        assert link.first_at <= link.last_at
        assert (link.rejected is None) == (link.blocking is None)


def spanned(uids: list[str], links: list[Link]) -> set[frozenset[str]]:
    group_of = {uid: frozenset([uid]) for uid in uids}
    for link in links:
        joined = group_of[link.a] | group_of[link.b]
        group_of.update(dict.fromkeys(joined, joined))
    return set(group_of.values())


@many
@given(STREAMS)
def test_sharing_only_grows_with_evidence(stream: list[Sighting]) -> None:
    before: frozenset[str] = frozenset()
    for end in range(1, len(stream) + 1):
        known = stream[:end]
        shared = find_shared(namespaces_of(known), evidence_of(known), DEFAULT)
        assert before <= shared
        before = shared


@many
@given(STREAMS)
def test_weak_links_never_join_two_persons(stream: list[Sighting]) -> None:
    """Persons of one group are joined by links between persons and accounts alone."""
    found = resolved(stream)
    vouched = {uid for one in stream if len(one.members) > 1 for uid, verified in one.members if verified}
    weak_only = {"device_id", "anonymous_id", "loyalty_card"}
    strong = [
        link
        for link in found.links
        if link.rejected is None
        and not {namespace_of(link.a), namespace_of(link.b)} & weak_only
        # A contact that nobody vouches for in this stream has weak links only.
        and all(namespace_of(uid) not in ("phone", "email") or uid in vouched for uid in (link.a, link.b))
    ]
    joined = spanned(sorted(namespaces_of(stream)), strong)
    for group in found.groups:
        persons = {
            uid for uid in group if DEFAULT.of(namespace_of(uid), uid in vouched).identifier_class.name == "PERSON"
        }
        assert sum(1 for part in joined if part & persons) <= 1
