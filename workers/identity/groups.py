"""Who is in which group, and the groups' traits: what the calls say that hang on identifiers now."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from graph.client import Transaction
from graph.repositories import apply as apply_repository
from graph.repositories import group as repository
from graph.repositories.apply import GroupRow
from graph.repositories.group import MembershipRow


async def write_groups(
    tx: Transaction, rows: Sequence[GroupRow], rehung: Collection[str], regrouped: Collection[str] = ()
) -> None:
    """Write the groups that new calls name, and derive again those of identifiers that other calls hang on now.

    Groups are locked by key, after all identifiers and customers; so this comes last, and once in a transaction.

    Args:
        rows: of the new calls, sorted by key; the graph has the calls already.
        regrouped: keys of groups to derive again as well.
    """
    if rehung or regrouped:
        # In one: two rounds of locks would have no order between them.
        await _rebuild(tx, {*rehung, *(row["uid"] for row in rows)}, regrouped)
    else:
        await apply_repository.merge_groups(tx, rows)


async def _rebuild(tx: Transaction, uids: Collection[str], more: Collection[str]) -> None:
    memberships = await repository.list_memberships(tx, sorted(uids))
    keys = sorted({*more, *(one.key for one in memberships)})
    if not keys:
        return
    await repository.lock_many(tx, keys)
    changed = [
        MembershipRow(key=one.key, uid=one.uid, at=one.named_at_ms)
        for one in memberships
        if one.named_at_ms != one.stored_at_ms
    ]
    await repository.write_memberships(tx, sorted(changed, key=lambda row: (row["key"], row["uid"])))
    await repository.derive_traits(tx, keys)
