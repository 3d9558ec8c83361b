"""Write keys."""

from __future__ import annotations

from base64 import b64encode

import pytest

from base.errors import ConfigurationFault
from ingest.sources import WriteKeys, basic_user


@pytest.mark.parametrize("sources", [{}, {"": "default"}])
def test_no_key_stops_the_start_instead_of_letting_everybody_in(sources: dict[str, str]) -> None:
    with pytest.raises(ConfigurationFault):
        WriteKeys(sources)


def test_a_key_has_its_source_and_no_other_has_any() -> None:
    keys = WriteKeys({"k-1": "shop", "k-2": "app"})

    assert [keys.find_source(key) for key in (b"k-1", b"k-2", b"k", b"", b"\xff")] == ["shop", "app", None, None, None]


@pytest.mark.parametrize(
    ("header", "user"),
    [
        (b"Basic " + b64encode(b"k-1:"), b"k-1"),
        (b"basic  " + b64encode(b"k-1:secret"), b"k-1"),
        (b"Basic " + b64encode(b"k-1"), b"k-1"),
        (b"Bearer k-1", None),
        (b"Basic !!!", None),
        (b"Basic", b""),
        (b"", None),
        (b"Basic " + b64encode(b"k" * 2000), None),
    ],
)
def test_the_key_is_the_user_of_a_basic_header(header: bytes, user: bytes | None) -> None:
    assert basic_user(header) == user
