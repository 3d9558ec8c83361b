"""What an entry may say, and what becomes of what it may not."""

from __future__ import annotations

import pytest

from audit.chain import GENESIS, BlockFault, pack, unpack
from audit.entry import MAX_TEXT, NO_NAME, Entry, decode, encode, named
from base.keys import Keyring

KEYRING = Keyring("0f" * 32)


@pytest.mark.parametrize("text", ["vip-2026", "cus_0d1k", "email|x3Zq_-", "growth/2026", "会员", "$os", "a b"])
def test_keys_ids_and_names_are_told(text: str) -> None:
    assert named(text) == text


@pytest.mark.parametrize(
    "text", ["ann@example.org", "", "a\nb", 'say "x"', "(555) 1234", "x" * (MAX_TEXT + 1), "<b>", "\u202eabc"]
)
def test_what_can_be_no_name_is_not_repeated(text: str) -> None:
    assert named(text) == NO_NAME


def test_an_entry_is_read_as_it_was_written_and_by_older_and_newer_versions() -> None:
    one = Entry(at_ms=1, module="tag", action="createTag", user="u", user_name="A\nB", customers=("cus_1",))

    assert b"\n" not in encode(one)
    assert decode(encode(one)) == one
    assert decode(encode(one)[:-1] + b',"later":1}') == one


def test_a_block_says_what_is_in_it() -> None:
    lines = [
        encode(Entry(at_ms=at, module=module, action="a", user="u", user_name="U"))
        for at, module in ((5, "tag"), (3, "segment"))
    ]
    block = pack(KEYRING, 7, GENESIS, lines)

    assert (block.first, block.last, block.from_ms, block.to_ms) == (7, 8, 3, 5)
    assert block.facets == ("a:a", "m:segment", "m:tag", "o:OK", "u:u")
    assert [one.line for one in unpack(KEYRING, block)] == lines
    assert b"segment" not in block.sealed


def test_what_unpacks_to_more_than_a_block_can_be_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    block = pack(KEYRING, 1, GENESIS, [encode(Entry(at_ms=1, module="m" * 500, action="a", user="u", user_name="U"))])
    monkeypatch.setattr("audit.chain.MAX_BLOCK_BYTES", 100)

    with pytest.raises(BlockFault):
        unpack(KEYRING, block)
