"""Who the customers of a batch are: the quick way for people already known, the resolver for everybody else."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from base.ids import new_customer_id, new_decision_id
from graph.client import Transaction
from graph.identity.assign import Assignment, KnownIdentifier, assign
from graph.identity.resolve import SeenTogether, resolve
from graph.identity.settled import is_settled
from graph.repositories import apply as apply_repository
from graph.repositories import identity as identity_repository
from graph.repositories.apply import EvidenceRow, LockedIdentifier, LockedPeople, SawRow
from graph.repositories.identity import SHARED, Component, DecisionRow, MoveRow
from workers.applier.batch import PreparedCall, evidence_rows


@dataclass(slots=True)
class Identified:
    """The result for one batch.

    Args:
        owners: uid → customer, for every identifier of the batch.
        versions: customer → its new version; every customer of the batch is locked.
        created: customers that did not exist before.
        changed: customers whose facts are others now: those that existed and whose identifiers changed, and new ones
            that took an identifier over.
        moved: identifiers that had another owner before.
        retired: retired id → survivor.
    """

    owners: dict[str, str] = field(default_factory=dict)
    versions: dict[str, int] = field(default_factory=dict)
    created: set[str] = field(default_factory=set)
    changed: set[str] = field(default_factory=set)
    moved: set[str] = field(default_factory=set)
    retired: dict[str, str] = field(default_factory=dict)


async def identify(tx: Transaction, calls: Sequence[PreparedCall], people: LockedPeople, now_ms: int) -> Identified:
    """Write evidence and resolve what it changes; every customer of the batch is locked then.

    Locks are taken in one order by everybody: identifiers by uid, then customers by id (by the caller). When the
    walk over evidence meets further customers they are locked and the walk is done again, so that what was read is
    what is true (identity.md §6).
    """
    locked = people.identifiers
    found = Identified(versions=people.versions)
    for uid, identifier in locked.items():
        if identifier["customer"] is not None:
            found.owners[uid] = identifier["customer"]
    new_evidence = await _write_evidence(tx, calls)
    unsettled = [call for call in calls if _is_unsettled(call, locked, new_evidence)]
    if unsettled:
        await _resolve(tx, unsettled, locked, now_ms, found)
    return found


def _is_unsettled(call: PreparedCall, locked: Mapping[str, LockedIdentifier], new_evidence: Collection[str]) -> bool:
    """Whether the call can change who is who."""
    members = [locked[seen.uid] for seen in call.seen]
    owners = [one["customer"] for one in members if one["status"] != SHARED or one["customer"] is None]
    return not is_settled(owners, call.evidence in new_evidence)


async def _write_evidence(tx: Transaction, calls: Sequence[PreparedCall]) -> set[str]:
    """Count what was seen together.

    Returns:
        Keys of the sets that were never seen before.
    """
    rows = evidence_rows(calls)
    new_keys = await apply_repository.merge_evidence(tx, rows)
    if not new_keys:
        return new_keys
    members: dict[str, PreparedCall] = {
        call.evidence: call for call in calls if call.evidence is not None and call.evidence in new_keys
    }
    saw = [SawRow(key=key, uid=seen.uid, verified=seen.verified) for key, call in members.items() for seen in call.seen]
    await apply_repository.create_saw(tx, sorted(saw, key=lambda row: (row["uid"], row["key"])))
    return new_keys


async def _resolve(
    tx: Transaction,
    calls: Sequence[PreparedCall],
    locked: Mapping[str, LockedIdentifier],
    now_ms: int,
    found: Identified,
) -> None:
    component = await _load_locked(tx, calls, locked, now_ms, found)
    namespaces = {uid: known.namespace for uid, known in component.identifiers.items()}
    resolution = resolve(namespaces, component.evidence.values(), frozenset(component.shared))
    assignment = assign(resolution.groups, component.identifiers, new_customer_id)
    await identity_repository.set_shared(tx, resolution.shared - component.shared)
    await apply_repository.create_customers(tx, sorted(assignment.created), now_ms)
    moves = _moves(component, assignment, now_ms)
    await identity_repository.move_identifiers(tx, moves)
    await identity_repository.retire_customers(tx, dict(assignment.merged), now_ms)
    old_uids = sorted(uid for uid, known in component.identifiers.items() if known.customer is not None)
    await identity_repository.write_links(tx, old_uids, resolution.links)
    await identity_repository.create_decisions(tx, _decisions(assignment, calls, now_ms))
    _note(found, component, assignment, moves)


def _note(found: Identified, component: Component, assignment: Assignment, moves: Sequence[MoveRow]) -> None:
    found.owners.update({uid: owner for uid, owner in assignment.owners.items() if uid in component.identifiers})
    found.created |= assignment.created
    found.versions.update(dict.fromkeys(assignment.created, 1))
    found.retired.update(assignment.merged)
    for move in moves:
        before = component.identifiers[move["uid"]].customer
        if before is not None:
            found.moved.add(move["uid"])
        for customer in (before, move["customer"]):
            # A new customer that begins with somebody's identifiers also begins with their events and attributes.
            fresh = customer in assignment.created and before is None
            if customer is not None and not fresh and customer not in assignment.merged:
                found.changed.add(customer)


async def _load_locked(
    tx: Transaction,
    calls: Sequence[PreparedCall],
    locked: Mapping[str, LockedIdentifier],
    now_ms: int,
    found: Identified,
) -> Component:
    start = {
        seen.uid: KnownIdentifier(
            seen.uid, seen.namespace, locked[seen.uid]["first_seen"], locked[seen.uid]["customer"]
        )
        for call in calls
        for seen in call.seen
    }
    shared = {uid for uid in start if locked[uid]["status"] == SHARED}
    # All evidence of an identifier that this transaction created is in this batch: nothing to walk.
    known_before = [known for known in start.values() if known.customer is not None]
    while True:
        component = await identity_repository.load_component(tx, known_before, shared & {k.uid for k in known_before})
        missing = sorted(component.customers() - found.versions.keys())
        if not missing:
            break
        found.versions.update(await apply_repository.lock_customers(tx, missing, now_ms))
    component.shared |= shared
    for uid, known in start.items():
        component.identifiers.setdefault(uid, known)
    rows = {row["key"]: row for row in evidence_rows(calls)}
    for call in calls:
        if call.evidence is not None and call.evidence not in component.evidence:
            component.evidence[call.evidence] = _seen_together(call, rows[call.evidence])
    return component


def _seen_together(call: PreparedCall, row: EvidenceRow) -> SeenTogether:
    members = {seen.uid: seen.verified for seen in call.seen}
    return SeenTogether(row["key"], members, row["first_at"], row["last_at"])


def _moves(component: Component, assignment: Assignment, now_ms: int) -> list[MoveRow]:
    """Identifiers whose owner changes. A first owner holds from the first time it was seen, a later one from now."""
    rows: list[MoveRow] = []
    for uid, owner in assignment.owners.items():
        known = component.identifiers[uid]
        if known.customer == owner:
            continue
        if known.customer is None:
            rows.append(MoveRow(uid=uid, customer=owner, at=known.first_seen, via="first seen"))
        else:
            via = "merge" if known.customer in assignment.merged else "move"
            rows.append(MoveRow(uid=uid, customer=owner, at=now_ms, via=via))
    return rows


def _decisions(assignment: Assignment, calls: Sequence[PreparedCall], now_ms: int) -> list[DecisionRow]:
    evidence = next((call.evidence for call in calls if call.evidence is not None), None)
    return [
        DecisionRow(id=new_decision_id(), kind="MERGE", at=now_ms, customer=survivor, other=retired, evidence=evidence)
        for retired, survivor in sorted(assignment.merged.items())
    ]
