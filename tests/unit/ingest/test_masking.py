"""What an operator sees of a call without asking for more."""

from __future__ import annotations

import msgspec
import pytest

from ingest.masking import mask_body, mask_example, plain_body

SECRETS = [
    "member-12345",
    "visitor-12345",
    "13912345678",
    "li.lei@shop.cn",
    "李雷雷雷雷雷",
    "openid-12345",
    "device-12345",
    "1.2.3.4",
]


def body() -> bytes:
    return msgspec.json.encode(
        {
            "batch": [
                {
                    "userId": SECRETS[0],
                    "anonymousId": SECRETS[1],
                    "traits": {"phone": int(SECRETS[2]), "nested": [{"email": SECRETS[3]}], "vip": True},
                    "context": {
                        "traits": {"name": SECRETS[4]},
                        "externalIds": [{"type": "x", "id": SECRETS[5]}],
                        "device": {"id": SECRETS[6], "model": "x"},
                        "ip": SECRETS[7],
                    },
                    "properties": {"id": "product-1", "amount": 3},
                }
            ]
        }
    )


def test_personal_values_are_masked_and_the_rest_is_shown() -> None:
    shown = mask_body(body())

    assert not [secret for secret in SECRETS if secret in shown]
    assert '"product-1"' in shown
    assert '"vip": true' in shown


def test_everything_is_shown_when_asked_for() -> None:
    shown = plain_body(body())

    assert not [secret for secret in SECRETS if secret not in shown]


def test_what_is_not_json_is_only_measured() -> None:
    assert mask_body(b"13912345678,") == "12 bytes that are not JSON"
    assert plain_body(b"\xff{") == "\\xff{"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("Zurich", "Zu…(6)"),
        ("Bern", "…(4)"),
        ("1990-05-17", "1990-••-••"),
        ("2026-07-01T08:30:00.123+02:00", "2026-••-••T••:••:••.•••+••:••"),
        (True, "true"),
        (12.5, "12.5"),
        (-12345, "-12345"),
        (13912345678, "13…(11)"),
        (["a", "b"], "[…](2)"),
        ({"a": 1}, None),
        (None, None),
    ],
)
def test_an_example_shows_the_shape_of_a_value(value: object, shown: str | None) -> None:
    assert mask_example(value) == shown
