"""People who sign in."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import strawberry
from strawberry import Parent

from access.permissions import Permission
from access.users import MadeUser as UserMade
from graph.repositories.user import UserRecord
from schema import declare
from schema.context import Info
from schema.scalars import DateTime
from schema.types.refusal import ValidationError


@strawberry.enum
class UserStatus(StrEnum):
    ACTIVE = "ACTIVE"
    DISABLED = "DISABLED"


def _phone(root: Parent[UserRecord], info: Info) -> str:
    return info.context.services.user_office.phone_of(root)


@strawberry.type(description="Somebody who may sign in.")
@declare.needs(Permission.USERS_READ)
class User:
    id: strawberry.ID
    phone: str = declare.resolved(_phone, "E.164.")
    name: str
    roles: list[str] = strawberry.field(description="Keys.")
    status: UserStatus
    must_change: bool = strawberry.field(
        name="mustChangePassword", description="The password is a first one and opens nothing else."
    )
    has_totp: bool = strawberry.field(description="Signing in takes a code of an authenticator besides.")
    created_at: DateTime
    created_by: str
    last_sign_in_at: DateTime | None

    @classmethod
    def is_type_of(cls, value: object, _info: object) -> bool:
        return isinstance(value, UserRecord)


@strawberry.type(description="A user and the password of their first sign-in, which is shown this once.")
@declare.needs(Permission.USERS_CHANGE)
class MadeUser:
    user: User
    first_password: str

    @classmethod
    def is_type_of(cls, value: object, _info: object) -> bool:
        return isinstance(value, UserMade)


UserResult = Annotated[User | ValidationError, strawberry.union("UserResult")]
MadeUserResult = Annotated[MadeUser | ValidationError, strawberry.union("MadeUserResult")]
