"""People who sign in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from graph.client import GraphClient, Transaction
from graph.queries import load

_CREATE = load("user/create")
_FIND = load("user/find")
_FIND_BY_PHONE = load("user/find_by_phone")
_LOCK = load("user/lock")
_LIST = load("user/list")
_SET = load("user/set")
_COUNT = load("user/count")

ACTIVE = "ACTIVE"
DISABLED = "DISABLED"


class UserRecord(msgspec.Struct, frozen=True):
    """One user; times in ms.

    Args:
        phone: blind index; `sealed`: the number as ciphertext bound to it.
        password: argon2id in PHC form.
        totp: sealed secret of the second factor in force; `totp_pending`: of one that was not confirmed yet.
        totp_step: the last step of time whose code was used.
    """

    id: str
    phone: str
    sealed: bytes
    name: str
    roles: tuple[str, ...]
    password: str
    status: str
    must_change: bool
    created_at: int
    created_by: str
    last_sign_in_at: int | None = None
    totp: bytes | None = None
    totp_pending: bytes | None = None
    totp_step: int | None = None

    @property
    def is_active(self) -> bool:
        """Whether they may sign in."""
        return self.status == ACTIVE

    @property
    def has_totp(self) -> bool:
        """Whether signing in takes a code."""
        return self.totp is not None


async def create(tx: Transaction, phone: str, properties: Mapping[str, Any]) -> UserRecord:
    """Make a user, or find whoever has the phone number: then the id is another."""
    (row,) = await tx.run(_CREATE, phone=phone, properties=dict(properties))
    return _record(row["user"])


async def lock(tx: Transaction, id_: str, now_ms: int) -> UserRecord | None:
    """One user, locked."""
    rows = await tx.run(_LOCK, id=id_, now=now_ms)
    return _record(rows[0]["user"]) if rows else None


async def set_properties(tx: Transaction, id_: str, properties: Mapping[str, Any]) -> UserRecord:
    """Change a user that is there."""
    (row,) = await tx.run(_SET, id=id_, properties=dict(properties))
    return _record(row["user"])


async def count(tx: Transaction, role: str) -> tuple[int, int]:
    """(users, active users who hold a role)."""
    (row,) = await tx.run(_COUNT, role=role)
    return row["users"], row["holders"]


class UserRepository:
    """Reads of users."""

    def __init__(self, graph: GraphClient):
        self._graph = graph

    async def find(self, id_: str) -> UserRecord | None:
        """One user by id."""
        rows = await self._graph.read(_FIND, id=id_)
        return _record(rows[0]["user"]) if rows else None

    async def find_by_phone(self, phone: str) -> UserRecord | None:
        """The user of a phone number, given as blind index."""
        rows = await self._graph.read(_FIND_BY_PHONE, phone=phone)
        return _record(rows[0]["user"]) if rows else None

    async def list_all(self) -> list[UserRecord]:
        """All users, oldest first."""
        return [_record(row["user"]) for row in await self._graph.read(_LIST)]


def _record(row: Mapping[str, Any]) -> UserRecord:
    return msgspec.convert(dict(row), UserRecord)
