"""Regular expressions in linear time (RE2): no pattern and no text can make a match slow."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Final

# The package has no type information; importing it by name keeps the checker strict for all modules.
_re2: Final = importlib.import_module("re2")
# Enough for any pattern of the permitted length; bounds what one rule can hold in memory.
_MAX_PATTERN_MEMORY_BYTES: Final = 1 << 20


class BadPattern(ValueError):
    """A text that RE2 does not take, with its reason."""


def compile_pattern(pattern: str) -> Callable[[str], bool]:
    """A test whether the pattern is found anywhere in a text; a lone surrogate reads as U+FFFD.

    Raises:
        BadPattern: not a pattern of RE2's syntax, or too large.
    """
    options = _re2.Options()
    options.log_errors = False
    options.never_capture = True
    options.max_mem = _MAX_PATTERN_MEMORY_BYTES
    try:
        expression = _re2.compile(pattern.encode(), options)
    except UnicodeEncodeError:
        raise BadPattern("not valid Unicode") from None
    except _re2.error as fault:
        reason = fault.args[0] if fault.args else "unknown reason"
        raise BadPattern(reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)) from None
    search = expression.search

    def found(text: str) -> bool:
        try:
            encoded = text.encode()
        except UnicodeEncodeError:
            encoded = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").encode()
        return search(encoded) is not None

    return found
