"""`/auth/*`: signing in and out, over HTTP.

Tokens travel in bodies and in `Authorization`, never in cookies: a browser sends nothing by itself, so there is nothing
that another site could make it send.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from access.openapi import document
from access.origins import Origins
from access.sign_in import Attempt, SignIn
from access.throttle import TooMany
from access.wire import (
    ConfirmBody,
    EnrolBody,
    PasswordBody,
    RefreshBody,
    RemoveBody,
    SignInBody,
    read_body,
)
from base.errors import ErrorCode, KithError
from base.logs import get_logger
from graph.repositories.session import FoundUser
from graph.repositories.user import UserRecord

PREFIX: Final = "/auth"
STATUS: Final = {
    ErrorCode.BAD_USER_INPUT: 400,
    ErrorCode.UNAUTHENTICATED: 401,
    ErrorCode.FORBIDDEN: 403,
    ErrorCode.RATE_LIMITED: 429,
    ErrorCode.UNAVAILABLE: 503,
}
_RETRY_S: Final = 5
_PREFLIGHT: Final = {
    "Access-Control-Allow-Methods": "POST",
    "Access-Control-Allow-Headers": "Authorization, Content-Type",
    "Access-Control-Max-Age": "600",
}
Work = Callable[[Request, Attempt], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Told:
    """What the operation log learns of an attempt.

    Args:
        user: whom it was about; None for a phone number of nobody.
        code: of `ErrorCode`, when it was refused.
    """

    action: str
    address: str
    user: UserRecord | FoundUser | None
    code: str | None


Record = Callable[[Told], Awaitable[None]]
# What is told; a token that is exchanged for the next, every few minutes, changes nothing for anybody.
_ACTIONS: Final = {
    "/sign-in": "signIn",
    "/sign-out": "signOut",
    "/password": "changePassword",
    "/totp/enrol": "enrolTotp",
    "/totp/confirm": "confirmTotp",
    "/totp/remove": "removeTotp",
}
_TOLD_FAULTS: Final = (ErrorCode.UNAUTHENTICATED, ErrorCode.FORBIDDEN)
_log = get_logger()


def routes(sign_in: SignIn, allowed_origins: str, record: Record) -> list[Route]:
    """Everything under `/auth`, for the server to mount.

    Args:
        allowed_origins: besides the service's own, separated by commas.
        record: keeps what was done, or who was refused; what it raises is the answer.
    """
    desk, origins = _Desk(sign_in), Origins(allowed_origins)
    works: dict[str, Work] = {
        "/sign-in": desk.sign_in,
        "/refresh": desk.refresh,
        "/sign-out": desk.sign_out,
        "/password": desk.password,
        "/totp/enrol": desk.enrol,
        "/totp/confirm": desk.confirm,
        "/totp/remove": desk.remove,
    }
    return [
        *(
            Route(f"{PREFIX}{path}", _endpoint(path, work, origins, record), methods=["POST", "OPTIONS"])
            for path, work in works.items()
        ),
        Route(f"{PREFIX}/openapi.json", _openapi, methods=["GET"]),
    ]


class _Desk:
    """A method a route: body in, answer out; None answers `{"success": true}`."""

    def __init__(self, sign_in: SignIn):
        self._sign_in = sign_in

    async def sign_in(self, request: Request, attempt: Attempt) -> object:
        body = await read_body(request, SignInBody)
        return await self._sign_in.sign_in(body.phone, body.password, body.totp, attempt)

    async def refresh(self, request: Request, attempt: Attempt) -> object:
        body = await read_body(request, RefreshBody)
        return await self._sign_in.sessions.refresh(body.refresh_token)

    async def sign_out(self, request: Request, attempt: Attempt) -> object:
        await self._sign_in.sign_out(_token(request), attempt)
        return None

    async def password(self, request: Request, attempt: Attempt) -> object:
        body = await read_body(request, PasswordBody)
        await self._sign_in.change_password(_token(request), body.old, body.new, attempt)
        return None

    async def enrol(self, request: Request, attempt: Attempt) -> object:
        body = await read_body(request, EnrolBody)
        return await self._sign_in.enrol(_token(request), body.password, attempt)

    async def confirm(self, request: Request, attempt: Attempt) -> object:
        body = await read_body(request, ConfirmBody)
        await self._sign_in.confirm(_token(request), body.code, attempt)
        return None

    async def remove(self, request: Request, attempt: Attempt) -> object:
        body = await read_body(request, RemoveBody)
        await self._sign_in.remove(_token(request), body.password, body.code, attempt)
        return None


def _endpoint(path: str, work: Work, origins: Origins, record: Record) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        origin = request.headers.get("origin")
        allowed = origins.allows({name: value.decode("latin-1") for name, value in request.scope["headers"]})
        if not allowed:
            fault = KithError(ErrorCode.FORBIDDEN, "This origin is not allowed.", hint="See KITH_ALLOWED_ORIGINS.")
            reply = _fault(path, fault)
        elif request.method == "OPTIONS":
            reply = Response(status_code=204, headers=_PREFLIGHT)
        else:
            reply = await _answered(path, work, request, record)
        reply.headers["Cache-Control"] = "no-store"
        reply.headers["Vary"] = "Origin"
        if allowed and origin is not None:
            reply.headers["Access-Control-Allow-Origin"] = origin
        return reply

    return answer


async def _answered(path: str, work: Work, request: Request, record: Record) -> Response:
    attempt = Attempt(_address(request))
    try:
        made = await _told(path, work, request, attempt, record)
    except KithError as fault:
        return _fault(path, fault)
    return _json(200, {"success": True} if made is None else made)


async def _told(path: str, work: Work, request: Request, attempt: Attempt, record: Record) -> object:
    action = _ACTIONS.get(path)
    try:
        made = await work(request, attempt)
    except KithError as fault:
        # Numbers of nobody are told too: tries at them are bounded, other than at tokens of nobody.
        if action and fault.code in _TOLD_FAULTS and (attempt.user or path == "/sign-in"):
            await record(Told(action, attempt.address, attempt.user, fault.code.value))
        raise
    if action:
        await record(Told(action, attempt.address, attempt.user, None))
    return made


def _fault(path: str, fault: KithError) -> Response:
    _log.info("sign-in refused", route=path, code=fault.code)
    body = {"code": fault.code, "message": fault.message, "hint": fault.hint, "field": fault.field}
    reply = _json(STATUS.get(fault.code, 500), {name: value for name, value in body.items() if value is not None})
    if fault.code in (ErrorCode.RATE_LIMITED, ErrorCode.UNAVAILABLE):
        reply.headers["Retry-After"] = str(fault.wait_s if isinstance(fault, TooMany) else _RETRY_S)
    return reply


async def _openapi(_request: Request) -> Response:
    return _json(200, document())


def _json(status: int, document: Any) -> Response:
    return Response(msgspec.json.encode(document), status, media_type="application/json")


def _token(request: Request) -> str:
    """The access token; empty when there is none that could be one."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _address(request: Request) -> str:
    """The client's IP; a trusted proxy in front is the server's matter (`--proxy-headers`)."""
    return request.client.host if request.client is not None else ""
