"""Text that JSON allows and stores do not: lone surrogates and NUL become U+FFFD before anything reads them.

Browsers cut emoji in half (`"\\ud83d"`), and one such title must not cost a whole batch. The gateway and the worker
run the same cleaning over the same body, so both see the same call.
"""

from __future__ import annotations

import re

REPLACEMENT = "\ufffd"
_ESCAPED_REPLACEMENT = b"\\ufffd"
# One JSON escape at a time, so that `\\\\ud800` (a backslash and plain letters) is left alone.
_ESCAPE = re.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"  # a whole pair
    rb"|(u[dD][89a-fA-F][0-9a-fA-F]{2}|u0000)"  # half a pair, or NUL
    rb"|[^\n])"
)


def clean_escapes(body: bytes) -> bytes:
    """The body with each lone surrogate escape and each `\\u0000` replaced by `\\ufffd`; all other bytes unchanged."""
    return _ESCAPE.sub(_replace, body)


def needs_cleaning(body: bytes) -> bool:
    """Whether the body may hold something to clean; a cheap look, sometimes true for nothing."""
    return b"\\u0000" in body or b"\\ud" in body or b"\\uD" in body


def _replace(found: re.Match[bytes]) -> bytes:
    return _ESCAPED_REPLACEMENT if found.group(1) is not None else found.group(0)
