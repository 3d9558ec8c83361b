"""What roles give to whoever holds them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from access.permissions import ADMINISTRATOR, ALL, BUILT_IN_ROLES, Permission
from access.principal import Principal, PrincipalKind
from base.errors import ErrorCode, KithError
from graph.repositories.access import RoleRecord


class Role(msgspec.Struct, frozen=True):
    """A role as it is in force; `scope` is a rule as JSON, None for everybody."""

    key: str
    permissions: frozenset[Permission]
    scope: Mapping[str, Any] | None = None
    name_en: str | None = None
    name_zh: str | None = None

    @property
    def is_built_in(self) -> bool:
        """Whether it comes with every deployment."""
        return self.key in BUILT_IN_ROLES


def in_force(stored: Iterable[RoleRecord]) -> dict[str, Role]:
    """All roles by key: those of every deployment, as they were changed here, and those that were made here.

    A permission that this release does not know gives nothing.
    """
    roles = {key: Role(key, held) for key, held in BUILT_IN_ROLES.items()}
    for each in stored:
        permissions = frozenset(Permission(one) for one in each.permissions if one in ALL)
        scope = None if each.scope is None else msgspec.json.decode(each.scope)
        if each.key == ADMINISTRATOR:
            permissions, scope = ALL, None
        roles[each.key] = Role(each.key, permissions, scope, each.name_en, each.name_zh)
    return roles


def check_grant(held: Principal, roles: Sequence[Role]) -> None:
    """Let roles be given by somebody who holds all that they give, for all customers that they open.

    Raises:
        KithError: FORBIDDEN.
    """
    for role in roles:
        if not role.permissions <= held.permissions:
            missing = sorted(role.permissions - held.permissions)[0]
            raise _not_yours(f"The role {role.key} holds {missing}, which you do not.")
        # That one rule is narrower than another cannot be told: only the very same scope is.
        if held.scope is not None and role.scope != held.scope:
            raise _not_yours(f"The role {role.key} opens customers outside of your scope.")


def _not_yours(message: str) -> KithError:
    return KithError(ErrorCode.FORBIDDEN, message, hint="Nobody gives what they do not hold; ask an administrator.")


def principal_of(
    kind: PrincipalKind, id_: str, name: str, keys: Sequence[str], roles: Mapping[str, Role], purpose: str | None
) -> Principal:
    """Who holds these roles: their permissions together, and the customers of all their scopes.

    A role that is gone gives nothing; who holds none has no permission.
    """
    held = [roles[key] for key in keys if key in roles]
    scopes = [role.scope for role in held]
    return Principal(
        kind=kind,
        id=id_,
        name=name,
        roles=tuple(role.key for role in held),
        permissions=frozenset().union(*(role.permissions for role in held)),
        scope=_union(scopes),
        purpose=purpose,
    )


def _union(scopes: Sequence[Mapping[str, Any] | None]) -> Mapping[str, Any] | None:
    rules = [scope for scope in scopes if scope is not None]
    if len(rules) < len(scopes) or not rules:
        return None
    return rules[0] if len(rules) == 1 else {"any": rules}
