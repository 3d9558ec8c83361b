"""What is kept of personal values: each kind under a key of its own."""

from __future__ import annotations

from base.keys import Keyring

KEYRING, OTHER = Keyring("0f" * 32), Keyring("f0" * 32)


def test_a_tombstone_is_the_same_for_the_same_thing_and_another_with_another_secret() -> None:
    uid = KEYRING.uid("user_id", "mia")
    assert KEYRING.tombstone(uid) == KEYRING.tombstone(uid)
    assert KEYRING.tombstone(uid) != OTHER.tombstone(uid)
    assert KEYRING.tombstone(uid) != KEYRING.tombstone(KEYRING.uid("user_id", "ben"))


def test_a_tombstone_tells_nothing_of_the_blind_index() -> None:
    uid = KEYRING.uid("user_id", "mia")
    index = uid.partition("|")[2]
    assert index not in KEYRING.tombstone(uid)
    assert KEYRING.tombstone("mia") != KEYRING.uid("", "mia").partition("|")[2]
