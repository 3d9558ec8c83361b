"""Errors as clients see them: always a code and a hint, never an inside."""

from __future__ import annotations

import re
from typing import Any

from graphql import GraphQLError

from base import logs
from base.errors import ErrorCode, KithError, RateLimited

_log = logs.get_logger()

# graphql-core tells a client about its request in these words; the schema's names are for those who may read it.
_SUGGESTION = re.compile(r" Did you mean [^?]*\?")
_READ_SCHEMA = "Compare the request with the schema (schema/schema.graphql)."
_INTERNAL_HINT = "Try again; if it stays, tell the operator this request id."
_HINTS = {
    ErrorCode.UNAUTHENTICATED: "Send `Authorization: Bearer <token>`; on a WebSocket, in connection_init.",
    ErrorCode.UNAVAILABLE: "Try again in a few seconds.",
    ErrorCode.CURSOR_EXPIRED: "Read the current state, then subscribe from now on.",
    ErrorCode.RATE_LIMITED: "Slow down, then go on.",
    ErrorCode.NOT_FOUND: "Check the id or key.",
}


def formatted(error: GraphQLError, request_id: str, *, suggest: bool = True) -> dict[str, Any]:
    """One entry of `errors`. Logs what is not the client's doing.

    Args:
        suggest: whether messages may name parts of the schema that the client did not.
    """
    cause = error.original_error
    # strawberry and graphql-core may wrap more than once.
    while isinstance(cause, GraphQLError) and cause.original_error is not None:
        cause = cause.original_error
    if isinstance(cause, KithError):
        entry = of_fault(cause)
    elif cause is None or isinstance(cause, GraphQLError):
        message = error.message if suggest else _SUGGESTION.sub("", error.message)
        entry = _entry(message, ErrorCode.BAD_USER_INPUT, _READ_SCHEMA)
    else:
        _log.error("request_failed", request_id=request_id, fault=type(cause).__name__, exc_info=cause)
        entry = _entry("Something went wrong inside.", ErrorCode.INTERNAL, _INTERNAL_HINT)
        entry["extensions"]["requestId"] = request_id
    if error.path is not None:
        entry["path"] = error.path
    if error.locations:
        entry["locations"] = [{"line": place.line, "column": place.column} for place in error.locations]
    return entry


def of_fault(fault: KithError) -> dict[str, Any]:
    """One entry of `errors` without a place."""
    entry = _entry(fault.message, fault.code, fault.hint or _HINTS.get(fault.code) or "Correct the request.")
    if fault.field is not None:
        entry["extensions"]["field"] = fault.field
    if isinstance(fault, RateLimited):
        entry["extensions"]["retryAfter"] = fault.retry_after_s
    return entry


def _entry(message: str, code: ErrorCode, hint: str) -> dict[str, Any]:
    return {"message": message, "extensions": {"code": code.value, "hint": hint}}
