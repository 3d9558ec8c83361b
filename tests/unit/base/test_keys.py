"""What is kept of personal values: each kind under a key of its own."""

from __future__ import annotations

import pytest

from base.errors import ConfigurationFault
from base.keys import Keyring, version_of
from graph.search_tokens import last_four, name_tokens, query_of_last_four, query_of_name

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


RING = Keyring("1:" + "0f" * 32 + ",2:" + "aa" * 32)
SECOND = Keyring("2:" + "aa" * 32)


def test_what_was_encrypted_before_a_rotation_opens_and_what_is_new_has_the_new_version() -> None:
    for seal, open_ in (
        (lambda keys: keys.seal_display("Mia", "u"), lambda keys, sealed: keys.open_display(sealed, "u")),
        (lambda keys: keys.seal_text('{"a":1}', "f", "n"), lambda keys, sealed: keys.open_text(sealed, "f", "n")),
        (lambda keys: keys.seal_entry(b"x"), lambda keys, sealed: keys.open_entry(sealed)),
        (lambda keys: keys.seal_cursor(b"x", "s"), lambda keys, sealed: keys.open_cursor(sealed, "s")),
    ):
        old, new = seal(KEYRING), seal(RING)
        assert (version_of(old), version_of(new)) == (1, 2)
        assert open_(RING, old) == open_(RING, new)
        with pytest.raises(ConfigurationFault, match="version 2"):
            open_(KEYRING, new)


def test_identifiers_and_tokens_are_found_as_before_after_a_rotation() -> None:
    assert RING.uid("phone", "+41") == KEYRING.uid("phone", "+41")
    assert RING.tombstone("x") == KEYRING.tombstone("x")
    assert RING.token("name", "mia") == KEYRING.token("name", "mia")


def test_the_key_of_the_columnar_file_turns_with_the_version() -> None:
    assert RING.columns_key() != KEYRING.columns_key()


def test_a_document_opens_only_in_its_field_of_its_node() -> None:
    sealed = KEYRING.seal_text('{"city":"Basel"}', "attributes", "cus_1")
    assert isinstance(sealed, bytes)
    assert b"Basel" not in sealed
    for field, node in (("attributes", "cus_2"), ("properties", "cus_1")):
        with pytest.raises(ConfigurationFault):
            KEYRING.open_text(sealed, field, node)
    with pytest.raises(ConfigurationFault):
        OTHER.open_text(sealed, "attributes", "cus_1")


def test_a_document_from_before_they_were_encrypted_is_read() -> None:
    assert KEYRING.open_text('{"a":1}', "attributes", "cus_1") == '{"a":1}'


@pytest.mark.parametrize(
    "damaged", [b"", b"\x01", b"\x01" + b"\x00" * 12, b"\x01" + b"\x00" * 40, b"\x07" + b"\x00" * 40]
)
def test_damaged_values_are_told_as_such(damaged: bytes) -> None:
    with pytest.raises(ConfigurationFault):
        KEYRING.open_entry(damaged)


def test_tokens_are_equal_under_one_key_and_field_only() -> None:
    assert KEYRING.token("name", "mia") == KEYRING.token("name", "mia")
    others = {
        KEYRING.token("phone/last4", "mia"),
        OTHER.token("name", "mia"),
        KEYRING.token("name", "Mia"),
        KEYRING.uid("name", "mia"),
        KEYRING.tombstone("mia"),
    }
    assert KEYRING.token("name", "mia") not in others
    assert len(others) == 5
    assert "mia" not in KEYRING.token("name", "mia")


def test_names_are_found_by_their_words_and_phones_by_their_last_four_digits() -> None:
    tokens = name_tokens(KEYRING, "Mia KELLER, mia")
    assert tokens == f"{KEYRING.token('name', 'mia')} {KEYRING.token('name', 'keller')}"
    assert query_of_name(KEYRING, "+keller -mia") == "+" + " +".join(reversed(tokens.split()))
    assert name_tokens(KEYRING, " - ") is None
    assert query_of_name(KEYRING, "*:*") == ""
    assert last_four(KEYRING, "phone", "+8613812345678") == query_of_last_four(KEYRING, "5678")
    assert last_four(KEYRING, "user_id", "8613812345678") is None
    assert last_four(KEYRING, "phone", "5678") is None
    assert [query_of_last_four(KEYRING, text) for text in ("567", "56789", "567a", "５６７８")] == [None] * 4
