"""Who stands behind a request."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final

import msgspec

from access.permissions import ALL, Permission
from base.errors import ErrorCode, KithError


class PrincipalKind(StrEnum):
    """What somebody proved who they are with."""

    TOKEN = "TOKEN"  # the token of the environment
    USER = "USER"
    KEY = "KEY"


class Principal(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Somebody who was recognised, as of when they were looked up.

    Args:
        id: of the user or key; for logs and for what belongs to somebody.
        name: to be shown.
        roles: keys of the roles that gave the permissions; none of a token.
        scope: a rule, as JSON, of the only customers they may see or count; None: all.
        purpose: why a key may see personal values in clear; a person says it with each request.
    """

    kind: PrincipalKind
    id: str
    name: str
    roles: tuple[str, ...] = ()
    permissions: frozenset[Permission]
    scope: Mapping[str, Any] | None = None
    purpose: str | None = None

    def require(self, permission: Permission, what: str) -> None:
        """Let them pass who hold a permission.

        Args:
            what: needs it, as a path of the request.

        Raises:
            KithError: FORBIDDEN.
        """
        if permission not in self.permissions:
            raise KithError(
                ErrorCode.FORBIDDEN,
                f"`{what}` needs the permission {permission}.",
                hint="Ask an administrator for a role or key that has it, or leave it out.",
            )


# Whoever holds KITH_ADMIN_TOKEN: a deployment's own scripts, and the first steps before there are users.
ADMIN_TOKEN: Final = Principal(
    kind=PrincipalKind.TOKEN, id="admin", name="admin token", permissions=ALL, purpose="administration"
)
