"""Cursors of lists come back as they were made, and nothing else is one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from base.errors import BadInput
from base.keys import Keyring
from resolvers.cursors import Cursors, Place

CURSORS = Cursors(Keyring("0f" * 32))
# JSON has no lone surrogates, and neither has anything that is stored.
PLACES = st.lists(st.text(st.characters(codec="utf-8"), max_size=30) | st.integers(-(2**53), 2**53), max_size=3)


@given(PLACES)
def test_a_cursor_comes_back_as_its_place(parts: list[str | int]) -> None:
    place: Place = tuple(parts)

    assert CURSORS.decode("list", CURSORS.encode("list", place), tuple(type(part) for part in parts)) == place


@given(st.text(max_size=60))
def test_no_text_is_a_cursor_by_chance(text: str) -> None:
    with pytest.raises(BadInput):
        CURSORS.decode("list", text, (str,))


def test_a_changed_cursor_or_another_list_is_refused() -> None:
    cursor = CURSORS.encode("list", ("cus_1",))
    for place in range(len(cursor)):
        changed = cursor[:place] + ("A" if cursor[place] != "A" else "B") + cursor[place + 1 :]
        with pytest.raises(BadInput):
            CURSORS.decode("list", changed, (str,))
    for scope, kinds, secret in (("other", (str,), "0f"), ("list", (int,), "0f"), ("list", (str,), "1f")):
        with pytest.raises(BadInput):
            Cursors(Keyring(secret * 32)).decode(scope, cursor, kinds)
