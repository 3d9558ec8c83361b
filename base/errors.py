"""Faults that people may see, each with a stable code and what to do about it."""

from __future__ import annotations

import math
from enum import StrEnum


class ErrorCode(StrEnum):
    """Codes of the public contract; `docs/errors.md` has a section for each."""

    BAD_USER_INPUT = "BAD_USER_INPUT"
    UNAUTHENTICATED = "UNAUTHENTICATED"
    FORBIDDEN = "FORBIDDEN"
    NOT_FOUND = "NOT_FOUND"
    CURSOR_EXPIRED = "CURSOR_EXPIRED"
    RATE_LIMITED = "RATE_LIMITED"
    UNAVAILABLE = "UNAVAILABLE"
    INTERNAL = "INTERNAL"


class KithError(Exception):
    """A fault that may be shown: a stable code, what happened, and a hint what to do.

    Args:
        code: one of `ErrorCode`; clients branch on it, so it never changes its meaning.
        message: one sentence without personal values.
        hint: what the reader can do; None when the message already says it.
        field: dotted path of the input at fault, e.g. `rule.all.0.event.window`.
    """

    def __init__(self, code: ErrorCode, message: str, *, hint: str | None = None, field: str | None = None):
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint
        self.field = field


class BadInput(KithError):
    """Input that can never succeed as it is."""

    def __init__(self, message: str, *, hint: str | None = None, field: str | None = None):
        super().__init__(ErrorCode.BAD_USER_INPUT, message, hint=hint, field=field)


class NotFound(KithError):
    """A named thing that is not there."""

    def __init__(self, message: str, *, hint: str | None = None):
        super().__init__(ErrorCode.NOT_FOUND, message, hint=hint)


class Unavailable(KithError):
    """Neo4j or Redis cannot be reached now; the same request may succeed later."""

    def __init__(self, message: str, *, hint: str | None = "Try again in a few seconds."):
        super().__init__(ErrorCode.UNAVAILABLE, message, hint=hint)


class RateLimited(KithError):
    """More than this caller may ask for now.

    Args:
        retry_after_s: until the same request may succeed.
    """

    def __init__(self, retry_after_s: float):
        # A whole number, as HTTP tells it, and rounded up: who comes back too early is refused again.
        self.retry_after_s = max(1, math.ceil(retry_after_s))
        super().__init__(
            ErrorCode.RATE_LIMITED,
            "More was asked for than this key or user may have in such a time.",
            hint=f"Wait {self.retry_after_s} s and send the same again; ask for smaller pages, or for a higher limit.",
        )


class ConfigurationFault(Exception):
    """A setting that cannot work; it stops the start instead of being worked around."""
