"""How far the chain has come: a record beside it in Neo4j, and a second in Valkey that tells when the first is cut."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from typing import Any

import msgspec
from redis.asyncio import Redis

from audit.chain import Block, BlockFault, Head, seal_head
from base.keys import Keyring
from base.valkey import AUDIT_HEAD


class _Mark(msgspec.Struct, frozen=True):
    head: Head
    seal: bytes


def read_head(keyring: Keyring, stored: Mapping[str, Any] | None) -> Head | None:
    """The head that properties tell; None when there is none, or it is not the writer's."""
    if stored is None:
        return None
    try:
        head = msgspec.convert({name: stored[name] for name in Head.__struct_fields__}, Head)
    except (KeyError, msgspec.ValidationError):
        return None
    return head if _is_sealed(keyring, head, stored.get("seal")) else None


def head_properties(keyring: Keyring, head: Head) -> dict[str, Any]:
    """A head as properties."""
    return {**msgspec.structs.asdict(head), "seal": seal_head(keyring, head)}


def read_block(stored: Mapping[str, Any]) -> Block:
    """The block that properties tell.

    Raises:
        BlockFault: a property is missing or of another type.
    """
    try:
        return msgspec.convert(stored, Block)
    except msgspec.ValidationError:
        last = stored.get("last")
        raise BlockFault(last if isinstance(last, int) else 0, "the block has lost a property") from None


async def find_mark(redis: Redis, keyring: Keyring) -> Head | None:
    """The head as Valkey knows it; None when it knows none, or one that is not the writer's.

    Raises:
        RedisError: Valkey is away.
    """
    body = await redis.get(AUDIT_HEAD)
    try:
        mark = None if body is None else msgspec.msgpack.decode(body, type=_Mark)
    except msgspec.DecodeError:
        return None
    return mark.head if mark is not None and _is_sealed(keyring, mark.head, mark.seal) else None


async def set_mark(redis: Redis, keyring: Keyring, head: Head) -> None:
    """Tell Valkey.

    Raises:
        RedisError: Valkey is away.
    """
    await redis.set(AUDIT_HEAD, msgspec.msgpack.encode(_Mark(head, seal_head(keyring, head))))


def _is_sealed(keyring: Keyring, head: Head, seal: object) -> bool:
    return isinstance(seal, bytes) and hmac.compare_digest(seal, seal_head(keyring, head))
