"""Tokens: random texts that carry nothing. Only their hash is kept: what is stored opens nothing."""

from __future__ import annotations

import secrets
from enum import StrEnum
from hashlib import sha256
from typing import Final

# 30 bytes of randomness, 40 characters: no hash of it can be guessed, so a fast one will do.
_RANDOM_BYTES: Final = 30
SHOWN_CHARS: Final = 8


class TokenKind(StrEnum):
    """What a token is, told by its beginning: people and secret scanners see it at once."""

    ACCESS = "kus_"
    REFRESH = "kur_"
    API_KEY = "kak_"
    WRITE_KEY = "kwk_"


def new_token(kind: TokenKind) -> str:
    """A fresh token of 44 characters."""
    return kind + secrets.token_urlsafe(_RANDOM_BYTES)


def token_hash(token: str) -> str:
    """What is kept of a token: SHA-256, hexadecimal."""
    return sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
