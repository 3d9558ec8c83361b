"""Who the customers of a batch are: the quick way for people already known, the resolver for everybody else."""

from __future__ import annotations

from collections.abc import Callable, Collection, Coroutine, Mapping, Sequence

from graph.client import Transaction
from graph.identity.evidence import SeenTogether
from graph.identity.policy import IdentityPolicy
from graph.identity.settled import is_settled
from graph.repositories import apply as apply_repository
from graph.repositories.apply import EvidenceRow, LockedPeople
from graph.repositories.identity import BLOCKED, SHARED, Component, StoredIdentifier
from workers.applier.batch import PreparedCall, evidence_rows
from workers.applier.handovers import hand_over, part_handovers
from workers.applier.leaves import add_leaves, part_leaves
from workers.identity.locking import load_locked
from workers.identity.outcome import Identified
from workers.identity.replay import Replay, replay

# Who is who: calls, their people under locks, policy and now (ms) in; every customer concerned is locked at its end.
Identify = Callable[
    [Transaction, Sequence[PreparedCall], LockedPeople, IdentityPolicy, int], Coroutine[None, None, Identified]
]


async def identify(
    tx: Transaction, calls: Sequence[PreparedCall], people: LockedPeople, policy: IdentityPolicy, now_ms: int
) -> Identified:
    """Write evidence and resolve what it changes; every customer of the batch is locked then.

    Locks are taken in one order by everybody: identifiers by uid, then customers by id (by the caller).
    """
    found = Identified(policy, versions=people.versions)
    for known in people.identifiers.values():
        found.look_at(known)
    rows = {row["key"]: row for row in evidence_rows(calls)}
    new_evidence = await apply_repository.merge_evidence(tx, list(rows.values()))
    unsettled = [call for call in calls if _is_unsettled(call, people.identifiers, new_evidence, policy)]
    if unsettled:
        unsettled, leaves = part_leaves(unsettled, people.identifiers, policy)
        unsettled, handing = part_handovers(unsettled, people, new_evidence, policy)
        if handing:
            unsettled += await hand_over(tx, handing, [*unsettled, *leaves], calls, people, policy, now_ms, found)
        if unsettled:
            await _resolve(tx, calls, unsettled, rows, people, policy, now_ms, found)
        if leaves:
            await add_leaves(tx, leaves, rows, policy, now_ms, found)
    return found


async def _resolve(
    tx: Transaction,
    calls: Sequence[PreparedCall],
    unsettled: Sequence[PreparedCall],
    rows: Mapping[str, EvidenceRow],
    people: LockedPeople,
    policy: IdentityPolicy,
    now_ms: int,
    found: Identified,
) -> None:
    start = {seen.uid: people.identifiers[seen.uid] for call in unsettled for seen in call.seen}
    component = await load_locked(tx, start, found, now_ms)
    add_evidence(component, unsettled, rows)
    fresh: dict[str, set[int]] = {}
    for call in calls:
        if call.evidence is not None:
            fresh.setdefault(call.evidence, set()).add(call.call.at_ms)
    await replay(tx, component, Replay(policy, now_ms, fresh, unseen=component.unseen(start)), found)


def _is_unsettled(
    call: PreparedCall,
    locked: Mapping[str, StoredIdentifier],
    new_evidence: Collection[str],
    policy: IdentityPolicy,
) -> bool:
    """Whether the call can change who is who, or who was."""
    at_ms = call.call.at_ms
    owners: set[str | None] = set()
    for seen in call.seen:
        known = locked[seen.uid]
        if known.status == BLOCKED or (known.status == SHARED and known.holds):
            continue
        if len(known.holds) > 1 and at_ms < known.holds[-1].start:
            # It falls into somebody else's time, and may cut it in two.
            return True
        namespace = policy.of(seen.namespace)
        if namespace.limit is not None and namespace.window_days is not None:
            return True
        owners.add(known.customer)
    return not is_settled(owners, call.evidence in new_evidence)


def add_evidence(component: Component, unsettled: Sequence[PreparedCall], rows: Mapping[str, EvidenceRow]) -> None:
    """Add sets that the walk did not meet: those of identifiers that are all shared or new."""
    for call in unsettled:
        if call.evidence is None or call.evidence in component.evidence:
            continue
        row = rows[call.evidence]
        members = {seen.uid: seen.verified for seen in call.seen}
        component.evidence[call.evidence] = SeenTogether(
            row["key"], members, row["first_at"], row["last_at"], row["count"]
        )
