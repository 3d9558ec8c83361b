"""Passwords, tokens and keys: they do not show themselves, and whatever is written down is searched for them."""

from __future__ import annotations

import json
import re
import sys
import traceback
from types import TracebackType
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

MASK = "**********"
# A shorter one is a word that stands in any line; `kith doctor` complains of it instead.
MIN_CHARS = 8
# What opens something though no setting names it: addresses with a password, and headers with a token or a key.
_IN_ADDRESS = re.compile(r"(?<=://)[^\s/@\"']*:[^\s/@\"']*(?=@)")
_IN_HEADER = re.compile(r"\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}", re.IGNORECASE)
_known: set[str] = set()


class Secret(str):
    """A text that may not be shown: where an object, a record or a stack with values is printed, a mask is.

    It still is the text, for the libraries that need it. A wrapper would be opened at forty places, and what is opened
    is as bare as before; what gets into a line all the same is masked by `mask`.
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return repr(MASK if self else "")

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(cls, core_schema.str_schema())


def remember(*secrets: str) -> None:
    """What `mask` is to look for, in this process; of an address its password alone."""
    for secret in secrets:
        bare = password_in(secret) if "://" in secret else secret
        spellings = {bare, unquote(bare), quote(bare, safe=""), json.dumps(bare)[1:-1]}
        _known.update(one for one in spellings if len(one) >= MIN_CHARS)


def password_in(address: str) -> str:
    """The password in an address, as it is spelled there; empty when there is none."""
    try:
        return urlsplit(address).password or ""
    except ValueError:
        return ""


def mask(text: str) -> str:
    """A text without any secret that this process knows, and without what looks like one."""
    # The longest first: one may be a part of another.
    for secret in sorted(_known, key=len, reverse=True):
        if secret in text:
            text = text.replace(secret, MASK)
    if "://" in text:
        text = _IN_ADDRESS.sub(MASK, text)
    return _IN_HEADER.sub(rf"\1 {MASK}", text)


def guard_crashes() -> None:
    """Make the stack that a dying process prints go through `mask`."""
    sys.excepthook = _print_masked


def _print_masked(kind: type[BaseException], fault: BaseException, stack: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        return
    sys.stderr.write(mask("".join(traceback.format_exception(kind, fault, stack))))
