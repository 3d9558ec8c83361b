"""Cursors come back as they went out, and nobody can make one up."""

from __future__ import annotations

import pytest

from base.errors import BadInput
from base.keys import Keyring
from delivery.cursor import OLDEST, Cursors

CURSORS = Cursors(Keyring("11" * 32))


@pytest.mark.parametrize("position", [1, 2, 1_000_000, 2**53 - 1, 2**63 - 1])
def test_a_cursor_comes_back_as_its_position(position: int) -> None:
    assert CURSORS.decode(CURSORS.encode(position)) == position


def test_the_oldest_cursor_is_position_zero() -> None:
    assert CURSORS.decode(OLDEST) == 0


def test_a_cursor_of_another_deployment_is_refused() -> None:
    with pytest.raises(BadInput):
        CURSORS.decode(Cursors(Keyring("22" * 32)).encode(7))


def test_any_changed_character_is_refused() -> None:
    cursor = CURSORS.encode(4711)
    for index, char in enumerate(cursor):
        for other in ("A", "B", "-", "_", "=", " "):
            if other != char:
                with pytest.raises(BadInput):
                    CURSORS.decode(cursor[:index] + other + cursor[index + 1 :])


def test_a_cursor_shows_no_plain_position() -> None:
    assert "4711" not in CURSORS.encode(4711)
    assert len(CURSORS.encode(4711)) == 22
