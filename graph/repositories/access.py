"""Roles and keys. Of a role that comes with every deployment only what was changed is stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from graph.client import GraphClient, Transaction
from graph.queries import load

_LOCK = load("access/lock")
_FIND_KEY = load("access/find_key")
_LIST_KEYS = load("access/list_keys")
_LIST_WRITE_KEYS = load("access/list_write_keys")
_CREATE_KEY = load("access/create_key")
_GET_KEY = load("access/get_key")
_ROTATE_KEY = load("access/rotate_key")
_REVOKE_KEY = load("access/revoke_key")
_USE_KEYS = load("access/use_keys")
_LIST_ROLES = load("access/list_roles")
_LIST_ROLE_USERS = load("access/list_role_users")
_PUT_ROLE = load("access/put_role")
_DELETE_ROLE = load("access/delete_role")


class RoleRecord(msgspec.Struct, frozen=True):
    """One role; `scope` is a rule as encoded JSON, None for everybody."""

    key: str
    permissions: tuple[str, ...]
    scope: str | None = None
    name_en: str | None = None
    name_zh: str | None = None


class KeyRecord(msgspec.Struct, frozen=True):
    """One key, without what opens it; times in ms.

    Args:
        kind: API or WRITE.
        roles: of an API key; `source`: of a write key.
        old_until: until when the token before the last rotation works.
    """

    id: str
    kind: str
    name: str
    prefix: str
    created_by: str
    created_at: int
    expires_at: int
    roles: tuple[str, ...] = ()
    source: str | None = None
    purpose: str | None = None
    last_used_at: int | None = None
    rotated_at: int | None = None
    old_until: int | None = None
    revoked_at: int | None = None


class FoundKey(msgspec.Struct, frozen=True):
    """An API key that opens something now; `stored` are those of its roles that are stored."""

    id: str
    name: str
    purpose: str | None
    roles: tuple[str, ...]
    stored: tuple[RoleRecord, ...]


class WriteKeyRecord(msgspec.Struct, frozen=True):
    """A write key that opens something now; hashes in hexadecimal."""

    id: str
    source: str
    hash: str
    old_hash: str | None


async def lock(tx: Transaction) -> None:
    """Let changes of roles, users and keys come one after the other."""
    await tx.run(_LOCK)


async def list_roles(tx: Transaction) -> list[RoleRecord]:
    """See `AccessRepository.list_roles`."""
    return [msgspec.convert(row["role"], RoleRecord) for row in await tx.run(_LIST_ROLES)]


async def list_role_users(tx: Transaction, role: str, now_ms: int) -> list[tuple[str, str]]:
    """(id, name) of the users, and of the keys that may be used, that hold a role."""
    return [(row["id"], row["name"]) for row in await tx.run(_LIST_ROLE_USERS, role=role, now=now_ms)]


async def put_role(tx: Transaction, key: str, properties: Mapping[str, Any]) -> RoleRecord:
    """Make or change a role; `properties`: name_en, name_zh, permissions, scope."""
    (row,) = await tx.run(_PUT_ROLE, key=key, properties=dict(properties))
    return msgspec.convert(row["role"], RoleRecord)


async def delete_role(tx: Transaction, key: str) -> None:
    """Remove what is stored of a role."""
    await tx.run(_DELETE_ROLE, key=key)


async def create_key(tx: Transaction, id_: str, kind: str, hash_: str, properties: Mapping[str, Any]) -> KeyRecord:
    """Make a key, or find the one of this id; for `properties` see the statement."""
    (row,) = await tx.run(_CREATE_KEY, id=id_, kind=kind, hash=hash_, properties=dict(properties))
    return msgspec.convert(row["key"], KeyRecord)


async def get_key(tx: Transaction, id_: str, now_ms: int) -> KeyRecord | None:
    """One key, locked."""
    rows = await tx.run(_GET_KEY, id=id_, now=now_ms)
    return msgspec.convert(rows[0]["key"], KeyRecord) if rows else None


async def rotate_key(tx: Transaction, id_: str, hash_: str, prefix: str, now_ms: int, old_until_ms: int) -> KeyRecord:
    """Give a key another token."""
    (row,) = await tx.run(_ROTATE_KEY, id=id_, hash=hash_, prefix=prefix, now=now_ms, old_until=old_until_ms)
    return msgspec.convert(row["key"], KeyRecord)


async def revoke_key(tx: Transaction, id_: str, now_ms: int) -> KeyRecord:
    """End a key."""
    (row,) = await tx.run(_REVOKE_KEY, id=id_, now=now_ms)
    return msgspec.convert(row["key"], KeyRecord)


class AccessRepository:
    """Reads of roles and keys."""

    def __init__(self, graph: GraphClient):
        self._graph = graph

    async def find_key(self, hash_: str, now_ms: int) -> FoundKey | None:
        """The API key that a token opens now."""
        rows = await self._graph.read(_FIND_KEY, hash=hash_, now=now_ms)
        return msgspec.convert(dict(rows[0]), FoundKey) if rows else None

    async def list_keys(self, kind: str) -> list[KeyRecord]:
        """All keys of a kind, newest first, ended ones too."""
        return [msgspec.convert(row["key"], KeyRecord) for row in await self._graph.read(_LIST_KEYS, kind=kind)]

    async def list_write_keys(self, now_ms: int) -> list[WriteKeyRecord]:
        """Write keys that open something now."""
        rows = await self._graph.read(_LIST_WRITE_KEYS, now=now_ms)
        return [msgspec.convert(dict(row), WriteKeyRecord) for row in rows]

    async def list_roles(self) -> list[RoleRecord]:
        """All roles that are stored."""
        return [msgspec.convert(row["role"], RoleRecord) for row in await self._graph.read(_LIST_ROLES)]

    async def use_keys(self, used: Sequence[tuple[str, int]]) -> None:
        """Note when keys were last used: (id, ms)."""
        rows = [{"id": id_, "at": at_ms} for id_, at_ms in used]

        async def work(tx: Transaction) -> None:
            await tx.run(_USE_KEYS, used=rows)

        await self._graph.write("use_keys", work)
