"""A stream has what it promises, says whose everything is, and arrives as ingest would take it."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace

import pytest

from base.clock import iso
from bench.streams.noise import DEFAULT_NOISE, PHONE_RESTS_MS, UNTIL_MS, Noise
from bench.streams.people import Standing
from bench.streams.records import Mark, Record, Scene, call, extracted, uid_of
from bench.streams.stream import Generated, Stream
from graph.identity.policy import DEFAULT
from ingest.calls import decode_calls
from ingest.identifiers import SeenIdentifier
from ingest.limits import MAX_BATCH_CALLS
from ingest.namespaces import DEVICE_ID, PHONE, USER_ID
from tests.support.streams import HEAVY

PERSONS = 3_000
STREAM = Stream(PERSONS, seed=3)


@pytest.fixture(scope="module")
def generated() -> Generated:
    return STREAM.generate()


def test_equal_seeds_give_equal_streams() -> None:
    one, same, other = Stream(80, seed=5), Stream(80, seed=5), Stream(80, seed=6)

    assert one.generate() == same.generate()
    assert list(one.delivered(one.generate().records)) == list(same.delivered(same.generate().records))
    assert not {record.message_id for record in one.generate().records} & {
        record.message_id for record in other.generate().records
    }


def test_calls_are_in_the_order_of_their_times_within_a_year(generated: Generated) -> None:
    times = [record.at_ms for record in generated.records]

    assert times == sorted(times)
    assert UNTIL_MS - 366 * 86_400_000 < times[0] < times[-1] < UNTIL_MS
    assert len({record.message_id for record in generated.records}) == len(times)
    assert 9 * PERSONS < len(times) < 15 * PERSONS


def test_everything_arrives_some_late_and_some_again_with_the_same_id(generated: Generated) -> None:
    arrived = list(STREAM.delivered(generated.records))
    count_of = Counter(record.message_id for record in arrived)

    assert {record.message_id: record for record in arrived} == {one.message_id: one for one in generated.records}
    assert max(count_of.values()) == 3
    again = sum(count > 1 for count in count_of.values()) / len(count_of)
    assert again == pytest.approx(DEFAULT_NOISE.duplicates, rel=0.15)
    newest, late = 0, 0
    for record in arrived:
        late += record.at_ms < newest - 60_000
        newest = max(newest, record.at_ms)
    assert late / len(arrived) == pytest.approx(DEFAULT_NOISE.late_days + DEFAULT_NOISE.late_hours, abs=0.03)


def test_ingest_finds_the_identifiers_of_every_call() -> None:
    for noise in (DEFAULT_NOISE, HEAVY):
        records = Stream(150, noise=noise).generate().records
        for start in range(0, len(records), MAX_BATCH_CALLS // 4):
            check_decoded(records[start : start + MAX_BATCH_CALLS // 4])


def check_decoded(records: Sequence[Record]) -> None:
    body = json.dumps({"batch": [call(record) for record in records]}).encode()
    decoded = decode_calls(body, "batch", UNTIL_MS, "web", "0-1")
    assert not decoded.rejected
    for record, found in zip(records, decoded.calls, strict=True):
        expected = extracted(record)
        assert (found.message_id, found.at_ms, found.kind) == (record.message_id, record.at_ms, record.kind)
        assert set(found.identifiers) == set(expected.identifiers)
        assert {one[:2] for one in found.blocked} == {one[:2] for one in expected.blocked}


def test_an_unverified_address_is_unverified_in_the_call() -> None:
    typed = (SeenIdentifier("anonymous_id", "c", True), SeenIdentifier("email", "a@b.example", False))

    assert call(Record("1", 0, "identify", typed, 1, Scene.FORM)) == {
        "type": "identify",
        "messageId": "1",
        "timestamp": iso(0),
        "anonymousId": "c",
        "traits": {"email": "a@b.example"},
        "context": {"verified": False},
    }


def test_shares_of_persons_are_those_asked_for(generated: Generated) -> None:
    people = generated.world.persons
    shares = {
        "visitors": sum(one.standing is Standing.VISITOR for one in people),
        "guests": sum(one.standing is Standing.GUEST for one in people),
        "recycled_phone": len(generated.world.recycled),
        "others_email": sum(mark is Mark.OTHERS_EMAIL for mark in generated.truth.marks.values()),
        "mistyped_email": sum(mark is Mark.MISTYPED for mark in generated.truth.marks.values()),
        "kiosk_users": sum(len(one.persons) for one in generated.world.kiosks),
    }
    known = [one for one in people if one.standing is not Standing.VISITOR]

    for name, count in shares.items():
        expected = getattr(DEFAULT_NOISE, name)
        # Four standard deviations of a count.
        assert count == pytest.approx(PERSONS * expected, abs=4 * (PERSONS * expected) ** 0.5), name
    assert sum(one.crm is not None for one in known) / len(known) == pytest.approx(DEFAULT_NOISE.crm, abs=0.04)
    assert sum(one.wechat is not None for one in known) / len(known) == pytest.approx(DEFAULT_NOISE.wechat, abs=0.04)


def test_a_share_of_calls_holds_a_placeholder_and_still_somebody(generated: Generated) -> None:
    blocked = [len(extracted(record).blocked) for record in generated.records]

    assert set(blocked) == {0, 1}
    assert sum(blocked) / len(blocked) == pytest.approx(DEFAULT_NOISE.placeholders, abs=0.005)
    assert all(extracted(record).identifiers for record in generated.records)


def test_without_noise_of_a_kind_there_is_none_of_it() -> None:
    quiet = replace(DEFAULT_NOISE, placeholders=0, tablet=0, recycled_phone=0, duplicates=0, kiosk_users=0)
    stream = Stream(200, noise=quiet)
    found = stream.generate()

    assert not any(extracted(record).blocked for record in found.records)
    assert {record.scene for record in found.records} == {Scene.OWN, Scene.WECHAT, Scene.FORM}
    assert not found.world.recycled
    assert len(list(stream.delivered(found.records))) == len(found.records)


def test_a_recycled_phone_rests_between_its_holders(generated: Generated) -> None:
    times: dict[str, dict[int, list[int]]] = defaultdict(lambda: defaultdict(list))
    for record in generated.records:
        for one in extracted(record).identifiers:
            if one.namespace == PHONE and one.value in generated.world.recycled:
                assert record.person is not None
                times[one.value][record.person].append(record.at_ms)

    assert times.keys() == generated.world.recycled
    for value, by_person in times.items():
        first, second = sorted(by_person, key=lambda person: by_person[person][0])
        assert by_person[second][0] - by_person[first][-1] >= PHONE_RESTS_MS
        assert generated.truth.owners[uid_of(PHONE, value)] == second


def test_kiosks_see_more_members_than_make_a_device_shared_and_tablets_do_not(generated: Generated) -> None:
    threshold = DEFAULT.of(DEVICE_ID).shared_above or 0
    members: dict[tuple[Scene, str], set[str]] = defaultdict(set)
    persons: dict[tuple[Scene, str], set[int | None]] = defaultdict(set)
    for record in generated.records:
        values = {one.namespace: one.value for one in extracted(record).identifiers}
        if record.scene in (Scene.KIOSK, Scene.TABLET):
            persons[record.scene, values[DEVICE_ID]].add(record.person)
            members[record.scene, values[DEVICE_ID]] |= {values[USER_ID]} if USER_ID in values else set()

    assert {scene for scene, _ in members} == {Scene.KIOSK, Scene.TABLET}
    for (scene, device), seen in members.items():
        if scene is Scene.KIOSK:
            assert len(seen) > threshold, device
            assert None in persons[scene, device]
        else:
            assert len(seen) <= threshold, device
            assert 2 <= len(persons[scene, device]) <= 3


@pytest.mark.parametrize("noise", [DEFAULT_NOISE, HEAVY], ids=["default", "heavy"])
def test_the_truth_says_whose_everything_is(noise: Noise) -> None:
    found = Stream(400, noise=noise).generate()
    owners, marks = found.truth.owners, found.truth.marks
    for record in found.records:
        assert (record.person is None) <= (record.scene is Scene.KIOSK)
        for one in extracted(record).identifiers:
            uid = uid_of(one.namespace, one.value)
            if uid not in owners:
                assert marks[uid] in (Mark.KIOSK, Mark.TABLET, Mark.MISTYPED)
            elif marks.get(uid) not in (Mark.RECYCLED, Mark.OTHERS_EMAIL):
                assert owners[uid] == record.person
