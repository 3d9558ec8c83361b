"""All calls at once: what is read from a call, and to whom it goes."""

from __future__ import annotations

from bench.resolving import resolve_all
from bench.streams.records import Record
from tests.support.streams import record

PHONE = "phone|+8613912345678"


def test_the_first_call_of_a_message_id_counts() -> None:
    first, again = record(1, 0, "user_id|a", "anonymous_id|c"), record(1, 1, "user_id|b", "anonymous_id|c")

    assert resolve_all([first, again]) == resolve_all([first])


def test_a_call_hangs_on_what_is_not_shared() -> None:
    members = [record(number, number, f"user_id|m{number}", PHONE) for number in range(3)]
    found = resolve_all([*members, record(9, 0, PHONE, "anonymous_id|c")])

    assert found.shared == {PHONE}
    assert found.attributed["9"] == found.customer_of["anonymous_id|c"]
    assert found.attributed["1"] == found.customer_of["user_id|m1"]


def test_a_call_with_nothing_but_shared_identifiers_is_of_nobody_else() -> None:
    members = [record(number, number, f"user_id|m{number}", PHONE) for number in range(3)]
    found = resolve_all([*members, record(9, None, PHONE)])

    assert found.customers[found.attributed["9"]] == {PHONE}


def test_vouching_for_an_address_later_is_evidence_of_its_own() -> None:
    calls = [
        record(1, 0, "anonymous_id|c", "email|a@b.example?"),
        record(2, 0, "anonymous_id|c", "email|a@b.example"),
        record(3, 0, "anonymous_id|c", "user_id|m"),
    ]

    assert groups(calls) == groups(calls[::-1]) == groups(calls[1:])
    assert groups(calls) != groups([calls[0], calls[2]])


def groups(calls: list[Record]) -> set[frozenset[str]]:
    return set(resolve_all(calls).customers)


def test_a_device_that_changes_hands_gives_each_the_calls_of_their_time() -> None:
    found = resolve_all(
        [
            record(1, 0, "device_id|d", "user_id|a"),
            record(2, 0, "device_id|d"),
            record(3, 1, "device_id|d", "user_id|b"),
            record(4, 1, "device_id|d"),
        ]
    )

    assert found.attributed["2"] == found.customer_of["user_id|a"]
    assert found.attributed["4"] == found.customer_of["user_id|b"] == found.customer_of["device_id|d"]


def test_placeholders_join_nobody() -> None:
    found = resolve_all(
        [record(number, number, f"user_id|m{number}", "phone|13800000000", "device_id|null") for number in range(2)]
    )

    assert set(found.customers) == {frozenset({"user_id|m0"}), frozenset({"user_id|m1"})}
