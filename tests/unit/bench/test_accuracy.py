"""Pairs are counted as if they had been listed, and everything that is wrong has a kind."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations

import pytest

from bench.accuracy import Accuracy, evaluate, explained
from bench.misses import TABLET_BETWEEN, UNSEEN, Tally
from bench.resolving import Resolved, resolve_all
from bench.streams.records import Mark, Record, Scene, Truth, extracted, uid_of
from bench.streams.stream import Generated, Stream
from tests.support.streams import HEAVY, record


def measured(records: list[Record], owners: Mapping[str, int], marks: Mapping[str, Mark] | None = None) -> Accuracy:
    return evaluate(records, Truth(owners, marks or {}), resolve_all(records))


def costs(tallies: Mapping[str, Tally]) -> dict[str, int]:
    return {kind: tally.cost for kind, tally in tallies.items()}


@pytest.mark.parametrize("seed", range(3))
def test_counts_are_those_of_listed_pairs(seed: int) -> None:
    generated = Stream(60, seed, HEAVY).generate()
    resolved = resolve_all(generated.records)
    accuracy = evaluate(generated.records, generated.truth, resolved)
    named = named_owners(generated)
    pairs = list(combinations(named, 2))
    right = sum(named[a] == named[b] and together(resolved, a, b) for a, b in pairs)

    assert accuracy.true_pairs == sum(named[a] == named[b] for a, b in pairs)
    assert accuracy.found_pairs == sum(together(resolved, a, b) for a, b in pairs)
    assert accuracy.right_pairs == right
    assert sum(costs(accuracy.missed).values()) == accuracy.true_pairs - right
    assert sum(costs(accuracy.wrong).values()) == accuracy.found_pairs - right
    assert accuracy.right_shown_pairs <= accuracy.shown_pairs <= accuracy.true_pairs


def named_owners(generated: Generated) -> dict[str, int]:
    uids = {uid_of(one.namespace, one.value) for call in generated.records for one in extracted(call).identifiers}
    return {uid: generated.truth.owners[uid] for uid in sorted(uids & generated.truth.owners.keys())}


def together(resolved: Resolved, a: str, b: str) -> bool:
    return resolved.customer_of[a] == resolved.customer_of[b]


def test_a_person_well_known_is_right() -> None:
    accuracy = measured(
        [record(1, 0, "anonymous_id|c"), record(2, 0, "anonymous_id|c", "user_id|m")],
        {"anonymous_id|c": 0, "user_id|m": 0},
    )

    assert (accuracy.precision, accuracy.recall, accuracy.attribution) == (1, 1, 1)
    assert (accuracy.true_pairs, accuracy.events) == (1, 2)


def test_a_device_without_a_log_in_is_missed_and_no_call_connects_it() -> None:
    accuracy = measured(
        [record(1, 0, "anonymous_id|c", "user_id|m"), record(2, 0, "anonymous_id|other")],
        {"anonymous_id|c": 0, "anonymous_id|other": 0, "user_id|m": 0},
        {"anonymous_id|other": Mark.NO_LOG_IN},
    )

    assert costs(accuracy.missed) == {f"{UNSEEN}: {Mark.NO_LOG_IN}": 2}
    assert (accuracy.recall, accuracy.recall_of_shown) == (1 / 3, 1)


def test_a_visitor_with_the_address_of_another_is_a_wrong_pair() -> None:
    accuracy = measured(
        [record(1, 0, "user_id|m", "email|a@b.example"), record(2, 1, "anonymous_id|c", "email|a@b.example?")],
        {"user_id|m": 0, "email|a@b.example": 0, "anonymous_id|c": 1},
        {"email|a@b.example": Mark.OTHERS_EMAIL},
    )

    assert costs(accuracy.wrong) == {Mark.OTHERS_EMAIL: 2}
    assert costs(accuracy.misattributed) == {Mark.OTHERS_EMAIL: 1}
    assert (accuracy.found_pairs, accuracy.right_pairs, accuracy.attribution) == (3, 1, 0.5)


def test_who_takes_the_tablet_before_logging_in_is_taken_for_the_one_before() -> None:
    tablet = "device_id|t"
    accuracy = measured(
        [
            record(1, 0, tablet, "user_id|a", scene=Scene.TABLET),
            record(2, 1, tablet, scene=Scene.TABLET),
            record(3, 1, tablet, "user_id|b", scene=Scene.TABLET),
        ],
        {"user_id|a": 0, "user_id|b": 1},
        {tablet: Mark.TABLET},
    )

    assert costs(accuracy.misattributed) == {TABLET_BETWEEN: 1}
    assert accuracy.right_events == 2


def test_repetitions_count_once() -> None:
    records = list(Stream(40, noise=HEAVY).generate().records)
    truth = Stream(40, noise=HEAVY).generate().truth

    assert evaluate(records * 2, truth, resolve_all(records * 2)) == evaluate(records, truth, resolve_all(records))


def test_the_explanation_names_the_costliest_kind_first() -> None:
    generated = Stream(300, noise=HEAVY).generate()
    missed = explained(evaluate(generated.records, generated.truth, resolve_all(generated.records)))["missed_pairs"]

    assert isinstance(missed, dict)
    found = [tally["cost"] for tally in missed.values()]
    assert len(found) > 3
    assert found == sorted(found, reverse=True)
