"""Loads a component so that nobody else can change it before the commit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from graph.client import Transaction
from graph.repositories import apply as apply_repository
from graph.repositories import identity as repository
from graph.repositories.identity import Component, StoredIdentifier
from workers.identity.outcome import Identified


async def load_locked(
    tx: Transaction,
    start: Mapping[str, StoredIdentifier],
    found: Identified,
    now_ms: int,
    walk_through: Iterable[str] = (),
) -> Component:
    """Walk from locked identifiers and lock every customer of the component.

    When the walk meets customers that are not locked yet they are locked and everything is read again, in one step
    where nothing came in between, so that what was read is what is true (identity.md §6).

    Args:
        start: identifiers that this transaction has locked.
        found: its `versions` are the customers that are locked; the others are added.
        walk_through: shared or blocked identifiers to walk through all the same.
    """
    through = frozenset(walk_through)
    # Their own customers first: mostly there are no others, and one walk is enough.
    await _lock(tx, {hold.customer for one in start.values() for hold in one.holds}, found, now_ms)
    # All evidence of an identifier that this transaction created is of this transaction: nothing to walk.
    known_before = {uid: one for uid, one in start.items() if one.holds or uid in through}
    again: set[str] = set()
    while True:
        component = await repository.load_component(tx, known_before, through, again)
        again = component.walked
        if not await _lock(tx, component.customers(), found, now_ms):
            break
    for uid, one in start.items():
        component.identifiers.setdefault(uid, one)
    return component


async def _lock(tx: Transaction, customers: set[str], found: Identified, now_ms: int) -> bool:
    """Lock those that are not locked yet; whether there were any."""
    missing = sorted(customers - found.versions.keys())
    if missing:
        found.versions.update(await apply_repository.lock_customers(tx, missing, now_ms))
    return bool(missing)
