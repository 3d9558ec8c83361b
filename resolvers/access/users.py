"""Users: who may sign in, and changing them."""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import dataclass
from typing import TypeVar

from access.users import MadeUser
from base.errors import BadInput
from graph.repositories.user import UserRecord
from resolvers.context import RequestContext
from resolvers.refusal import Refusal
from rules.checker import Problem

M = TypeVar("M", UserRecord, MadeUser)


@dataclass(frozen=True, slots=True)
class UserEdit:
    """What to change of a user; None stays as it is."""

    name: str | None = None
    roles: list[str] | None = None


async def list_all(context: RequestContext) -> list[UserRecord]:
    """All users, oldest first."""
    return await context.services.users.list_all()


async def find(context: RequestContext, user_id: str) -> UserRecord | None:
    """One user by id."""
    return await context.services.users.find(user_id)


async def create(context: RequestContext, phone: str, name: str, roles: list[str]) -> MadeUser | Refusal:
    """Make a user with a first password.

    Raises:
        KithError: FORBIDDEN, a role that holds what the asker does not.
    """
    return await _refused(context.services.user_office.create(context.principal, phone, name, roles), "input.")


async def update(context: RequestContext, user_id: str, edit: UserEdit) -> UserRecord | Refusal:
    """Change a user.

    Raises:
        NotFound: no such user.
        KithError: FORBIDDEN, of whom or what holds more than the asker.
    """
    office = context.services.user_office
    return await _refused(office.update(context.principal, user_id, edit.name, edit.roles), "input.")


async def reset_password(context: RequestContext, user_id: str) -> MadeUser | Refusal:
    """A new first password; see `update`."""
    return await _refused(context.services.user_office.reset_password(context.principal, user_id))


async def disable(context: RequestContext, user_id: str) -> UserRecord | Refusal:
    """Nobody signs in as this user any more; see `update`."""
    return await _refused(context.services.user_office.disable(context.principal, user_id))


async def enable(context: RequestContext, user_id: str) -> UserRecord | Refusal:
    """The user may sign in again; see `update`."""
    return await _refused(context.services.user_office.enable(context.principal, user_id))


async def end_sessions(context: RequestContext, user_id: str) -> UserRecord | Refusal:
    """The user has to sign in again, everywhere; see `update`."""
    return await _refused(context.services.user_office.end_sessions(context.principal, user_id))


async def _refused(work: Awaitable[M], inside: str = "") -> M | Refusal:
    """What was made, or why it was refused.

    Args:
        inside: the argument that the fields of a fault are of.
    """
    try:
        return await work
    except BadInput as fault:
        return Refusal((Problem(f"{inside}{fault.field or ''}".rstrip("."), fault.message, fault.hint),))
