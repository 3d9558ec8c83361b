"""GraphQL over HTTP: GET and POST, and server-sent events. Written to ASGI for its speed."""

from __future__ import annotations

import asyncio
import os
import re
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing, suppress
from typing import Any, TypeAlias

import msgspec
import structlog
from starlette.types import Receive, Scope, Send

from access.gate import Caller, Gate
from access.origins import Origins
from base import logs
from base.errors import BadInput, ErrorCode, KithError, RateLimited
from base.metrics import REQUEST_SECONDS
from schema.errors import of_fault
from schema.execution.auditing import CLIENT_IP
from schema.execution.engine import Answer, Engine, Operation, Refused, is_subscription
from schema.execution.request import GraphQLRequest
from schema.transport.negotiation import Media, negotiate
from schema.transport.reading import ClientLeft, HttpFault, read_get, read_post

ROUTE = "/graphql"
# Proxies close a silent connection after a minute or less.
KEEP_ALIVE_S = 12.0
_REQUEST_ID = re.compile(r"[A-Za-z0-9_.\-]{1,64}")
_STATUS = {
    ErrorCode.UNAUTHENTICATED: 401,
    ErrorCode.FORBIDDEN: 403,
    ErrorCode.RATE_LIMITED: 429,
    ErrorCode.UNAVAILABLE: 503,
}

_Headers: TypeAlias = Sequence[tuple[bytes, bytes]]
_log = logs.get_logger()
_encode = msgspec.json.Encoder().encode


def new_request_id() -> str:
    """A fresh request id, 16 hexadecimal digits."""
    return os.urandom(8).hex()


class GraphQLOverHttp:
    """An ASGI application for one path.

    Args:
        gate: checked before anything of a request is read.
        origins: of web pages that may ask.
    """

    def __init__(self, engine: Engine, gate: Gate, origins: Origins):
        self._engine = engine
        self._gate = gate
        self._origins = origins

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        started_s = time.perf_counter()
        CLIENT_IP.set(scope["client"][0] if scope.get("client") else None)
        headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
        given_id = headers.get(b"x-request-id", "")
        request_id = given_id if _REQUEST_ID.fullmatch(given_id) else new_request_id()
        exchange = _Exchange(self._engine, request_id, negotiate(headers.get(b"accept", "")), send)
        with structlog.contextvars.bound_contextvars(request_id=request_id):
            try:
                await self._serve(scope, headers, receive, exchange)
            except ClientLeft:
                return
            except Exception as fault:
                if exchange.status:
                    raise
                await exchange.fail(fault)
        REQUEST_SECONDS.labels(ROUTE, str(exchange.status)).observe(time.perf_counter() - started_s)

    async def _serve(self, scope: Scope, headers: dict[bytes, str], receive: Receive, exchange: _Exchange) -> None:
        method = scope["method"]
        try:
            if not self._origins.allows(headers):
                raise KithError(
                    ErrorCode.FORBIDDEN, "Pages of this origin may not ask.", hint="Add it to KITH_ALLOWED_ORIGINS."
                )
            caller = await self._gate.caller(headers.get(b"authorization"))
            if exchange.media is None:
                raise HttpFault(406, BadInput("No acceptable media type.", hint="Accept application/json."))
            if method == "POST":
                request = await read_post(headers.get(b"content-type", ""), headers.get(b"content-length", ""), receive)
            elif method == "GET":
                request = read_get(scope["query_string"])
            else:
                raise HttpFault(405, BadInput("Only GET and POST are served.", hint="Send it with POST."), "GET, POST")
            operation = await self._accept(request, method, exchange, caller)
        except KithError as fault:
            more = [(b"retry-after", b"%d" % fault.retry_after_s)] if isinstance(fault, RateLimited) else []
            return await exchange.refuse(_STATUS.get(fault.code, 400), [of_fault(fault)], more)
        except HttpFault as http_fault:
            more = [(b"allow", http_fault.allow.encode())] if http_fault.allow else []
            return await exchange.refuse(http_fault.status, [of_fault(http_fault.fault)], more)
        except Refused as refused:
            await self._engine.note(refused)
            if refused.forbidden is not None:
                return await exchange.refuse(403, refused.answer.body["errors"])
            return await exchange.answer(refused.answer)
        if exchange.media is Media.EVENTS:
            return await exchange.stream(operation, receive)
        return await exchange.answer(await self._engine.execute(operation, exchange.request_id))

    async def _accept(self, request: GraphQLRequest, method: str, exchange: _Exchange, caller: Caller) -> Operation:
        operation = await self._engine.accept(request, exchange.request_id, caller)
        if method == "GET" and operation.kind == "mutation":
            raise HttpFault(405, BadInput("GET changes nothing.", hint="Send mutations with POST."), "POST")
        if is_subscription(operation) and exchange.media is not Media.EVENTS:
            raise HttpFault(
                406, BadInput("A subscription is a stream.", hint="Accept text/event-stream, or use the WebSocket.")
            )
        return operation


class _Exchange:
    """One request's answer, in the media type that was negotiated.

    Attributes:
        status: 0 until the answer has begun.
    """

    def __init__(self, engine: Engine, request_id: str, media: Media | None, send: Send):
        self.request_id = request_id
        self.media = media
        self.status = 0
        self._engine = engine
        self._send = send

    async def answer(self, answer: Answer) -> None:
        """A whole answer. A refused request is 400, but for clients of the older media type (see `Media`)."""
        if self.media is Media.EVENTS:
            await self._open_stream()
            await self._event(b"next", _encode(answer.body))
            return await self._close_stream()
        status = 200 if answer.started or self.media is Media.JSON else 400
        return await self._whole(status, self.media or Media.JSON, _encode(answer.body))

    async def refuse(self, status: int, errors: list[dict[str, Any]], more: _Headers = ()) -> None:
        """An answer that HTTP gives before GraphQL could, with what headers it needs besides."""
        media = self.media if self.media not in (None, Media.EVENTS) else Media.JSON
        await self._whole(status, media or Media.JSON, _encode({"errors": errors}), more)

    async def fail(self, fault: Exception) -> None:
        """Something broke outside of execution."""
        _log.error("request_failed", fault=type(fault).__name__, exc_info=fault)
        internal = KithError(ErrorCode.INTERNAL, "Something went wrong inside.", hint="Try again.")
        entry = of_fault(internal)
        entry["extensions"]["requestId"] = self.request_id
        await self.refuse(500, [entry])

    async def stream(self, operation: Operation, receive: Receive) -> None:
        """Answers as server-sent events until the stream ends or the client leaves.

        Source: https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md, distinct connections mode.
        """
        await self._open_stream()
        sending = asyncio.ensure_future(self._send_events(operation))
        leaving = asyncio.ensure_future(_until_disconnect(receive))
        try:
            await asyncio.wait({sending, leaving}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            leaving.cancel()
            if not sending.done():
                sending.cancel()
            with suppress(asyncio.CancelledError):
                await sending

    async def _send_events(self, operation: Operation) -> None:
        if not is_subscription(operation):
            await self._event(b"next", _encode((await self._engine.execute(operation, self.request_id)).body))
            return await self._close_stream()
        async with aclosing(self._engine.subscribe(operation, self.request_id)) as answers:
            async for answer in _with_pauses(answers):
                if answer is None:
                    await self._body(b":\n\n")
                else:
                    await self._event(b"next", _encode(answer.body))
        return await self._close_stream()

    async def _open_stream(self) -> None:
        self.status = 200
        headers = [
            (b"content-type", Media.EVENTS.value.encode()),
            (b"cache-control", b"no-cache"),
            # nginx would otherwise hold events back until its buffer is full.
            (b"x-accel-buffering", b"no"),
            (b"x-request-id", self.request_id.encode()),
        ]
        await self._send({"type": "http.response.start", "status": 200, "headers": headers})
        # A first byte, so that the client knows the stream is open before anything happens.
        await self._body(b":\n\n")

    async def _event(self, name: bytes, data: bytes) -> None:
        await self._body(b"event: " + name + b"\ndata: " + data + b"\n\n")

    async def _close_stream(self) -> None:
        await self._event(b"complete", b"")
        await self._send({"type": "http.response.body", "body": b""})

    async def _body(self, data: bytes) -> None:
        await self._send({"type": "http.response.body", "body": data, "more_body": True})

    async def _whole(self, status: int, media: Media, body: bytes, more: _Headers = ()) -> None:
        self.status = status
        headers = [
            (b"content-type", media.value.encode()),
            (b"content-length", str(len(body)).encode()),
            (b"cache-control", b"no-store"),
            (b"x-request-id", self.request_id.encode()),
            *more,
        ]
        if status == 401:
            headers.append((b"www-authenticate", b"Bearer"))
        await self._send({"type": "http.response.start", "status": status, "headers": headers})
        await self._send({"type": "http.response.body", "body": body})


async def _until_disconnect(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _with_pauses(answers: AsyncGenerator[Answer, None]) -> AsyncGenerator[Answer | None, None]:
    """The answers, and None whenever none came for `KEEP_ALIVE_S`."""
    step: asyncio.Future[Answer] | None = None
    try:
        while True:
            if step is None:
                step = asyncio.ensure_future(anext(answers))
            done, _ = await asyncio.wait({step}, timeout=KEEP_ALIVE_S)
            if not done:
                yield None
                continue
            try:
                answer = step.result()
            except StopAsyncIteration:
                step = None
                return
            step = None
            yield answer
    finally:
        if step is not None:
            step.cancel()
            with suppress(asyncio.CancelledError, StopAsyncIteration):
                await step
