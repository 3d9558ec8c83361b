"""Phone numbers of people who sign in: one spelling, a blind index of their own, ciphertext."""

from __future__ import annotations

from typing import Final

import phonenumbers

from base.errors import BadInput
from base.keys import Keyring

MAX_PHONE_CHARS: Final = 40
# No namespace of customers holds a `#`: a user is never found by what is known of a customer, nor the reverse.
_NAMESPACE: Final = "user#phone"


def parse_phone(text: str, region: str) -> str:
    """E.164 of a phone number.

    Args:
        region: two letters, where a number without a country code is from.

    Raises:
        BadInput: it is none.
    """
    try:
        number = phonenumbers.parse(text[: MAX_PHONE_CHARS + 1], region) if len(text) <= MAX_PHONE_CHARS else None
    except phonenumbers.NumberParseException:
        number = None
    if number is None or not phonenumbers.is_possible_number(number):
        raise BadInput(
            "This is no phone number.", hint="Write it with its country code: +8613800138000.", field="phone"
        )
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def phone_index(keyring: Keyring, phone: str) -> str:
    """The blind index of a number in E.164."""
    return keyring.uid(_NAMESPACE, phone)


def seal_phone(keyring: Keyring, phone: str) -> bytes:
    """Ciphertext of a number in E.164."""
    return keyring.seal_display(phone, phone_index(keyring, phone))


def open_phone(keyring: Keyring, sealed: bytes, index: str) -> str:
    """The number behind `seal_phone`, E.164.

    Raises:
        ConfigurationFault: another key, or a damaged value.
    """
    return keyring.open_display(sealed, index)
