"""GraphQL over WebSocket: the graphql-transport-ws protocol, and nothing older.

Source: https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md, whose close codes these are.
"""

from __future__ import annotations

import asyncio
from contextlib import aclosing, suppress
from enum import IntEnum
from typing import Any, Literal, TypeAlias

import msgspec
import structlog
from starlette.types import Receive, Scope, Send

from access.gate import Caller, Gate
from access.origins import Origins
from base.errors import ErrorCode, KithError
from schema.errors import of_fault
from schema.execution.auditing import CLIENT_IP
from schema.execution.engine import Answer, Engine, Operation, Refused, is_subscription
from schema.execution.request import GraphQLRequest
from schema.transport.http import new_request_id

SUBPROTOCOL = "graphql-transport-ws"
INIT_TIMEOUT_S = 10.0
# One front end's page has a handful; each costs a task and perhaps a queue.
MAX_OPERATIONS = 100
MAX_ID_CHARS = 200


class CloseCode(IntEnum):
    """Why the server ends a connection."""

    INTERNAL_ERROR = 4500
    BAD_REQUEST = 4400
    UNAUTHORIZED = 4401
    FORBIDDEN = 4403
    SUBPROTOCOL_NOT_ACCEPTABLE = 4406
    INIT_TIMEOUT = 4408
    SUBSCRIBER_EXISTS = 4409
    TOO_MANY_REQUESTS = 4429


class _Init(msgspec.Struct, tag_field="type", tag="connection_init"):
    payload: dict[str, Any] | None = None


class _Ping(msgspec.Struct, tag_field="type", tag="ping"):
    payload: dict[str, Any] | None = None


class _Pong(msgspec.Struct, tag_field="type", tag="pong"):
    payload: dict[str, Any] | None = None


class _Subscribe(msgspec.Struct, tag_field="type", tag="subscribe"):
    id: str
    payload: GraphQLRequest


class _Complete(msgspec.Struct, tag_field="type", tag="complete"):
    id: str


_Message: TypeAlias = _Init | _Ping | _Pong | _Subscribe | _Complete
_decoder: msgspec.json.Decoder[_Message] = msgspec.json.Decoder(_Message)
_encoder = msgspec.json.Encoder()


class _Closed(Exception):
    """Ends the connection with a code."""

    def __init__(self, code: CloseCode, reason: str):
        super().__init__()
        self.code = code
        self.reason = reason


class GraphQLOverWebSocket:
    """An ASGI application for WebSocket connections to one path.

    Args:
        origins: of web pages that may connect.
    """

    def __init__(self, engine: Engine, gate: Gate, origins: Origins):
        self._engine = engine
        self._gate = gate
        self._origins = origins

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        await receive()
        headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
        if not self._origins.allows(headers):
            # Before it is accepted, a close is an HTTP 403.
            await send({"type": "websocket.close", "code": CloseCode.FORBIDDEN})
            return
        if SUBPROTOCOL not in scope.get("subprotocols", ()):
            await send({"type": "websocket.accept"})
            code = CloseCode.SUBPROTOCOL_NOT_ACCEPTABLE
            await send({"type": "websocket.close", "code": code, "reason": "Subprotocol not acceptable"})
            return
        await send({"type": "websocket.accept", "subprotocol": SUBPROTOCOL})
        with structlog.contextvars.bound_contextvars(connection_id=new_request_id()):
            CLIENT_IP.set(scope["client"][0] if scope.get("client") else None)
            await _Connection(self._engine, self._gate, receive, send).serve()


class _Connection:
    def __init__(self, engine: Engine, gate: Gate, receive: Receive, send: Send):
        self._engine = engine
        self._gate = gate
        self._receive = receive
        self._send = send
        self._operations: dict[str, asyncio.Task[None]] = {}
        self._caller: Caller | None = None
        self._initialised = False
        self._acknowledged = False
        self._open = True

    async def serve(self) -> None:
        """Until either side closes."""
        try:
            await self._initialise()
            while True:
                await self._handle(await self._next())
        except _Closed as closed:
            await self._close(closed)
        except _Left:
            self._open = False
        finally:
            self._open = False
            for task in self._operations.values():
                task.cancel()
            await asyncio.gather(*self._operations.values(), return_exceptions=True)

    async def _initialise(self) -> None:
        try:
            async with asyncio.timeout(INIT_TIMEOUT_S):
                while not self._acknowledged:
                    await self._handle(await self._next())
        except TimeoutError:
            raise _Closed(CloseCode.INIT_TIMEOUT, "Connection initialisation timeout") from None

    async def _next(self) -> _Message:
        message = await self._receive()
        if message["type"] == "websocket.disconnect":
            raise _Left
        text = message.get("text")
        if text is None:
            raise _Closed(CloseCode.BAD_REQUEST, "Messages are text")
        try:
            return _decoder.decode(text)
        except (msgspec.MsgspecError, UnicodeError, RecursionError):
            raise _Closed(CloseCode.BAD_REQUEST, "Invalid message received") from None

    async def _handle(self, message: _Message) -> None:
        match message:
            case _Init():
                if self._initialised:
                    raise _Closed(CloseCode.TOO_MANY_REQUESTS, "Too many initialisation requests")
                self._initialised = True
                self._caller = await self._recognise(message.payload or {})
                await self._write({"type": "connection_ack"})
                self._acknowledged = True
            case _Ping():
                await self._write({"type": "pong"})
            case _Pong():
                pass
            case _Subscribe():
                await self._subscribe(message)
            case _Complete():
                task = self._operations.pop(message.id, None)
                if task is not None:
                    task.cancel()

    async def _recognise(self, payload: dict[str, Any]) -> Caller:
        try:
            return await self._gate.caller(payload.get("authorization", payload.get("Authorization")))
        except KithError as fault:
            raise _closed(fault) from None

    async def _subscribe(self, message: _Subscribe) -> None:
        if self._caller is None or not self._acknowledged:
            raise _Closed(CloseCode.UNAUTHORIZED, "Unauthorized")
        try:
            await self._caller.look_again()
        except KithError as fault:
            raise _closed(fault) from None
        if not 0 < len(message.id) <= MAX_ID_CHARS:
            raise _Closed(CloseCode.BAD_REQUEST, "Invalid id")
        if message.payload.query is None and message.payload.document_hash is None:
            raise _Closed(CloseCode.BAD_REQUEST, "Invalid message received")
        if message.id in self._operations:
            raise _Closed(CloseCode.SUBSCRIBER_EXISTS, f"Subscriber for {message.id} already exists")
        if len(self._operations) >= MAX_OPERATIONS:
            raise _Closed(CloseCode.TOO_MANY_REQUESTS, "Too many operations")
        task = asyncio.create_task(self._run(message.id, message.payload, self._caller))
        self._operations[message.id] = task
        task.add_done_callback(lambda done: self._forget(message.id, done))

    def _forget(self, operation_id: str, task: asyncio.Task[None]) -> None:
        if self._operations.get(operation_id) is task:
            del self._operations[operation_id]

    async def _run(self, operation_id: str, request: GraphQLRequest, caller: Caller) -> None:
        request_id = new_request_id()
        with structlog.contextvars.bound_contextvars(request_id=request_id):
            try:
                operation = await self._engine.accept(request, request_id, caller)
            except Refused as refused:
                await self._engine.note(refused)
                return await self._error(operation_id, refused.answer)
            except KithError as fault:
                return await self._error(operation_id, Answer({"errors": [of_fault(fault)]}, started=False))
            if not is_subscription(operation):
                answer = await self._engine.execute(operation, request_id)
                if not answer.started:
                    return await self._error(operation_id, answer)
                await self._write({"id": operation_id, "type": "next", "payload": answer.body})
                return await self._finish(operation_id)
            return await self._stream(operation_id, operation, request_id)

    async def _stream(self, operation_id: str, operation: Operation, request_id: str) -> None:
        async with aclosing(self._engine.subscribe(operation, request_id)) as answers:
            async for answer in answers:
                if not answer.started:
                    return await self._error(operation_id, answer)
                await self._write({"id": operation_id, "type": "next", "payload": answer.body})
        return await self._finish(operation_id)

    async def _error(self, operation_id: str, answer: Answer) -> None:
        # An error ends the operation, and its id is free again, before the client can have read it.
        self._operations.pop(operation_id, None)
        await self._write({"id": operation_id, "type": "error", "payload": answer.body["errors"]})

    async def _finish(self, operation_id: str) -> None:
        self._operations.pop(operation_id, None)
        await self._write({"id": operation_id, "type": "complete"})

    async def _write(self, message: dict[Literal["id", "type", "payload"], Any]) -> None:
        if self._open:
            await self._send({"type": "websocket.send", "text": _encoder.encode(message).decode()})

    async def _close(self, closed: _Closed) -> None:
        self._open = False
        with suppress(RuntimeError):
            await self._send({"type": "websocket.close", "code": int(closed.code), "reason": closed.reason})


def _closed(fault: KithError) -> _Closed:
    if fault.code is ErrorCode.UNAVAILABLE:
        return _Closed(CloseCode.INTERNAL_ERROR, "Unavailable")
    return _Closed(CloseCode.FORBIDDEN, "Forbidden")


class _Left(Exception):
    """The client closed the connection."""
