"""Why a request or a call is refused: stable codes with an HTTP status, and reasons of the quarantine."""

from __future__ import annotations

from enum import StrEnum


class IngestCode(StrEnum):
    """Codes of `/v1/*` errors and reasons of quarantined calls; part of the public contract."""

    MALFORMED_JSON = "MALFORMED_JSON"
    MALFORMED_GZIP = "MALFORMED_GZIP"
    WRONG_TYPE = "WRONG_TYPE"
    MISSING_FIELD = "MISSING_FIELD"
    MISSING_IDENTITY = "MISSING_IDENTITY"
    UNKNOWN_KIND = "UNKNOWN_KIND"
    INVALID_TIME = "INVALID_TIME"
    TIME_OUT_OF_RANGE = "TIME_OUT_OF_RANGE"
    TOO_DEEP = "TOO_DEEP"
    TOO_LONG = "TOO_LONG"
    TOO_MANY_NAMES = "TOO_MANY_NAMES"
    INVALID_CONSENT = "INVALID_CONSENT"
    RESERVED_NAME = "RESERVED_NAME"
    UNAUTHENTICATED = "UNAUTHENTICATED"
    TOO_LARGE = "TOO_LARGE"
    TOO_MANY_CALLS = "TOO_MANY_CALLS"
    TOO_SLOW = "TOO_SLOW"
    UNSUPPORTED_MEDIA_TYPE = "UNSUPPORTED_MEDIA_TYPE"
    RATE_LIMITED = "RATE_LIMITED"
    UNAVAILABLE = "UNAVAILABLE"
    # Only found out after the call was accepted; these never answer a request.
    CONFLICTING_IDENTIFIERS = "CONFLICTING_IDENTIFIERS"
    NO_USABLE_IDENTIFIER = "NO_USABLE_IDENTIFIER"
    TYPE_CONFLICT = "TYPE_CONFLICT"


STATUS: dict[IngestCode, int] = {
    IngestCode.MALFORMED_JSON: 400,
    IngestCode.MALFORMED_GZIP: 400,
    IngestCode.WRONG_TYPE: 400,
    IngestCode.MISSING_FIELD: 400,
    IngestCode.MISSING_IDENTITY: 400,
    IngestCode.UNKNOWN_KIND: 400,
    IngestCode.INVALID_TIME: 400,
    IngestCode.TIME_OUT_OF_RANGE: 400,
    IngestCode.TOO_DEEP: 400,
    IngestCode.TOO_LONG: 400,
    IngestCode.TOO_MANY_NAMES: 400,
    IngestCode.INVALID_CONSENT: 400,
    IngestCode.RESERVED_NAME: 400,
    IngestCode.UNAUTHENTICATED: 401,
    IngestCode.TOO_SLOW: 408,
    IngestCode.TOO_LARGE: 413,
    IngestCode.TOO_MANY_CALLS: 413,
    IngestCode.UNSUPPORTED_MEDIA_TYPE: 415,
    IngestCode.RATE_LIMITED: 429,
    IngestCode.UNAVAILABLE: 503,
}


class Refused(Exception):
    """A request or call that is not taken. The message names fields and limits, never values.

    Args:
        code: what is wrong; its HTTP status is `STATUS[code]`.
        message: one sentence.
        hint: what to do; None when the message says it.
        retry_after_s: when the same may succeed; None: not known.
    """

    def __init__(self, code: IngestCode, message: str, hint: str | None = None, *, retry_after_s: int | None = None):
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint
        self.retry_after_s = retry_after_s
