"""Joining alone: whoever is named in one call is one customer. What identity over time is compared with.

No evidence, no limits, no stretches of time, no decisions: nothing can be explained or taken back. It is as much as a
worker can leave out, so the comparison flatters nobody.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from base.ids import new_customer_id
from graph.client import Transaction
from graph.identity.ownership import SINCE_EVER
from graph.identity.policy import IdentityPolicy
from graph.repositories import apply as apply_repository
from graph.repositories import identity as repository
from graph.repositories.apply import LockedPeople
from graph.repositories.identity import HoldsRow, RetiredRow
from workers.applier.batch import PreparedCall
from workers.identity.outcome import Identified


async def identify_by_joining(
    tx: Transaction, calls: Sequence[PreparedCall], people: LockedPeople, policy: IdentityPolicy, now_ms: int
) -> Identified:
    """The customers of calls, whose people are locked."""
    before = {uid: one.customer for uid, one in people.identifiers.items()}
    owners, heirs = _join(calls, before)
    created = set(owners.values()) - people.versions.keys()
    merged = {customer: heir for customer, heir in heirs.items() if customer in people.versions}
    moved: dict[str, str] = {}
    if merged:
        gone = await repository.list_of_customers(tx, merged)
        moved = {uid: merged[customer] for customer, person in gone.items() for uid, *_ in person.identifiers}
    await apply_repository.create_customers(tx, sorted(created), now_ms)
    await repository.retire_customers(
        tx, [RetiredRow(retired=gone, survivor=heir, had=[], kept=[]) for gone, heir in merged.items()], now_ms
    )
    attached = {uid: owner for uid, owner in owners.items() if before[uid] is None}
    await repository.write_holds(
        tx,
        [_row(uid, owner, []) for uid, owner in attached.items()]
        + [_row(uid, owner, [SINCE_EVER]) for uid, owner in moved.items()],
        now_ms,
    )
    return Identified(
        policy,
        owners=owners | moved,
        versions=people.versions | dict.fromkeys(created, 1),
        created=created,
        changed={heir for heir in merged.values() if heir not in created},
        retired=dict(merged),
        absorbed={heir: {one for one in merged if merged[one] == heir} for heir in merged.values()},
    )


def _join(calls: Sequence[PreparedCall], before: Mapping[str, str | None]) -> tuple[dict[str, str], dict[str, str]]:
    """uid → customer, and customer that is no more → the one that it became. A known one goes before a new one."""
    owners: dict[str, str] = {uid: customer for uid, customer in before.items() if customer is not None}
    known = set(owners.values())
    heirs: dict[str, str] = {}

    def now(customer: str) -> str:
        while customer in heirs:
            customer = heirs[customer]
        return customer

    for call in calls:
        found = {now(owners[seen.uid]) for seen in call.seen if seen.uid in owners}
        survivor = min(found, key=lambda one: (one not in known, one), default=None) or new_customer_id()
        heirs |= dict.fromkeys(found - {survivor}, survivor)
        owners |= dict.fromkeys((seen.uid for seen in call.seen), survivor)
    return {uid: now(owner) for uid, owner in owners.items()}, {one: now(one) for one in heirs}


def _row(uid: str, owner: str, remove: list[int]) -> HoldsRow:
    return HoldsRow(uid=uid, remove=remove, add=[(SINCE_EVER, None, uid, owner, True)])
