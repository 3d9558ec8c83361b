"""Companies, households and other groups: who is in them, and their traits, derived from the calls that name them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple, TypedDict

from graph.client import Transaction, TryAgain
from graph.personal import Field
from graph.queries import load

_LIST_MEMBERSHIPS = load("group/list_memberships")
_LOCK_MANY = load("group/lock_many")
_WRITE_MEMBERSHIPS = load("group/write_memberships")
_LIST_NEWEST = load("group/list_newest")
_WRITE_TRAITS = load("group/write_traits")


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
    """A locked group's traits are those of the newest call that names it, ties by value; one that none names goes."""
    newest: dict[str, tuple[int, str] | None] = dict.fromkeys(keys)
    for row in await tx.run(_LIST_NEWEST, keys=keys):
        told = max(tx.personal.open(traits, Field.GROUP_TRAITS, call) for call, traits in row["told"])
        newest[row["key"]] = (row["at"], told)
    await write_traits(tx, newest)


async def write_traits(tx: Transaction, told: Mapping[str, tuple[int, str] | None]) -> None:
    """Set when (ms) and with which traits (JSON) locked groups were named last, by key; those with None are deleted."""
    rows = [
        {
            "key": key,
            "at": None if (newest := told[key]) is None else newest[0],
            "traits": None if newest is None else tx.personal.seal(newest[1], Field.GROUP, key),
        }
        for key in sorted(told)
    ]
    if rows:
        await tx.run(_WRITE_TRAITS, rows=rows)
