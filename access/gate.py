"""Who is behind a request. Every path goes through here."""

from __future__ import annotations

import hmac
from typing import Protocol

from access.principal import ADMIN_TOKEN, Principal
from base.errors import ConfigurationFault, ErrorCode, KithError

_SCHEME = "bearer "
# Ours are 50 characters; what is longer is none of ours, and not worth hashing.
MAX_TOKEN_CHARS = 256


class Directory(Protocol):
    """Knows whose a token is."""

    async def find(self, token: str) -> Principal | None:
        """Who holds a token now, at most `FRESH_S` seconds ago; None when nobody may use it (any more)."""


class Gate:
    """Recognises who asks, by the token they send.

    Args:
        admin_token: of the environment.

    Raises:
        ConfigurationFault: no token is configured.
    """

    def __init__(self, admin_token: str, directory: Directory):
        if not admin_token:
            raise ConfigurationFault("KITH_ADMIN_TOKEN is empty; set it, or start with `make run`, which makes one")
        self._token = admin_token.encode()
        self._directory = directory

    async def principal(self, authorization: object) -> Principal:
        """Who sent this.

        Args:
            authorization: `Bearer <token>`, as header or in connection_init; anything else is refused.

        Raises:
            KithError: UNAUTHENTICATED.
            Unavailable: nobody can be looked up now.
        """
        given = authorization if isinstance(authorization, str) else ""
        token = given[len(_SCHEME) :].strip() if given[: len(_SCHEME)].lower() == _SCHEME else ""
        if hmac.compare_digest(token.encode("utf-8", "surrogatepass"), self._token):
            return ADMIN_TOKEN
        found = None
        if token.isascii() and 0 < len(token) <= MAX_TOKEN_CHARS:
            found = await self._directory.find(token)
        if found is None:
            raise KithError(
                ErrorCode.UNAUTHENTICATED,
                "A valid token is needed.",
                hint="Send `Authorization: Bearer <token>`; on a WebSocket, in the payload of connection_init.",
            )
        return found

    async def caller(self, authorization: object) -> Caller:
        """The same, with the means to look again; see `principal`."""
        return Caller(self, await self.principal(authorization), authorization)


class Caller:
    """One request's or connection's sender, who may lose rights while it goes on.

    Args:
        principal: as recognised.
        authorization: what they were recognised by.
    """

    __slots__ = ("_authorization", "_gate", "principal")

    def __init__(self, gate: Gate, principal: Principal, authorization: object):
        self.principal = principal
        self._gate = gate
        self._authorization = authorization

    @property
    def may_change(self) -> bool:
        """Whether they can lose what they hold while the process runs."""
        return self.principal is not ADMIN_TOKEN

    async def look_again(self) -> Principal:
        """Who they are by now.

        Raises:
            KithError: UNAUTHENTICATED: they are nobody any more.
            Unavailable: nobody can be looked up now.
        """
        self.principal = await self._gate.principal(self._authorization)
        return self.principal
