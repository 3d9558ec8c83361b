"""Answers of the tracking API, prepared as far as they can be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import msgspec
from starlette.types import Send

Headers = tuple[tuple[bytes, bytes], ...]

# Clients that are told to slow down come back after this; bodies under way are handled within milliseconds.
RETRY_AFTER_S = 1
PREFLIGHT_MAX_AGE_S = 86_400
_METHODS = b"POST, OPTIONS"
_ALLOWED_HEADERS = b"authorization, content-type, content-encoding, anonymousid, x-retry-count"


class Reply(NamedTuple):
    """A whole HTTP answer."""

    status: int
    headers: Headers
    body: bytes

    async def send(self, send: Send) -> None:
        """Write it to the client."""
        await send({"type": "http.response.start", "status": self.status, "headers": list(self.headers)})
        await send({"type": "http.response.body", "body": self.body})


def json_reply(status: int, body: bytes, *more: tuple[bytes, bytes]) -> Reply:
    """An answer that is one JSON document."""
    headers = ((b"content-type", b"application/json"), (b"content-length", str(len(body)).encode()), *more)
    return Reply(status, headers, body)


# 200 and nothing else: one client sends again on 202 or 204.
ACCEPTED = json_reply(200, b'{"success":true}')


def fault_reply(status: int, code: str, message: str, hint: str | None, retry_after_s: int | None = None) -> Reply:
    """An error as clients read it: `code` to branch on, `message` and perhaps `hint` for people."""
    document = {"success": False, "code": code, "message": message}
    if hint is not None:
        document["hint"] = hint
    more: list[tuple[bytes, bytes]] = []
    if status == 429:
        more.append((b"retry-after", str(retry_after_s or RETRY_AFTER_S).encode()))
    if status == 401:
        more.append((b"www-authenticate", b'Basic realm="write key"'))
    return json_reply(status, msgspec.json.encode(document), *more)


def not_found() -> Reply:
    """No such path."""
    return fault_reply(404, "NOT_FOUND", "there is no such path", "See /v1/openapi.json.")


def wrong_method() -> Reply:
    """Not a POST."""
    reply = fault_reply(405, "METHOD_NOT_ALLOWED", "calls are sent with POST", None)
    return reply._replace(headers=(*reply.headers, (b"allow", _METHODS)))


class Cors:
    """Which web pages may send from a browser.

    Args:
        allowed_origins: comma-separated origins, or `*` for all (a write key in a page is public anyway).
    """

    def __init__(self, allowed_origins: str):
        self._origins = frozenset(one.strip().encode() for one in allowed_origins.split(",") if one.strip())

    def preflight(self, headers: Mapping[bytes, bytes]) -> Reply:
        """The answer to OPTIONS; `dress` adds the origin when it is allowed."""
        if not self._allows(headers.get(b"origin")):
            return fault_reply(403, "FORBIDDEN", "the origin is not allowed", "Add it to KITH_ALLOWED_ORIGINS.")
        return Reply(
            200,
            (
                (b"content-length", b"0"),
                (b"access-control-allow-methods", _METHODS),
                (b"access-control-allow-headers", _ALLOWED_HEADERS),
                (b"access-control-max-age", str(PREFLIGHT_MAX_AGE_S).encode()),
            ),
            b"",
        )

    def dress(self, reply: Reply, headers: Mapping[bytes, bytes]) -> Reply:
        """The reply, readable by the page that asked if its origin is allowed."""
        origin = headers.get(b"origin")
        if origin is None or not self._allows(origin):
            return reply
        return reply._replace(headers=(*reply.headers, (b"access-control-allow-origin", origin), (b"vary", b"origin")))

    def _allows(self, origin: bytes | None) -> bool:
        return origin is not None and (b"*" in self._origins or origin in self._origins)
