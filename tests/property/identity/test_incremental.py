"""One call at a time gives what `resolve` over all evidence gives, though most calls are not resolved at all."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from graph.identity.policy import DEFAULT
from graph.identity.resolve import resolve
from tests.property.identity.incremental_model import Incremental
from tests.property.identity.streams import SIGHTINGS, STREAMS, Sighting, evidence_of, namespaces_of, sighting


def agrees(model: Incremental) -> bool:
    full = resolve(namespaces_of(model.sightings), evidence_of(model.sightings), DEFAULT)
    return model.partition() == set(full.groups) and model.shared == full.shared


def seen(*uids: str, at: int = 0) -> Sighting:
    """A sighting; a question mark says that the call does not vouch for the value."""
    return sighting({uid.removesuffix("?"): not uid.endswith("?") for uid in uids}, at)


VOUCHED_LATER = [
    seen("anonymous_id|0", "crm:shop|0"),
    seen("anonymous_id|0", "email|0?"),
    seen("anonymous_id|0", "email|0"),
]
SHARED_LATER = [
    *(seen("user_id|0", f"phone|{number}", at=9) for number in (1, 2)),
    *(seen("user_id|1", f"phone|{number}", at=9) for number in (3, 4)),
    seen("user_id|0", "phone|0"),
    seen("user_id|1", "phone|0"),
    seen("user_id|2", "email|0"),
    seen("phone|0", "email|0"),
    seen("user_id|2", "phone|0"),
]


@settings(max_examples=250, deadline=None, database=None)
@given(STREAMS)
@example(VOUCHED_LATER)
@example(SHARED_LATER)
def test_after_every_call_incremental_is_full(stream: list[Sighting]) -> None:
    model = Incremental()
    for one in stream:
        model.apply([one])
        assert agrees(model)


@settings(max_examples=150, deadline=None, database=None)
@given(STREAMS, st.sets(st.integers(1, 13)))
def test_after_every_batch_incremental_is_full(stream: list[Sighting], cuts: set[int]) -> None:
    model = Incremental()
    for start, end in pairwise([0, *sorted(cut for cut in cuts if cut < len(stream)), len(stream)]):
        model.apply(stream[start:end])
        assert agrees(model)


@settings(max_examples=100, deadline=None, database=None)
@given(st.lists(SIGHTINGS, min_size=2, max_size=4), st.data())
def test_repeats_at_other_times_are_full_too(sets: list[Sighting], data: st.DataObject) -> None:
    """Few sets, seen again and again: the calls that the quick way is for."""
    model = Incremental()
    for one in data.draw(st.lists(st.sampled_from(sets), min_size=6, max_size=20)):
        model.apply([Sighting(one.members, data.draw(st.integers(0, 9)))])
        assert agrees(model)


@pytest.mark.parametrize("seed", range(3))
def test_long_streams(seed: int) -> None:
    """Longer than hypothesis likes to draw; three fixed ones."""
    chance = random.Random(seed)
    pool = [
        sighting(
            {f"{namespace}|{chance.randrange(3)}": chance.random() > 0.3 for namespace in chance.sample(NAMESPACES, 2)},
            0,
        )
        for _ in range(12)
    ]
    model = Incremental()
    for _ in range(60):
        model.apply([Sighting(chance.choice(pool).members, chance.randrange(30))])
        assert agrees(model)


NAMESPACES = ["user_id", "phone", "email", "wx_openid:A", "device_id", "anonymous_id"]


def test_a_person_seen_again_is_not_resolved() -> None:
    model = Incremental()
    for at in range(5):
        model.apply([seen("user_id|0", "device_id|0", at=at), seen("user_id|0", at=at)])
    assert model.resolved_count == 1
