"""`GET /customers/{id}/access`: everything about one person as a download, which GraphQL is no place for."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final
from urllib.parse import unquote

import msgspec
import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from access.gate import Gate
from access.origins import Origins
from access.permissions import Permission
from access.principal import Principal
from audit.entry import Actor
from base import logs
from base.errors import ErrorCode, KithError, NotFound, Unavailable
from base.metrics import REQUEST_SECONDS
from resolvers.context import RequestContext, Services
from resolvers.customers.customers import is_customer_id
from resolvers.customers.scope import require as require_in_scope
from resolvers.subject.access import ACTION, Form, Opened, entry_of, form_of, open_access
from resolvers.subject.html_form import CONTENT_SECURITY_POLICY
from resolvers.subject.reading import SubjectReader
from schema.errors import of_fault
from schema.execution.auditing import CLIENT_IP, refused_entry
from schema.execution.engine import check_purpose
from schema.transport.http import new_request_id

ROUTE: Final = "/customers/{id}/access"
NEEDS: Final = Permission.CUSTOMERS_ACCESS
PURPOSE_HEADER: Final = "x-kith-purpose"
# Each reads everything of a person, for seconds or minutes; others of this process have their turn.
MAX_AT_ONCE: Final = 4
# Who reads slower than this holds a place that others wait for.
LONGEST_S: Final = 900.0
RETRY_AFTER_S: Final = 30
MAX_ID_CHARS: Final = 64
_STATUS: Final = {
    ErrorCode.UNAUTHENTICATED: 401,
    ErrorCode.FORBIDDEN: 403,
    ErrorCode.NOT_FOUND: 404,
    ErrorCode.RATE_LIMITED: 429,
    ErrorCode.UNAVAILABLE: 503,
}

_log = logs.get_logger()


class AccessDownload:
    """An ASGI application for one path. What goes wrong after the first byte cuts the connection: nobody is to take a
    part for the whole.
    """

    def __init__(self, services: Services, gate: Gate, origins: Origins):
        self._services = services
        self._gate = gate
        self._origins = origins
        self._reader = SubjectReader(services.graph, services.keyring, services.settings.phone_region)
        self._under_way = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        started_s, request = time.perf_counter(), Request(scope)
        CLIENT_IP.set(request.client.host if request.client else None)
        request_id, status = new_request_id(), 200
        if scope["method"] != "GET":
            # HEAD comes along with GET, and would read everything for nobody.
            await Response(status_code=405, headers={"allow": "GET"})(scope, receive, send)
            return
        with structlog.contextvars.bound_contextvars(request_id=request_id):
            try:
                if not self._origins.allows({name: value.decode("latin-1") for name, value in scope["headers"]}):
                    hint = "KITH_ALLOWED_ORIGINS lists those that are."
                    raise KithError(ErrorCode.FORBIDDEN, "This origin is not allowed.", hint=hint)
                principal = await self._gate.principal(request.headers.get("authorization"))
                await self._require(principal, request_id)
                async with self._place():
                    opened = await self._open(request, request_id, principal)
                    await _stream(opened, request_id, receive, send)
            except KithError as fault:
                refusal = _refusal(fault, request_id)
                status = refusal.status_code
                await refusal(scope, receive, send)
        REQUEST_SECONDS.labels(ROUTE, str(status)).observe(time.perf_counter() - started_s)

    async def _open(self, request: Request, request_id: str, principal: Principal) -> Opened:
        """Who is meant; it is logged that somebody asks who may."""
        context = RequestContext(self._services, request_id, principal, _purpose(request, principal))
        form = form_of(request.query_params.get("format", Form.JSON))
        customer = request.path_params["id"]
        if not is_customer_id(customer) or len(customer) > MAX_ID_CHARS:
            raise NotFound("There is no customer of this id.")
        await require_in_scope(context, [customer])
        opened = await open_access(self._reader, self._services.registry, customer, form)
        actor = Actor(principal.id, principal.name, principal.roles)
        entry = entry_of(opened, actor, context.purpose)
        # Before the first byte: what is not logged is not shown.
        await self._services.audit.write(msgspec.structs.replace(entry, ip=CLIENT_IP.get(), request_id=request_id))
        return opened

    async def _require(self, principal: Principal, request_id: str) -> None:
        try:
            principal.require(NEEDS, ROUTE)
        except KithError:
            with suppress(Unavailable):
                await self._services.audit.write(refused_entry(principal, request_id, ACTION))
            raise

    @asynccontextmanager
    async def _place(self) -> AsyncIterator[None]:
        if self._under_way >= MAX_AT_ONCE:
            hint = f"Try again in {RETRY_AFTER_S} seconds."
            raise KithError(ErrorCode.RATE_LIMITED, f"{MAX_AT_ONCE} such downloads are under way.", hint=hint)
        self._under_way += 1
        try:
            yield
        finally:
            self._under_way -= 1


def _purpose(request: Request, principal: Principal) -> str:
    """What it is for; a key has a purpose of its own. A header holds Latin letters: others are percent-encoded UTF-8.

    Raises:
        BadInput: none is said.
    """
    given = request.headers.get(PURPOSE_HEADER)
    if given is None and principal.purpose is not None:
        return principal.purpose
    return check_purpose(unquote(given or ""), "X-Kith-Purpose")


async def _stream(opened: Opened, request_id: str, receive: Receive, send: Send) -> None:
    """Send the pieces until the end, a fault, or the client leaves."""
    sending = asyncio.create_task(_send(opened, request_id, send))
    leaving = asyncio.create_task(_until_disconnect(receive))
    try:
        await asyncio.wait({sending, leaving}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        leaving.cancel()
        sending.cancel()
        await asyncio.gather(sending, leaving, return_exceptions=True)


async def _send(opened: Opened, request_id: str, send: Send) -> None:
    headers = [(name.encode(), value.encode()) for name, value in _headers(opened, request_id).items()]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    try:
        async with asyncio.timeout(LONGEST_S):
            async for piece in opened.pieces():
                await send({"type": "http.response.body", "body": piece, "more_body": True})
    except Exception as fault:
        # Without its last part the server closes the connection, and the client sees that the body is not whole.
        _log.warning("access_broken_off", fault=type(fault).__name__, exc_info=not isinstance(fault, KithError))
        return
    await send({"type": "http.response.body", "body": b""})


async def _until_disconnect(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _headers(opened: Opened, request_id: str) -> dict[str, str]:
    return {
        "content-type": opened.form.media_type,
        "content-disposition": f'attachment; filename="{opened.filename}"',
        "content-security-policy": CONTENT_SECURITY_POLICY,
        "x-accel-buffering": "no",
        "x-request-id": request_id,
    }


def _refusal(fault: KithError, request_id: str) -> Response:
    status = _STATUS.get(fault.code, 400)
    headers = {"x-request-id": request_id}
    if status == 401:
        headers["www-authenticate"] = "Bearer"
    if status == 429:
        headers["retry-after"] = str(RETRY_AFTER_S)
    body = msgspec.json.encode({"errors": [of_fault(fault)]})
    return Response(body, status, headers, media_type="application/json")
