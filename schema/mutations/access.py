"""Users, roles and keys."""

from __future__ import annotations

from typing import cast

import strawberry

from access.permissions import Permission
from resolvers.access import keys, roles, users
from schema import declare
from schema.context import Info
from schema.inputs.access import CreateApiKeyInput, CreateWriteKeyInput, RoleInput, role_edit_of
from schema.inputs.user import CreateUserInput, UpdateUserInput, user_edit_of
from schema.scalars import Duration
from schema.types.access import AccessKey, DeleteRoleResult, KeyResult, RoleResult
from schema.types.user import MadeUserResult, UserResult


@strawberry.type
class AccessMutations:
    @declare.mutation(Permission.USERS_CHANGE, "A new role.", scoped=True)
    async def create_role(self, info: Info, key: str, input: RoleInput) -> RoleResult:
        return cast("RoleResult", await roles.create(info.context, key, role_edit_of(input)))

    @declare.mutation(
        Permission.USERS_CHANGE,
        "Another role under the same key, in force within seconds for its holders.",
        scoped=True,
    )
    async def update_role(self, info: Info, key: str, input: RoleInput) -> RoleResult:
        return cast("RoleResult", await roles.update(info.context, key, role_edit_of(input)))

    @declare.mutation(
        Permission.USERS_CHANGE,
        "Gone, if nobody holds it; a role of every deployment is as it was in the beginning.",
        scoped=True,
    )
    async def delete_role(self, info: Info, key: str) -> DeleteRoleResult:
        return cast("DeleteRoleResult", await roles.delete(info.context, key))

    @declare.mutation(
        Permission.KEYS_CHANGE, "A key for a program that asks; its token is shown this once.", scoped=True
    )
    async def create_api_key(self, info: Info, input: CreateApiKeyInput) -> KeyResult:
        made = await keys.create_api_key(info.context, input.name, input.roles, input.purpose, input.days)
        return cast("KeyResult", made)

    @declare.mutation(Permission.KEYS_CHANGE, "A key for a program that sends calls; its token is shown this once.")
    async def create_write_key(self, info: Info, input: CreateWriteKeyInput) -> KeyResult:
        return cast("KeyResult", await keys.create_write_key(info.context, input.name, input.source, input.days))

    @declare.mutation(
        Permission.KEYS_CHANGE,
        "Another token for a key; the one of now works for the overlap, a day if none is given.",
        scoped=True,
    )
    async def rotate_key(self, info: Info, id: strawberry.ID, overlap: Duration | None = None) -> KeyResult:
        return cast("KeyResult", await keys.rotate(info.context, id, overlap or "P1D"))

    @declare.mutation(Permission.KEYS_CHANGE, "A key ends, within seconds everywhere.", scoped=True)
    async def revoke_key(self, info: Info, id: strawberry.ID) -> AccessKey:
        return cast("AccessKey", await keys.revoke(info.context, id))

    @declare.mutation(
        Permission.USERS_CHANGE, "Somebody who may sign in, with a first password that is shown this once.", scoped=True
    )
    async def create_user(self, info: Info, input: CreateUserInput) -> MadeUserResult:
        made = await users.create(info.context, input.phone, input.name, input.roles)
        return cast("MadeUserResult", made)

    @declare.mutation(Permission.USERS_CHANGE, "Another name, or other roles, in force within seconds.", scoped=True)
    async def update_user(self, info: Info, id: strawberry.ID, input: UpdateUserInput) -> UserResult:
        return cast("UserResult", await users.update(info.context, id, user_edit_of(input)))

    @declare.mutation(
        Permission.USERS_CHANGE,
        "A new first password, without second factor; the user's sessions end.",
        scoped=True,
    )
    async def reset_password(self, info: Info, id: strawberry.ID) -> MadeUserResult:
        return cast("MadeUserResult", await users.reset_password(info.context, id))

    @declare.mutation(Permission.USERS_CHANGE, "Nobody signs in as this user; their sessions end.", scoped=True)
    async def disable_user(self, info: Info, id: strawberry.ID) -> UserResult:
        return cast("UserResult", await users.disable(info.context, id))

    @declare.mutation(Permission.USERS_CHANGE, "The user may sign in again.", scoped=True)
    async def enable_user(self, info: Info, id: strawberry.ID) -> UserResult:
        return cast("UserResult", await users.enable(info.context, id))

    @declare.mutation(Permission.USERS_CHANGE, "The user has to sign in again, everywhere.", scoped=True)
    async def end_sessions(self, info: Info, user: strawberry.ID) -> UserResult:
        return cast("UserResult", await users.end_sessions(info.context, user))
