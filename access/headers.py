"""What every answer tells a browser: it is data, nobody's frame, script or cache is to have it."""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send

# Source: OWASP REST Security Cheat Sheet, "Security Headers".
FIXED = (
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
# Nothing here may be stored by others.
CACHE = (b"cache-control", b"no-store")


class SecurityHeaders:
    """Adds them to every HTTP answer, those of faults too; to be put around everything else. What a route says itself
    stays as it says it.

    Args:
        hsts_s: how long browsers are to insist on TLS; 0: not told, since only a proxy knows whether there is any.
    """

    def __init__(self, app: ASGIApp, hsts_s: int = 0):
        self._app = app
        hsts = (b"strict-transport-security", b"max-age=%d; includeSubDomains" % hsts_s)
        self._headers = (*FIXED, CACHE, hsts) if hsts_s else (*FIXED, CACHE)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            return await self._app(scope, receive, send)

        async def dressed(message: Message) -> None:
            if message["type"] == "http.response.start":
                own = [*message.get("headers", ())]
                named = {name for name, _ in own}
                message["headers"] = own + [header for header in self._headers if header[0] not in named]
            await send(message)

        return await self._app(scope, receive, dressed)
