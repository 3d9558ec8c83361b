"""Values that mean "nobody in particular". One of them as an identifier would join strangers."""

from __future__ import annotations

import re
from typing import Final

_QUOTES: Final = "\"'`“”‘’«»"
# Compared after trimming, unquoting and lower-casing.
_EXACT: Final = frozenset(
    {
        "", "null", "(null)", "<null>", "nil", "none", "undefined", "nan", "n/a", "na", "0", "-1", "-", "true", "false",
        "anonymous", "guest", "unknown", "[object object]", "{}", "[]",
    }
)  # fmt: skip
_EMAILS: Final = frozenset({"test@test.com", "a@a.com", "none@none.com", "null@null.com"})
_EMAIL_LOCAL_PARTS: Final = frozenset({"noreply", "no-reply", "no_reply", "donotreply", "do-not-reply"})
# Android's emulator and a whole series of phones report this one.
_DEVICE_IDS: Final = frozenset({"9774d56d682e549c"})
# Zeros of any length stand for nothing; other digits only from four on, since `7` or `22` may be a member number.
_SAME_DIGITS: Final = re.compile(r"0+|([1-9])\1{3,}")
_SEPARATORS: Final = str.maketrans("", "", "-_. ()+:")
# National parts like 13800000000 and 18888888888: an operator's prefix, then one digit eight times; or counting up.
_PHONE_FILLER: Final = re.compile(r"\d{0,4}(\d)\1{7,}|0?1234567890?1?2?")


def is_blocked(namespace: str, value: str) -> bool:
    """Whether a normalised value is a placeholder in this namespace. Phones: see `is_blocked_phone`."""
    bare = value.strip(_QUOTES).strip().lower()
    if bare in _EXACT or _SAME_DIGITS.fullmatch(bare.translate(_SEPARATORS)):
        return True
    if namespace == "email":
        return bare in _EMAILS or bare.partition("@")[0] in _EMAIL_LOCAL_PARTS
    return bare in _DEVICE_IDS


def is_blocked_phone(national_digits: str) -> bool:
    """Whether the digits of a phone, without the country code, are a filler."""
    return bool(_SAME_DIGITS.fullmatch(national_digits) or _PHONE_FILLER.fullmatch(national_digits))
