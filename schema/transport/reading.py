"""From an HTTP request to a GraphQL request, with bounds."""

from __future__ import annotations

import asyncio
import re
from typing import Any
from urllib.parse import parse_qsl

import msgspec
from starlette.types import Receive

from base.errors import BadInput
from schema.execution.request import GraphQLRequest

MAX_BODY_BYTES = 512 * 1024
# Half a megabyte over a bad line; who is slower holds memory that others need.
BODY_TIMEOUT_S = 30.0
MAX_QUERY_STRING_BYTES = 64 * 1024
_JSON_CONTENT = re.compile(r'application/(?:graphql\+)?json\s*(?:;\s*charset="?utf-?8"?\s*)?', re.IGNORECASE)
_HINT = "Send a JSON object with `query`, and `variables` and `operationName` where they are needed."

_decoder = msgspec.json.Decoder(GraphQLRequest)
_variables = msgspec.json.Decoder(dict[str, Any] | None)


class HttpFault(Exception):
    """A request that HTTP itself answers.

    Attributes:
        allow: the methods that would do, for a 405.
    """

    def __init__(self, status: int, fault: BadInput, allow: str = ""):
        super().__init__()
        self.status = status
        self.fault = fault
        self.allow = allow


class ClientLeft(Exception):
    """The client closed the connection; nobody is there to answer."""


async def read_post(content_type: str, content_length: str, receive: Receive) -> GraphQLRequest:
    """The request in a body.

    Raises:
        HttpFault: 408, 413, 415, or 400 for anything but a well-formed request.
        ClientLeft: before the body was complete.
    """
    if not _JSON_CONTENT.fullmatch(content_type.strip()):
        raise HttpFault(415, BadInput("The content type is not supported.", hint="Send application/json in UTF-8."))
    if content_length.isdigit() and int(content_length) > MAX_BODY_BYTES:
        raise _too_large()
    try:
        async with asyncio.timeout(BODY_TIMEOUT_S):
            return decode(await _read_body(receive))
    except TimeoutError:
        raise HttpFault(408, BadInput("The body took too long.", hint="Send the same again.")) from None


async def _read_body(receive: Receive) -> bytes:
    body = b""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientLeft
        part: bytes = message.get("body", b"")
        body += part
        if len(body) > MAX_BODY_BYTES:
            raise _too_large()
        if not message.get("more_body", False):
            return body


def read_get(query_string: bytes) -> GraphQLRequest:
    """The request in a URL.

    Raises:
        HttpFault: 414, or 400 for anything but a well-formed request.
    """
    if len(query_string) > MAX_QUERY_STRING_BYTES:
        raise HttpFault(414, BadInput("The URL is too long.", hint="Send the request with POST."))
    try:
        given = dict(parse_qsl(query_string.decode("ascii"), keep_blank_values=True, strict_parsing=bool(query_string)))
        request = GraphQLRequest(
            query=given.get("query"),
            variables=_variables.decode(given["variables"]) if given.get("variables") else None,
            operationName=given.get("operationName") or None,
            extensions=_variables.decode(given["extensions"]) if given.get("extensions") else None,
            documentId=given.get("documentId"),
        )
    except (ValueError, RecursionError, msgspec.MsgspecError) as fault:
        raise HttpFault(400, _malformed(fault)) from None
    return _checked(request)


def decode(body: bytes | str) -> GraphQLRequest:
    """The request in a JSON text.

    Raises:
        HttpFault: 400.
    """
    try:
        request = _decoder.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as fault:
        raise HttpFault(400, _malformed(fault)) from None
    return _checked(request)


def _checked(request: GraphQLRequest) -> GraphQLRequest:
    if request.query is None and request.document_hash is None:
        raise HttpFault(400, BadInput("The request has no query.", hint=_HINT))
    return request


def _malformed(fault: Exception) -> BadInput:
    if isinstance(fault, msgspec.ValidationError):
        return BadInput(f"The request is malformed: {fault}.", hint=_HINT)
    return BadInput("The request is no valid JSON.", hint=_HINT)


def _too_large() -> HttpFault:
    return HttpFault(
        413, BadInput(f"A request has at most {MAX_BODY_BYTES:,} bytes.", hint="Split it into several requests.")
    )
