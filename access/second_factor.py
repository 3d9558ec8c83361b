"""Codes of an authenticator, by RFC 6238: six digits, a new one every 30 s."""

from __future__ import annotations

import hmac
import os
from base64 import b32decode, b32encode
from typing import Final
from urllib.parse import quote, urlencode

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.hotp import HOTP

SECRET_BYTES: Final = 20
DIGITS: Final = 6
STEP_MS: Final = 30_000
# Source: RFC 6238, 5.2: one step to either side, for clocks that differ and codes that were typed slowly.
_AROUND: Final = (0, -1, 1)
ISSUER: Final = "Kith"


def place(phone: str) -> str:
    """What the ciphertext of a secret is bound to.

    Args:
        phone: the blind index of the user's number.
    """
    return f"totp|{phone}"


def new_secret() -> str:
    """A fresh secret in base 32, as authenticators take it."""
    return b32encode(os.urandom(SECRET_BYTES)).decode()


def uri(secret: str, account: str) -> str:
    """What a QR code for authenticators holds."""
    given = urlencode({"secret": secret, "issuer": ISSUER, "digits": DIGITS, "period": STEP_MS // 1000})
    return f"otpauth://totp/{ISSUER}:{quote(account)}?{given}"


def step_of(secret: str, code: str, at_ms: int, used: int | None) -> int | None:
    """The step of time that a code is of; None when it is wrong, or not later than the last one that was used."""
    now = at_ms // STEP_MS
    matching = [now + off for off in _AROUND if hmac.compare_digest(_code(secret, now + off), code)]
    return next((step for step in matching if used is None or step > used), None)


def _code(secret: str, step: int) -> str:
    # SHA-1 is what authenticators speak; HMAC does not need more of it.
    return HOTP(b32decode(secret), DIGITS, SHA1()).generate(step).decode()  # noqa: S303
