"""What the routes under `/auth` take, and how a body is read."""

from __future__ import annotations

from typing import Final, TypeVar

import msgspec
from starlette.requests import ClientDisconnect, Request

from base.errors import BadInput

MAX_BODY_BYTES: Final = 4096

B = TypeVar("B", bound=msgspec.Struct)


class SignInBody(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    """`/auth/sign-in`."""

    phone: str
    password: str
    totp: str | None = None


class RefreshBody(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    """`/auth/refresh`."""

    refresh_token: str


class PasswordBody(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    """`/auth/password`."""

    old: str
    new: str


class EnrolBody(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    """`/auth/totp/enrol`."""

    password: str


class ConfirmBody(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    """`/auth/totp/confirm`."""

    code: str


class RemoveBody(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    """`/auth/totp/remove`."""

    password: str
    code: str = ""


async def read_body(request: Request, kind: type[B]) -> B:
    """The body of a request; never part of a message, for it holds secrets.

    Raises:
        BadInput: not JSON, too long, or not of the kind.
    """
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media != "application/json":
        raise BadInput("The body is not JSON.", hint="Send Content-Type: application/json.")
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > MAX_BODY_BYTES:
                raise BadInput(f"The body is longer than {MAX_BODY_BYTES} bytes.")
    except ClientDisconnect as fault:
        raise BadInput("The body was cut off.") from fault
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError):
        # The decoder's own text may name what was sent.
        raise BadInput("The body does not have the form that is asked for.", hint=_form(kind)) from None


def fields_of(kind: type[msgspec.Struct]) -> dict[str, bool]:
    """Names in JSON → whether a field is needed."""
    return {one.encode_name: one.required for one in msgspec.structs.fields(kind)}


def _form(kind: type[msgspec.Struct]) -> str:
    names = [name if needed else f"{name}?" for name, needed in fields_of(kind).items()]
    return f"Send an object of texts: {{{', '.join(names)}}}."
