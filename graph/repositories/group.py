"""Companies, households and other groups: who is in them, and their traits, derived from the calls that name them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, TypedDict

from graph.client import Transaction, TryAgain
from graph.queries import load

_LIST_MEMBERSHIPS = load("group/list_memberships")
_LOCK_MANY = load("group/lock_many")
_WRITE_MEMBERSHIPS = load("group/write_memberships")
_DERIVE_TRAITS = load("group/derive_traits")


class Membership(NamedTuple):
    """An identifier and a group.

    Args:
        named_at_ms: when the earliest of its calls that name the group was made; None when none does.
        stored_at_ms: since when it is stored to be in the group; None when it is not.
    """

    uid: str
    key: str
    named_at_ms: int | None
    stored_at_ms: int | None


class MembershipRow(TypedDict):
    """Since when (ms) an identifier is in a group; None: it is not."""

    key: str
    uid: str
    at: int | None


async def list_memberships(tx: Transaction, uids: Sequence[str]) -> list[Membership]:
    """The groups that calls on identifiers name, and those that these are stored to be in, in no order."""
    rows = await tx.run(_LIST_MEMBERSHIPS, uids=uids)
    return [Membership(row["uid"], row["key"], row["named_at"], row["stored_at"]) for row in rows]


async def lock_many(tx: Transaction, keys: Sequence[str]) -> None:
    """Lock groups in order (sorted keys); one that is not there is created.

    Raises:
        TryAgain: one was deleted while this transaction waited for its lock.
    """
    if (await tx.run(_LOCK_MANY, keys=keys))[0]["locked"] != len(keys):
        raise TryAgain("groups that are gone")


async def write_memberships(tx: Transaction, rows: Sequence[MembershipRow]) -> None:
    """Put identifiers into locked groups, or take them out; rows sorted by key and uid."""
    if rows:
        await tx.run(_WRITE_MEMBERSHIPS, rows=rows)


async def derive_traits(tx: Transaction, keys: Sequence[str]) -> None:
    """Derive the traits of locked groups from the calls that name them; groups that none names are deleted."""
    await tx.run(_DERIVE_TRAITS, keys=keys)
