"""Sessions of people who signed in. Only hashes of their tokens are kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from graph.client import GraphClient, Transaction
from graph.queries import load
from graph.repositories.access import RoleRecord

_CREATE = load("session/create")
_FIND = load("session/find")
_LOCK = load("session/lock")
_ROTATE = load("session/rotate")
_DELETE = load("session/delete")
_DELETE_OF_USER = load("session/delete_of_user")
_PRUNE = load("session/prune")


class SessionRecord(msgspec.Struct, frozen=True):
    """One session; hashes in hexadecimal, times in ms.

    Args:
        family: of the part that all its refresh tokens share; `secret`: of the other part of the one in force.
        before: of the other part of the one before; None at first.
        salt: what the pair in force was derived with from the one before.
    """

    id: str
    family: str
    secret: str
    rotated_at: int
    access: str
    access_until: int
    idle_until: int
    ends_at: int
    before: str | None = None
    salt: bytes | None = None


class FoundUser(msgspec.Struct, frozen=True):
    """Whose an access token is; `stored` are those of their roles that are stored."""

    session: str
    id: str
    name: str
    roles: tuple[str, ...]
    must_change: bool
    stored: tuple[RoleRecord, ...]


async def create(tx: Transaction, user_id: str, id_: str, properties: Mapping[str, Any]) -> None:
    """Make a session; for `properties` see the statement."""
    await tx.run(_CREATE, user=user_id, id=id_, properties=dict(properties))


async def lock(tx: Transaction, family: str, now_ms: int) -> tuple[SessionRecord, str] | None:
    """(a session, its user's status), locked."""
    rows = await tx.run(_LOCK, family=family, now=now_ms)
    return (msgspec.convert(dict(rows[0]["session"]), SessionRecord), rows[0]["status"]) if rows else None


async def rotate(tx: Transaction, id_: str, properties: Mapping[str, Any]) -> None:
    """Give a session its next pair of tokens; for `properties` see the statement."""
    await tx.run(_ROTATE, id=id_, properties=dict(properties))


async def delete(tx: Transaction, id_: str) -> None:
    """End a session."""
    await tx.run(_DELETE, id=id_)


async def delete_of_user(tx: Transaction, user_id: str, keep: str = "") -> int:
    """End all sessions of a user but one; how many."""
    (row,) = await tx.run(_DELETE_OF_USER, user=user_id, keep=keep)
    ended: int = row["ended"]
    return ended


async def prune(tx: Transaction, user_id: str, now_ms: int, count: int) -> None:
    """End sessions of a user that are over, and the oldest beyond a number."""
    await tx.run(_PRUNE, user=user_id, now=now_ms, count=count)


class SessionRepository:
    """Reads of sessions."""

    def __init__(self, graph: GraphClient):
        self._graph = graph

    async def find(self, access: str, now_ms: int) -> FoundUser | None:
        """Whose an access token is now, by its hash."""
        rows = await self._graph.read(_FIND, access=access, now=now_ms)
        return msgspec.convert(dict(rows[0]), FoundUser) if rows else None
