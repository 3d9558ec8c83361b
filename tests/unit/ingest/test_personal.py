"""How personal values look when they must not be read."""

from __future__ import annotations

import pytest

from ingest.personal import HIDDEN, mask_identifier, mask_value


@pytest.mark.parametrize(
    ("namespace", "value", "shown"),
    [
        ("phone", "+8613812345678", "+86138****5678"),
        ("phone", "13812345678", "138****5678"),
        ("phone", "110", "…(3)"),
        ("phone", "12345678", "12…(8)"),
        ("email", "lena@example.com", "l***@example.com"),
        ("email", "@example.com", "***@example.com"),
        ("email", "no address", "no…(10)"),
        ("wx_unionid", "o6_bmasdasdsad6_2sgVt7hMZOPfL", "o6…(29)"),
        ("user_id", "mia", "mia"),
        ("anonymous_id", "laptop-1", "laptop-1"),
    ],
)
def test_an_identifier_is_told_from_others_and_of_no_use(namespace: str, value: str, shown: str) -> None:
    assert mask_identifier(namespace, value) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("Mia Keller", "Mi…(10)"),
        ("mia@example.com", "m***@example.com"),
        (4111111111111111, "41…(16)"),
        (42, "42"),
        ("1988-04-01", "1988-••-••"),
        ({"street": "Rue 1"}, HIDDEN),
        (["a", "b"], "[…](2)"),
    ],
)
def test_a_value_of_a_personal_name_is_masked_by_its_type(value: object, shown: str) -> None:
    assert mask_value("given", value, sensitive=False) == shown
    assert mask_value("given", value, sensitive=True) == HIDDEN


def test_a_phone_looks_like_one_wherever_it_stands() -> None:
    assert mask_value("gift.phone", "+8613812345678", sensitive=False) == "+86138****5678"
