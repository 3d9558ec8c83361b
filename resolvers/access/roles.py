"""Roles: which there are, and changing them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from access import roles as access_roles
from access.permissions import ADMINISTRATOR, BUILT_IN_ROLES, Permission
from access.roles import Role, in_force
from base.clock import now_ms
from base.errors import NotFound
from graph.client import Transaction
from graph.repositories import access as repository
from resolvers import rules
from resolvers.context import RequestContext
from resolvers.definitions import key_problems, name_problems, shown
from resolvers.refusal import Refusal, Refused
from rules.checker import Problem
from rules.printer import print_rule

MAX_ROLES = 200


@dataclass(frozen=True, slots=True)
class Edit:
    """What to change of a role; None stays as it is.

    Args:
        scope: a rule; an empty document takes the scope away.
    """

    permissions: Sequence[str] | None = None
    scope: Mapping[str, object] | None = None
    takes_scope_away: bool = False
    name_en: str | None = None
    name_zh: str | None = None


@dataclass(frozen=True, slots=True)
class DeletedRole:
    """A role that is gone, or of every deployment's as it was in the beginning."""

    key: str


async def list_all(context: RequestContext) -> list[Role]:
    """All roles in force, by key."""
    found = in_force(await context.services.access.list_roles())
    return [found[key] for key in sorted(found)]


async def create(context: RequestContext, key: str, edit: Edit) -> Role | Refusal:
    """Make a role."""

    def check(roles: Mapping[str, Role]) -> None:
        if key in roles:
            raise Refused(Problem("key", "There is a role of this key.", "Choose another key, or use updateRole."))
        if len(roles) >= MAX_ROLES:
            raise Refused(Problem("key", f"There are {MAX_ROLES} roles already.", "Delete one that nobody holds."))

    if problems := key_problems(key, "role"):
        return Refusal(tuple(problems)).renamed({"input.key": "key"})
    return await _put(context, key, edit, check)


async def update(context: RequestContext, key: str, edit: Edit) -> Role | Refusal:
    """Change a role; in force within seconds for whoever holds it.

    Raises:
        NotFound: no such role.
    """

    def check(roles: Mapping[str, Role]) -> None:
        if key not in roles:
            raise _unknown()

    if key == ADMINISTRATOR:
        hint = "Somebody must always be able to mend the others. Make another role."
        return Refusal((Problem("key", "This role cannot be changed.", hint),))
    return await _put(context, key, edit, check)


async def delete(context: RequestContext, key: str) -> DeletedRole | Refusal:
    """Remove a role that nobody holds; one of every deployment is again as it was in the beginning.

    Raises:
        NotFound: no such role.
    """

    async def work(tx: Transaction) -> None:
        await repository.lock(tx)
        if key not in in_force(await repository.list_roles(tx)):
            raise _unknown()
        if key not in BUILT_IN_ROLES and (users := await repository.list_role_users(tx, key, now_ms())):
            names = shown([name for _, name in users])
            raise Refused(Problem("key", f"The role is held: {names}.", "Give them another role, or revoke them."))
        await repository.delete_role(tx, key)

    try:
        await context.services.graph.write("delete_role", work)
    except Refused as refused:
        return Refusal(refused.problems)
    return DeletedRole(key)


def check_grant(context: RequestContext, roles: Sequence[Role]) -> None:
    """Let roles be given by whoever asks; see `access.roles.check_grant`."""
    access_roles.check_grant(context.principal, roles)


async def _put(
    context: RequestContext, key: str, edit: Edit, check: Callable[[Mapping[str, Role]], None]
) -> Role | Refusal:
    problems = [*name_problems(edit.name_en), *name_problems(edit.name_zh), *_permission_problems(edit.permissions)]
    if problems:
        return Refusal(tuple(problems))
    scope = None if edit.scope is None else print_rule(await rules.checked_rule(context, edit.scope, "input.scope"))

    async def work(tx: Transaction) -> Role:
        await repository.lock(tx)
        roles = in_force(await repository.list_roles(tx))
        check(roles)
        old = roles.get(key, Role(key, frozenset()))
        kept = None if edit.takes_scope_away else old.scope
        made = msgspec.structs.replace(
            old,
            permissions=old.permissions if edit.permissions is None else frozenset(map(Permission, edit.permissions)),
            scope=kept if scope is None else scope,
            name_en=old.name_en if edit.name_en is None else edit.name_en.strip(),
            name_zh=old.name_zh if edit.name_zh is None else edit.name_zh.strip(),
        )
        check_grant(context, [made])
        await repository.put_role(
            tx,
            key,
            {
                "permissions": sorted(made.permissions),
                "scope": None if made.scope is None else msgspec.json.encode(made.scope).decode(),
                "name_en": made.name_en,
                "name_zh": made.name_zh,
            },
        )
        return made

    try:
        return await context.services.graph.write("put_role", work)
    except Refused as refused:
        return Refusal(refused.problems)


def _permission_problems(permissions: Sequence[str] | None) -> list[Problem]:
    known = {one.value for one in Permission}
    return [
        Problem(f"input.permissions.{place}", "There is no such permission.", "`permissions` lists them.")
        for place, one in enumerate(permissions or ())
        if one not in known
    ]


def _unknown() -> NotFound:
    return NotFound("There is no role of this key.", hint="`roles` lists them.")
