"""Roles, keys, and whoever asks."""

from __future__ import annotations

from typing import Annotated, cast

import strawberry

from access.permissions import Permission
from access.principal import Principal, PrincipalKind
from access.roles import Role as RoleInForce
from graph.repositories.access import KeyRecord
from resolvers.access import keys, roles
from schema import declare
from schema.context import Info
from schema.scalars import JSON, DateTime
from schema.types.refusal import ValidationError

strawberry.enum(PrincipalKind, description="What somebody proved who they are with.")


def _sorted_permissions(root: strawberry.Parent[RoleInForce | Principal]) -> list[str]:
    return sorted(root.permissions)


@strawberry.type(description="A set of permissions, for all customers or some.")
@declare.needs(Permission.USERS_READ)
class Role:
    key: str
    name_en: str | None
    name_zh: str | None
    permissions: list[str] = declare.resolved(_sorted_permissions)
    scope: JSON | None = strawberry.field(description="The only customers whom its holders see and count; null: all.")
    is_built_in: bool = strawberry.field(description="It comes with every deployment.")

    @classmethod
    def is_type_of(cls, value: object, _info: object) -> bool:
        return isinstance(value, RoleInForce)


@strawberry.type
@declare.needs(Permission.USERS_READ)
class DeletedRole:
    key: str

    @classmethod
    def is_type_of(cls, value: object, _info: object) -> bool:
        return isinstance(value, roles.DeletedRole)


@strawberry.type(description="Whoever asks, as they are known now.")
@declare.needs(declare.ANYONE)
class Me:
    kind: PrincipalKind
    id: strawberry.ID
    name: str
    roles: list[str]
    permissions: list[str] = declare.resolved(_sorted_permissions)
    scope: JSON | None
    purpose: str | None


@strawberry.type(description="A key of a program, without what opens it.")
@declare.needs(Permission.KEYS_CHANGE)
class AccessKey:
    id: strawberry.ID
    name: str
    prefix: str = strawberry.field(description="How its token begins.")
    roles: list[str] = strawberry.field(description="Of an API key.")
    source: str | None = strawberry.field(description="Of a write key's calls.")
    purpose: str | None = strawberry.field(description="What its program needs personal values for.")
    created_by: str
    created_at: DateTime
    expires_at: DateTime
    last_used_at: DateTime | None = strawberry.field(description="To within a minute.")
    rotated_at: DateTime | None
    old_until: DateTime | None = strawberry.field(description="Until when the token before the last rotation works.")
    revoked_at: DateTime | None

    @classmethod
    def is_type_of(cls, value: object, _info: object) -> bool:
        return isinstance(value, KeyRecord)


@strawberry.type(description="A key and its token, which is shown this once.")
@declare.needs(Permission.KEYS_CHANGE)
class MadeKey:
    key: AccessKey
    token: str

    @classmethod
    def is_type_of(cls, value: object, _info: object) -> bool:
        return isinstance(value, keys.MadeKey)


RoleResult = Annotated[Role | ValidationError, strawberry.union("RoleResult")]
DeleteRoleResult = Annotated[DeletedRole | ValidationError, strawberry.union("DeleteRoleResult")]
KeyResult = Annotated[MadeKey | ValidationError, strawberry.union("KeyResult")]


def me(info: Info) -> Me:
    """Whoever asks."""
    return cast("Me", info.context.principal)
