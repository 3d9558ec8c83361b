"""Users as requests bring them."""

from __future__ import annotations

import strawberry

from resolvers.access.users import UserEdit


@strawberry.input(description="Somebody who is to sign in.")
class CreateUserInput:
    phone: str = strawberry.field(description="With its country code; nobody else's.")
    name: str
    roles: list[str] = strawberry.field(description="Keys of 1 to 8 roles; nobody gives what they do not hold.")


@strawberry.input(description="What to change of a user; what is left out stays as it is.")
class UpdateUserInput:
    name: str | None = None
    roles: list[str] | None = None


def user_edit_of(given: UpdateUserInput) -> UserEdit:
    """The edit that an input means."""
    return UserEdit(name=given.name, roles=given.roles)
