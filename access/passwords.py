"""Passwords: which are taken, and hashing them without stopping the process."""

from __future__ import annotations

import asyncio
import os
import secrets
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from base.errors import ErrorCode, KithError

# Source: RFC 9106, section 4, second recommendation (64 MiB, 3 passes), with one lane: cores serve other requests.
MEMORY_KIB: Final = 64 * 1024
PASSES: Final = 3
LANES: Final = 1
SALT_BYTES: Final = 16
HASH_BYTES: Final = 32
# Each takes 64 MiB and a core for a fifth of a second.
MAX_AT_ONCE: Final = 2
# Five seconds of work at most; whoever comes then is told to come again.
MAX_QUEUED: Final = 24

# Source: NIST SP 800-63B, 5.1.1.2: length, no composition rules, a list of common ones, nothing about the person.
MIN_CHARS: Final = 12
MAX_CHARS: Final = 256
# `abcabcabcabc` is as easily guessed as `abc`.
_LONGEST_UNIT: Final = 4
_COMMON_FILE: Final = Path(__file__).with_name("common_passwords.txt")
_FIRST_BYTES: Final = 12


def new_first_password() -> str:
    """A password for the first sign-in: 96 bits, easily read aloud."""
    digits = secrets.token_hex(_FIRST_BYTES)
    return "-".join(digits[start : start + 6] for start in range(0, len(digits), 6))


def problem_with(password: str, *, phone: str, name: str) -> str | None:
    """Why a new password is refused, for people to read; None when it is taken.

    Args:
        phone: E.164.
    """
    text = _normal(password)
    if len(text) < MIN_CHARS:
        return f"A password has {MIN_CHARS} characters or more."
    if len(password) > MAX_CHARS or len(text) > MAX_CHARS:
        return f"A password has {MAX_CHARS} characters at most."
    lower = text.lower()
    if lower in _common() or _is_pattern(lower):
        return "This password is among the commonest."
    bare_name = "".join(name.lower().split())
    if phone.lstrip("+") in lower or (len(bare_name) > 2 and lower.replace(" ", "").strip("0123456789") == bare_name):
        return "A password is not the phone number or the name."
    return None


@cache
def _common() -> frozenset[str]:
    lines = _COMMON_FILE.read_text(encoding="utf-8").splitlines()
    return frozenset(line.strip().lower() for line in lines if not line.startswith("#"))


def _is_pattern(text: str) -> bool:
    repeated = any(text == (text[:unit] * len(text))[: len(text)] for unit in range(1, _LONGEST_UNIT + 1))
    steps = {ord(after) - ord(before) for before, after in pairwise(text)}
    # Counting up or down, over 9 to 0 too.
    return repeated or steps <= {1, -9} or steps <= {-1, 9}


class Hasher:
    """Hashes passwords in threads, `MAX_AT_ONCE` at once. One a process."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(MAX_AT_ONCE, thread_name_prefix="argon2")
        self._queued = 0
        self._nobodys: str | None = None

    async def hash(self, password: str) -> str:
        """What is kept of a password, in PHC form.

        Raises:
            KithError: RATE_LIMITED, too many wait.
        """
        return await self._run(password, None)

    async def matches(self, password: str, kept: str | None) -> bool:
        """Whether a password is the one that was kept. Without one it takes as long, and is none.

        Raises:
            KithError: RATE_LIMITED, too many wait.
        """
        if self._nobodys is None:
            self._nobodys = await self._run(secrets.token_hex(), None)
        answer = await self._run(password, kept or self._nobodys)
        return bool(answer) and kept is not None

    async def _run(self, password: str, kept: str | None) -> str:
        if self._queued >= MAX_QUEUED:
            raise KithError(ErrorCode.RATE_LIMITED, "Too many people sign in.", hint="Try again in a few seconds.")
        self._queued += 1
        try:
            work = _hash if kept is None else _verify
            return await asyncio.get_running_loop().run_in_executor(self._pool, work, password, kept)
        finally:
            self._queued -= 1


def _hash(password: str, _kept: str | None) -> str:
    argon = Argon2id(
        salt=os.urandom(SALT_BYTES), length=HASH_BYTES, iterations=PASSES, lanes=LANES, memory_cost=MEMORY_KIB
    )
    return argon.derive_phc_encoded(_normal(password).encode("utf-8", "surrogatepass"))


def _verify(password: str, kept: str | None) -> str:
    """The kept hash when it is of the password, else an empty text."""
    assert kept is not None, "there is one to compare with"
    try:
        Argon2id.verify_phc_encoded(_normal(password).encode("utf-8", "surrogatepass"), kept)
    except InvalidKey:
        return ""
    return kept


def _normal(password: str) -> str:
    """One spelling: a keyboard may send the parts of a letter, or the letter."""
    return unicodedata.normalize("NFKC", password)
