"""One spelling a value: phones to E.164, e-mail lower-cased, the rest trimmed; and whether it can identify anyone."""

from __future__ import annotations

import re
from enum import StrEnum
from functools import lru_cache
from typing import Final, NamedTuple

import phonenumbers

from graph.identity.policy import DEFAULT, IdentityPolicy, Normalisation
from ingest.cleaning import REPLACEMENT
from ingest.limits import MAX_IDENTIFIER_CHARS

# Source: RFC 5321, section 4.5.3.1 (a path of 256 with its brackets).
MAX_EMAIL_CHARS = 254
# Parsing a phone takes about 50 us; a batch names few phones often. About 10 MB when full.
PHONE_CACHE_ENTRIES = 32_768
# National numbers from this length on hold an area code or are of a mobile phone.
AREA_CODE_CERTAIN_DIGITS = 10

_EMAIL: Final = re.compile(r"[^\s@]+@[^\s@.]+(?:\.[^\s@.]+)+")
# Quotes hide control characters as little as U+FFFD hides lost ones: two broken values may look the same.
_UNUSABLE: Final = re.compile(f"[\x00-\x1f\x7f{REPLACEMENT}]")


class BlockReason(StrEnum):
    """Why a value is data only."""

    BLOCKED = "BLOCKED"
    INVALID = "INVALID"
    UNKNOWN_NAMESPACE = "UNKNOWN_NAMESPACE"


class Normalised(NamedTuple):
    """A value in its one spelling; `reason` is None when it can identify."""

    value: str
    reason: BlockReason | None


def normalise(namespace: str, text: str, region: str, policy: IdentityPolicy = DEFAULT) -> Normalised:
    """The one spelling of a value in a namespace.

    Args:
        region: two letters, where a phone without a country code is from.
    """
    value = text.strip()
    spelling = policy.of(namespace).normalisation
    if spelling is Normalisation.PHONE:
        return _normalise_phone(namespace, value[: MAX_IDENTIFIER_CHARS + 1], region, policy)
    if spelling is not Normalisation.TRIM:
        value = value.lower()
    if policy.blocks(namespace, value):
        return Normalised(value, BlockReason.BLOCKED)
    if len(value) > MAX_IDENTIFIER_CHARS or _UNUSABLE.search(value):
        return Normalised(value, BlockReason.INVALID)
    if spelling is Normalisation.EMAIL and (len(value) > MAX_EMAIL_CHARS or not _EMAIL.fullmatch(value)):
        return Normalised(value, BlockReason.INVALID)
    return Normalised(value, None)


def is_blocked(namespace: str, value: str, policy: IdentityPolicy) -> bool:
    """Whether a policy sets a stored value aside, in its one spelling as `normalise` gave it under another policy."""
    if policy.of(namespace).normalisation is not Normalisation.PHONE:
        return policy.blocks(namespace, value)
    # Stored in E.164, so no region is needed.
    return _normalise_phone(namespace, value, "ZZ", policy).reason is BlockReason.BLOCKED


@lru_cache(maxsize=PHONE_CACHE_ENTRIES)
def _normalise_phone(namespace: str, value: str, region: str, policy: IdentityPolicy) -> Normalised:
    if policy.blocks(namespace, value):
        return Normalised(value, BlockReason.BLOCKED)
    try:
        number = phonenumbers.parse(value, region)
    except phonenumbers.NumberParseException:
        return Normalised(value, BlockReason.INVALID)
    digits = phonenumbers.national_significant_number(number)
    if policy.blocks(namespace, digits):
        return Normalised(value, BlockReason.BLOCKED)
    if not _is_whole(value, digits, number):
        return Normalised(value, BlockReason.INVALID)
    return Normalised(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164), None)


def _is_whole(value: str, digits: str, number: phonenumbers.PhoneNumber) -> bool:
    """Whether a number can be called from anywhere. One without its area code cannot: two towns share it."""
    # Possible is enough where an area code is certain: the tables of assigned ranges age, and a wrong refusal loses a
    # customer's phone. A short number without a country code has to be an assigned one.
    if phonenumbers.is_possible_number_with_reason(number) != phonenumbers.ValidationResult.IS_POSSIBLE:
        return False
    return (
        value.startswith(("+", "00")) or len(digits) >= AREA_CODE_CERTAIN_DIGITS or phonenumbers.is_valid_number(number)
    )
