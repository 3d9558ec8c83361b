"""Users as administrators and the command line change them."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from access.passwords import Hasher, new_first_password, problem_with
from access.permissions import ADMINISTRATOR
from access.phones import open_phone, parse_phone, phone_index, seal_phone
from access.principal import Principal
from access.roles import Role, check_grant, in_force
from base.clock import now_ms
from base.errors import BadInput, NotFound
from base.keys import Keyring
from graph.client import GraphClient, Transaction
from graph.repositories import access, session
from graph.repositories import user as repository
from graph.repositories.user import ACTIVE, DISABLED, UserRecord

USER_PREFIX: Final = "usr_"
MAX_NAME_CHARS: Final = 100
MAX_ROLES_OF_USER: Final = 8
# All are listed at once.
MAX_USERS: Final = 5_000
_ID_BYTES: Final = 12


@dataclass(frozen=True, slots=True)
class MadeUser:
    """A user with the password of their first sign-in, which is shown this once."""

    user: UserRecord
    first_password: str


class Users:
    """Changes users on behalf of somebody, who gives nothing that they do not hold.

    Every method raises BadInput for what is refused, NotFound for a user who is not there, and FORBIDDEN for what the
    asker does not hold.
    """

    def __init__(self, graph: GraphClient, keyring: Keyring, hasher: Hasher, region: str):
        self._graph = graph
        self._keyring = keyring
        self._hasher = hasher
        self._region = region

    async def create(
        self, asker: Principal, phone: str, name: str, roles: Sequence[str], password: str | None = None
    ) -> MadeUser:
        """Make a user, who has to change the password at the first sign-in.

        Args:
            password: the first one; None: a random one.
        """
        number = parse_phone(phone, self._region)
        name = _checked_name(name)
        _check_role_count(roles)
        first = new_first_password() if password is None else password
        problem = problem_with(first, phone=number, name=name)
        if problem is not None:
            raise BadInput(problem, field="password")
        index = phone_index(self._keyring, number)
        at_ms = now_ms()
        properties = {
            "id": USER_PREFIX + secrets.token_hex(_ID_BYTES),
            "sealed": seal_phone(self._keyring, number),
            "name": name,
            "roles": list(dict.fromkeys(roles)),
            "password": await self._hasher.hash(first),
            "status": ACTIVE,
            "must_change": True,
            "created_at": at_ms,
            "created_by": asker.id,
        }

        async def work(tx: Transaction) -> UserRecord:
            await access.lock(tx)
            await _check_roles(tx, asker, roles)
            count, _ = await repository.count(tx, ADMINISTRATOR)
            if count >= MAX_USERS:
                raise BadInput(f"There are {MAX_USERS} users already.", field="phone")
            made = await repository.create(tx, index, properties)
            if made.id != properties["id"]:
                raise BadInput("There is a user of this phone number.", hint="`users` lists them.", field="phone")
            return made

        return MadeUser(await self._graph.write("create_user", work), first)

    async def update(self, asker: Principal, user_id: str, name: str | None, roles: Sequence[str] | None) -> UserRecord:
        """Give a user another name, or other roles; in force within seconds."""
        changes: dict[str, Any] = {}
        if name is not None:
            changes["name"] = _checked_name(name)
        if roles is not None:
            _check_role_count(roles)
            changes["roles"] = list(dict.fromkeys(roles))

        async def work(tx: Transaction) -> UserRecord:
            user = await self._locked(tx, asker, user_id)
            if roles is not None:
                await _check_roles(tx, asker, roles)
                if ADMINISTRATOR not in roles:
                    await _keep_an_administrator(tx, user, "roles")
            return await repository.set_properties(tx, user_id, changes)

        return await self._graph.write("update_user", work)

    async def reset_password(self, asker: Principal, user_id: str) -> MadeUser:
        """A new first password, without the second factor; all sessions end."""
        first = new_first_password()
        changes = {
            "password": await self._hasher.hash(first),
            "must_change": True,
            "totp": None,
            "totp_pending": None,
            "totp_step": None,
        }

        async def work(tx: Transaction) -> UserRecord:
            await self._locked(tx, asker, user_id)
            await session.delete_of_user(tx, user_id)
            return await repository.set_properties(tx, user_id, changes)

        return MadeUser(await self._graph.write("reset_password", work), first)

    async def disable(self, asker: Principal, user_id: str) -> UserRecord:
        """Nobody signs in as this user any more, and all sessions end, within seconds everywhere."""

        async def work(tx: Transaction) -> UserRecord:
            user = await self._locked(tx, asker, user_id)
            await _keep_an_administrator(tx, user, "id")
            await session.delete_of_user(tx, user_id)
            return await repository.set_properties(tx, user_id, {"status": DISABLED})

        return await self._graph.write("disable_user", work)

    async def enable(self, asker: Principal, user_id: str) -> UserRecord:
        """The user may sign in again."""

        async def work(tx: Transaction) -> UserRecord:
            await self._locked(tx, asker, user_id)
            return await repository.set_properties(tx, user_id, {"status": ACTIVE})

        return await self._graph.write("enable_user", work)

    async def end_sessions(self, asker: Principal, user_id: str) -> UserRecord:
        """The user has to sign in again, everywhere."""

        async def work(tx: Transaction) -> UserRecord:
            user = await self._locked(tx, asker, user_id)
            await session.delete_of_user(tx, user_id)
            return user

        return await self._graph.write("end_sessions", work)

    def phone_of(self, user: UserRecord) -> str:
        """The phone number, E.164."""
        return open_phone(self._keyring, user.sealed, user.phone)

    async def _locked(self, tx: Transaction, asker: Principal, user_id: str) -> UserRecord:
        """A user whom the asker may change: one who holds nothing that the asker does not."""
        await access.lock(tx)
        user = await repository.lock(tx, user_id, now_ms())
        if user is None:
            raise NotFound("There is no user of this id.", hint="`users` lists them.")
        known = in_force(await access.list_roles(tx))
        check_grant(asker, [known[role] for role in user.roles if role in known])
        return user


async def _check_roles(tx: Transaction, asker: Principal, roles: Sequence[str]) -> None:
    known = in_force(await access.list_roles(tx))
    given: list[Role] = []
    for place, role in enumerate(roles):
        if role not in known:
            raise BadInput("There is no role of this key.", hint="`roles` lists them.", field=f"roles.{place}")
        given.append(known[role])
    check_grant(asker, given)


async def _keep_an_administrator(tx: Transaction, user: UserRecord, field: str) -> None:
    if not user.is_active or ADMINISTRATOR not in user.roles:
        return
    _, holders = await repository.count(tx, ADMINISTRATOR)
    if holders <= 1:
        raise BadInput("This is the last administrator.", hint="Make somebody else one before.", field=field)


def _check_role_count(roles: Sequence[str]) -> None:
    if not 1 <= len(set(roles)) <= MAX_ROLES_OF_USER or len(roles) > MAX_ROLES_OF_USER:
        raise BadInput(f"A user holds 1 to {MAX_ROLES_OF_USER} roles.", field="roles")


def _checked_name(name: str) -> str:
    stripped = name.strip()
    if not 1 <= len(stripped) <= MAX_NAME_CHARS or not stripped.isprintable():
        raise BadInput(f"A name has 1 to {MAX_NAME_CHARS} characters, all of them printable.", field="name")
    return stripped
