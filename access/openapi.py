"""The published description of `/auth/*` (OpenAPI 3.1), from the bodies that the routes read."""

from __future__ import annotations

from functools import cache
from typing import Any, Final

import msgspec

from access.passwords import MAX_CHARS, MIN_CHARS
from access.wire import (
    MAX_BODY_BYTES,
    ConfirmBody,
    EnrolBody,
    PasswordBody,
    RefreshBody,
    RemoveBody,
    SignInBody,
    fields_of,
)

Schema = dict[str, Any]

_TEXT: Final[Schema] = {"type": "string"}
_TOKENS: Final[Schema] = {
    "type": "object",
    "required": ["accessToken", "refreshToken", "expiresIn", "mustChangePassword"],
    "properties": {
        "accessToken": {**_TEXT, "description": "Opens /graphql: `Authorization: Bearer …`."},
        "refreshToken": {**_TEXT, "description": "Exchanged once for the next pair."},
        "expiresIn": {"type": "integer", "description": "Of the access token, seconds."},
        "mustChangePassword": {"type": "boolean", "description": "Until it is changed nothing else opens."},
    },
}
_ENROLMENT: Final[Schema] = {
    "type": "object",
    "required": ["secret", "uri"],
    "properties": {"secret": {**_TEXT, "description": "Base 32."}, "uri": {**_TEXT, "description": "For a QR code."}},
}
_SUCCESS: Final[Schema] = {"type": "object", "properties": {"success": {"const": True}}}
_FAULT: Final[Schema] = {
    "type": "object",
    "required": ["code", "message"],
    "properties": {"code": _TEXT, "message": _TEXT, "hint": _TEXT, "field": _TEXT},
}
_FAULTS: Final = {
    400: f"`BAD_USER_INPUT`: not JSON, longer than {MAX_BODY_BYTES} bytes, or a field that can never be right.",
    401: "`UNAUTHENTICATED`: wrong, unknown, disabled or over; which of it is not told.",
    403: "`FORBIDDEN`: the password has to be changed first, or a strange origin asks.",
    429: "`RATE_LIMITED`: too many tries; `Retry-After` says how many seconds to wait.",
    503: "`UNAVAILABLE`: try again.",
}
# Path → summary, body, answer, whether it takes an access token.
_ROUTES: Final[dict[str, tuple[str, type[msgspec.Struct] | None, Schema, bool]]] = {
    "/auth/sign-in": ("Begin a session", SignInBody, _TOKENS, False),
    "/auth/refresh": ("The next pair of tokens", RefreshBody, _TOKENS, False),
    "/auth/sign-out": ("End the session", None, _SUCCESS, True),
    "/auth/password": (
        f"Another password, of {MIN_CHARS} to {MAX_CHARS} characters; other sessions end",
        PasswordBody,
        _SUCCESS,
        True,
    ),
    "/auth/totp/enrol": ("A secret for an authenticator", EnrolBody, _ENROLMENT, True),
    "/auth/totp/confirm": ("From now on signing in takes a code", ConfirmBody, _SUCCESS, True),
    "/auth/totp/remove": ("No code any more", RemoveBody, _SUCCESS, True),
}


@cache
def document() -> Schema:
    """The OpenAPI document as plain data."""
    return {
        "openapi": "3.1.0",
        "info": {"title": "Kith sign-in", "version": "1", "description": "JSON alone; no cookies; never cached."},
        "paths": {path: {"post": _operation(path, *route)} for path, route in _ROUTES.items()},
        "components": {"securitySchemes": {"access": {"type": "http", "scheme": "bearer"}}},
    }


def _operation(path: str, summary: str, body: type[msgspec.Struct] | None, answer: Schema, signed_in: bool) -> Schema:
    operation: Schema = {
        "operationId": path.removeprefix("/auth/").replace("/", "-"),
        "summary": summary,
        "responses": {
            "200": _content("Done", answer),
            **{str(status): _content(meaning, _FAULT) for status, meaning in _FAULTS.items()},
        },
    }
    if body is not None:
        fields = fields_of(body)
        schema = {
            "type": "object",
            "properties": dict.fromkeys(fields, _TEXT),
            "required": [name for name, needed in fields.items() if needed],
            "additionalProperties": False,
        }
        operation["requestBody"] = {"required": True, **_content("", schema)}
    if signed_in:
        operation["security"] = [{"access": []}]
    return operation


def _content(description: str, schema: Schema) -> Schema:
    described = {"description": description} if description else {}
    return {**described, "content": {"application/json": {"schema": schema}}}
