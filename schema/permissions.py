"""Who may ask. One admin token for now; every path goes through here."""

from __future__ import annotations

import hmac

from base.errors import ConfigurationFault, ErrorCode, KithError

_SCHEME = "bearer "


class Gate:
    """Checks tokens in constant time.

    Raises:
        ConfigurationFault: no token is configured, so nobody could be told from anybody.
    """

    def __init__(self, admin_token: str):
        if not admin_token:
            raise ConfigurationFault("KITH_ADMIN_TOKEN is empty; set it, or start with `make run`, which makes one")
        self._token = admin_token.encode()

    def check(self, authorization: object) -> None:
        """Let the holder of the token pass.

        Args:
            authorization: `Bearer <token>`, as header or in connection_init; anything else is refused.

        Raises:
            KithError: UNAUTHENTICATED.
        """
        given = authorization if isinstance(authorization, str) else ""
        token = given[len(_SCHEME) :] if given[: len(_SCHEME)].lower() == _SCHEME else ""
        if not hmac.compare_digest(token.strip().encode("utf-8", "surrogatepass"), self._token):
            raise KithError(
                ErrorCode.UNAUTHENTICATED,
                "A valid token is needed.",
                hint="Send `Authorization: Bearer <token>`; on a WebSocket, in the payload of connection_init.",
            )
