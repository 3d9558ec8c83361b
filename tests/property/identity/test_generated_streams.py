"""Streams of whole persons: how they arrive plays no part, and customers are the persons as far as calls say so."""

from __future__ import annotations

from random import Random

import pytest

from bench.accuracy import evaluate, measure_stream
from bench.resolving import Resolved, resolve_all
from bench.streams.noise import DEFAULT_NOISE, Noise
from bench.streams.records import Record, extracted, uid_of
from bench.streams.stream import Stream
from graph.identity.evidence import SeenTogether
from graph.identity.policy import DEFAULT
from graph.identity.resolve import resolve
from tests.support.streams import HEAVY

SEEDS = range(4)
noises = pytest.mark.parametrize("noise", [DEFAULT_NOISE, HEAVY], ids=["default", "heavy"])


@noises
@pytest.mark.parametrize("seed", SEEDS)
def test_late_and_repeated_arrival_gives_the_customers_of_an_orderly_one(seed: int, noise: Noise) -> None:
    stream = Stream(60, seed, noise)
    records = stream.generate().records
    chance = Random(seed)
    shuffled = [*records, *chance.choices(records, k=len(records) // 3)]
    chance.shuffle(shuffled)

    orderly = resolve_all(records)

    same(resolve_all(stream.delivered(records)), orderly)
    same(resolve_all(shuffled), orderly)


def same(one: Resolved, other: Resolved) -> None:
    """Compares part by part, so that a failure says which."""
    assert one.customers == other.customers
    assert one.holds == other.holds
    assert one.attributed == other.attributed
    assert one == other


@noises
@pytest.mark.parametrize("seed", SEEDS)
def test_components_one_by_one_give_what_all_evidence_at_once_gives(seed: int, noise: Noise) -> None:
    records = Stream(60, seed, noise).generate().records
    found = resolve_all(records)
    namespaces, sets = everything(records)

    at_once = resolve(namespaces, sets, DEFAULT)

    assert set(found.customers) == set(at_once.groups)
    assert found.shared == at_once.shared
    assert found.shared, "a kiosk"


def everything(records: tuple[Record, ...]) -> tuple[dict[str, str], list[SeenTogether]]:
    namespaces: dict[str, str] = {}
    sets: list[SeenTogether] = []
    for record in records:
        identifiers = extracted(record).identifiers
        namespaces |= {uid_of(one.namespace, one.value): one.namespace for one in identifiers}
        members = {uid_of(one.namespace, one.value): one.verified for one in identifiers}
        sets.append(SeenTogether(record.message_id, members, record.at_ms, record.at_ms))
    return namespaces, sets


def test_customers_are_the_persons() -> None:
    """At the bounds of `bench.rows.identity_accuracy`. One wrong case among 300 persons is 0.1 to 0.3 % of the pairs,
    and half of all seeds have one; the bench row has enough persons for a rate.
    """
    accuracy = measure_stream(Stream(300))

    assert accuracy.precision >= 0.999, accuracy.wrong
    assert accuracy.recall >= 0.99, accuracy.missed


@pytest.mark.parametrize("seed", SEEDS)
def test_what_calls_connect_becomes_one_customer(seed: int) -> None:
    accuracy = measure_stream(Stream(300, seed))

    assert accuracy.recall_of_shown >= 0.99, accuracy.missed
    assert accuracy.attribution >= 0.97, accuracy.misattributed


def test_without_noise_everything_is_right() -> None:
    """Persons who log in, confirm their addresses and use devices of their own, kiosks and placeholders beside them."""
    ideal = Noise(
        guests=0,
        visitors=0,
        device_without_log_in=0,
        cookie_without_log_in=0,
        wechat_unbound=0,
        changed_phone=0,
        recycled_phone=0,
        others_email=0,
        tablet=0,
        placeholders=0.5,
    )
    stream = Stream(300, noise=ideal)
    generated = stream.generate()
    accuracy = evaluate(generated.records, generated.truth, resolve_all(stream.delivered(generated.records)))

    assert accuracy.precision == 1, accuracy.wrong
    assert accuracy.recall_of_shown == 1, accuracy.missed
    assert accuracy.attribution == 1, accuracy.misattributed
