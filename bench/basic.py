"""The basic resolver: what identity over time is compared with.

Evidence, links and limits, and one owner an identifier. No stretches of time, so a device's past goes along with it; no
decisions, so nothing can be undone; the log has merges alone. It takes the same walk and the same `resolve`, and leaves
out what came after it, the quick ways for new and for shared devices too.
"""

from __future__ import annotations

from collections.abc import Sequence

from base.ids import new_customer_id
from graph.client import Transaction
from graph.identity.assign import Assignment, assign
from graph.identity.ownership import SINCE_EVER
from graph.identity.policy import IdentityPolicy
from graph.identity.resolve import resolve
from graph.identity.settled import is_settled
from graph.repositories import apply as apply_repository
from graph.repositories import identity as repository
from graph.repositories import link as link_repository
from graph.repositories import resolution as resolution_repository
from graph.repositories.apply import LockedPeople
from graph.repositories.identity import SHARED, Component
from graph.repositories.resolution import HoldsRow, ResolutionRows, RetiredRow
from workers.applier.batch import PreparedCall, evidence_rows
from workers.applier.identify import add_evidence
from workers.identity.locking import load_locked
from workers.identity.outcome import Identified
from workers.identity.replay import log_line


async def identify_basically(
    tx: Transaction, calls: Sequence[PreparedCall], people: LockedPeople, policy: IdentityPolicy, now_ms: int
) -> Identified:
    """The customers of calls, whose people are locked."""
    found = Identified(policy, versions=people.versions)
    for known in people.identifiers.values():
        found.look_at(known)
    rows = {row["key"]: row for row in evidence_rows(calls)}
    new_evidence = await apply_repository.merge_evidence(tx, list(rows.values()))
    unsettled = [call for call in calls if not _is_settled(call, people, call.evidence in new_evidence)]
    if unsettled:
        start = {seen.uid: people.identifiers[seen.uid] for call in unsettled for seen in call.seen}
        component = await load_locked(tx, start, found, now_ms)
        add_evidence(component, unsettled, rows)
        await _resolve(tx, component, policy, now_ms, found)
    return found


def _is_settled(call: PreparedCall, people: LockedPeople, evidence_is_new: bool) -> bool:
    known = [people.identifiers[seen.uid] for seen in call.seen]
    return is_settled([one.customer for one in known if one.status != SHARED or not one.holds], evidence_is_new)


async def _resolve(
    tx: Transaction, component: Component, policy: IdentityPolicy, now_ms: int, found: Identified
) -> None:
    known = component.identifiers
    shared = frozenset(uid for uid, one in known.items() if one.status == SHARED)
    namespaces = {uid: one.namespace for uid, one in known.items()}
    resolution = resolve(namespaces, component.evidence.values(), policy, already_shared=shared)
    assignment = assign(resolution.groups, {uid: one.known() for uid, one in known.items()}, policy, new_customer_id)
    await repository.set_status(tx, dict.fromkeys(resolution.shared - shared, SHARED))
    moved = {uid: owner for uid, owner in assignment.owners.items() if known[uid].customer != owner}
    rows = ResolutionRows(
        created=assignment.created,
        retired=[RetiredRow(retired=one, survivor=heir, had=[], kept=[]) for one, heir in assignment.merged.items()],
        holds=[
            HoldsRow(
                uid=uid, remove=[hold.start for hold in known[uid].holds], add=[(SINCE_EVER, None, uid, owner, True)]
            )
            for uid, owner in moved.items()
        ],
        links=(await link_repository.compare(tx, component, resolution.links)).rows,
        decisions=[log_line(now_ms, "MERGE", heir, one) for one, heir in sorted(assignment.merged.items())],
    )
    await resolution_repository.write(tx, rows, policy.version, now_ms)
    _note(found, component, assignment, moved)


def _note(found: Identified, component: Component, assignment: Assignment, moved: dict[str, str]) -> None:
    found.owners |= assignment.owners
    found.created |= assignment.created
    found.versions |= dict.fromkeys(assignment.created, 1)
    found.retired |= assignment.merged
    for uid, owner in moved.items():
        before = component.identifiers[uid].customer
        if before is not None:
            found.moved.add(uid)
            found.changed |= {before, owner}
        elif owner not in assignment.created:
            found.changed.add(owner)
    found.changed -= assignment.merged.keys()
