"""What the census lets pass is what a resolution would have said."""

from __future__ import annotations

from collections.abc import Iterable

from hypothesis import given, settings
from hypothesis import strategies as st

from graph.identity.census import Census
from graph.identity.evidence import NOTHING_DECIDED
from graph.identity.ownership import SINCE_EVER, Hold, ownership
from graph.identity.policy import DEFAULT
from graph.identity.resolve import resolve
from tests.property.identity.streams import STREAMS, Sighting, evidence_of, namespaces_of

many = settings(max_examples=300, deadline=None, database=None)


def census_of(stream: list[Sighting], owners: dict[str, str], special: Iterable[str], shared: Iterable[str]) -> Census:
    found = Census(DEFAULT)
    for uid in sorted(owners):
        found.add_identifier(uid, owners[uid], special=uid in special, walked=uid not in shared)
    for seen in evidence_of(stream):
        found.add_set(list(seen.members), [uid for uid, verified in seen.members.items() if not verified])
    return found


@many
@given(STREAMS, st.booleans())
def test_who_is_not_in_doubt_is_one_customer_for_ever(stream: list[Sighting], merged: bool) -> None:
    """Also where the graph says so wrongly: everybody is one customer's, or it is as it should be."""
    namespaces, evidence = namespaces_of(stream), evidence_of(stream)
    resolution = resolve(namespaces, evidence, DEFAULT)
    group_of = {uid: group for group in resolution.groups for uid in group}
    holds = ownership(resolution, namespaces, DEFAULT, NOTHING_DECIDED, _times(stream)).holds
    moved = {uid for uid, theirs in holds.items() if len(theirs) > 1}
    owners = {uid: "one" if merged and uid not in resolution.shared else min(group_of[uid]) for uid in namespaces}
    census = census_of(stream, owners, moved | resolution.shared, resolution.shared)

    doubtful = [uid for component in census.doubtful() for uid in component]

    assert len(doubtful) == len(set(doubtful))
    for uid in namespaces.keys() - set(doubtful):
        assert {other for other in namespaces if owners[other] == owners[uid]} == group_of[uid]
        assert holds[uid] == (Hold(SINCE_EVER, None, uid),)


def test_an_ordinary_person_is_not_in_doubt() -> None:
    """One person with everything once, by strong links: nothing to resolve."""
    owners = {"user_id|1": "c", "phone|1": "c", "anonymous_id|1": "c"}
    census = Census(DEFAULT)
    for uid, owner in owners.items():
        census.add_identifier(uid, owner, special=False, walked=True)
    census.add_set(["user_id|1", "phone|1"], [])
    census.add_set(["user_id|1", "anonymous_id|1"], [])
    assert list(census.doubtful()) == []


def _times(stream: list[Sighting]) -> dict[str, set[int]]:
    found: dict[str, set[int]] = {}
    for one in stream:
        found.setdefault(one.key, set()).add(one.at)
    return found
