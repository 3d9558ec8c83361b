"""Resolves a component of identifiers anew and writes the difference to the graph.

The stored state is always what `resolve` and `ownership` make of the evidence and the decisions; so replaying what
nothing has changed writes nothing, and taking something back leaves the graph as if it had never been.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from base.ids import new_customer_id, new_decision_id
from graph.client import Transaction
from graph.identity.assign import FORGOTTEN, Assignment, Past, assign
from graph.identity.ownership import Hold, Ownership
from graph.identity.policy import IdentityPolicy
from graph.identity.resolve import Link, Resolution, resolve
from graph.repositories import apply as apply_repository
from graph.repositories import call as call_repository
from graph.repositories import identity as repository
from graph.repositories import link as link_repository
from graph.repositories import resolution as resolution_repository
from graph.repositories import review as review_repository
from graph.repositories.identity import (
    ACTIVE,
    BLOCKED,
    SHARED,
    Component,
    StoredHold,
    StoredIdentifier,
)
from graph.repositories.resolution import DecisionRow, HoldsRow, ResolutionRows, RetiredRow
from workers.identity.observations import rebuild
from workers.identity.outcome import Identified, Turn
from workers.identity.reading import part_groups
from workers.identity.review import find_items
from workers.identity.stretches import read_ownership


@dataclass(frozen=True, slots=True)
class Replay:
    """How to resolve.

    Args:
        fresh: evidence key → event times (ms) of calls that the graph does not have yet.
        rechecked: shared identifiers of which all evidence was loaded: they may turn out not to be shared any more.
        unseen: identifiers that no call shows any more; they are nobody's.
        undoing: something was taken back, so retired ids may return.
        resolution, owned: what follows for the component, where that is known.
    """

    policy: IdentityPolicy
    now_ms: int
    fresh: Mapping[str, Collection[int]]
    rechecked: frozenset[str] = frozenset()
    unseen: frozenset[str] = frozenset()
    undoing: bool = False
    resolution: Resolution | None = None
    owned: Ownership | None = None


async def replay(tx: Transaction, component: Component, how: Replay, found: Identified) -> Resolution:
    """Resolve a component whose customers are all locked, write what changed and note it in `found`."""
    namespaces = {
        uid: one.namespace
        for uid, one in component.identifiers.items()
        if one.status != BLOCKED and uid not in how.unseen
    }
    shared_before = {uid for uid in namespaces if component.identifiers[uid].status == SHARED}
    resolution = how.resolution or resolve(
        namespaces,
        component.evidence.values(),
        how.policy,
        component.decided(),
        frozenset(shared_before - how.rechecked),
    )
    # One that no call shows any more is as if it had never been seen.
    unseen = {uid for uid in how.unseen if component.identifiers[uid].status == SHARED}
    received = await _set_shared(
        tx, resolution.shared - shared_before, (shared_before - resolution.shared) | unseen, found
    )
    owned = how.owned
    if owned is None or received:
        owned = await read_ownership(tx, resolution, namespaces, component.decided(), how.policy, how.fresh)
    known = {uid: one.known() for uid, one in component.identifiers.items()}
    past = await _past(tx, resolution, component, how.now_ms, found) if how.undoing else FORGOTTEN
    assignment = assign(resolution.groups, known, how.policy, new_customer_id, past)
    await repository.return_customers(tx, assignment.returned)
    wanted = {uid: _wanted(owned.holds[uid], assignment.owners) for uid in namespaces}
    links = await link_repository.compare(tx, component, resolution.links)
    turns = _turns(component, assignment)
    rows = ResolutionRows(
        created=assignment.created,
        retired=_retired(component, assignment),
        holds=[row for uid, one in component.identifiers.items() if (row := _row(one, wanted.get(uid, ())))],
        links=links.rows,
        decisions=_decisions(component, resolution.links, links.rejected, assignment, turns, how.now_ms),
    )
    await resolution_repository.write(tx, rows, how.policy.version, how.now_ms)
    items = find_items(component, resolution, assignment.owners, links.rejected, how.policy, how.undoing)
    await review_repository.merge_items(tx, items, how.now_ms)
    _note(found, component, resolution, assignment, wanted, received)
    found.turns += turns
    # What is taken back or hung over changes facts of identifiers that stay where they are.
    if not how.undoing and resolution.shared == shared_before:
        found.absorbed |= _absorbed(component, assignment, wanted)
    return resolution


async def _set_shared(tx: Transaction, new: Collection[str], old: Collection[str], found: Identified) -> set[str]:
    """Mark who is shared now and who is no more; uids of identifiers that calls were hung over to."""
    if not new and not old:
        return set()
    await repository.set_status(tx, dict.fromkeys(new, SHARED) | dict.fromkeys(old, ACTIVE))
    moved = await call_repository.hang_over(tx, new) | await call_repository.hang_back(tx, old)
    found.rehung |= await rebuild(tx, moved | {*new, *old})
    return moved


async def _past(tx: Transaction, resolution: Resolution, component: Component, now_ms: int, found: Identified) -> Past:
    """Who may return, locked. Whoever has a whole group to himself, and nothing else, keeps it in any case."""
    moving, _ = part_groups(component, resolution)
    if not moving:
        return FORGOTTEN
    uids = [uid for group in moving for uid in group]
    customers = {owner for uid in uids if (owner := component.identifiers[uid].customer) is not None}
    past = await repository.get_past(tx, uids, customers)
    if ids := sorted({one.id for one in past.retired} - found.versions.keys()):
        found.versions.update(await apply_repository.lock_customers(tx, ids, now_ms))
    return past


def _retired(component: Component, assignment: Assignment) -> list[RetiredRow]:
    gone: dict[str, str | None] = {**assignment.merged, **dict.fromkeys(assignment.emptied)}
    if not gone:
        return []
    had: dict[str, list[str]] = {}
    for uid, one in component.identifiers.items():
        if one.customer is not None:
            had.setdefault(one.customer, []).append(uid)
    return [
        RetiredRow(
            retired=customer,
            survivor=survivor,
            had=sorted(had.get(customer, ())),
            kept=sorted(had.get(survivor, ())) if survivor else [],
        )
        for customer, survivor in gone.items()
    ]


def _wanted(holds: Iterable[Hold], owners: Mapping[str, str]) -> tuple[StoredHold, ...]:
    return tuple(StoredHold(one.start, one.end, one.holder, owners[one.holder]) for one in holds)


def _row(stored: StoredIdentifier, wanted: Sequence[StoredHold]) -> HoldsRow | None:
    """How the stored stretches become the wanted ones; None when they are."""
    now = {(hold.start, hold.end, hold.customer) for hold in stored.holds}
    then = {(hold.start, hold.end, hold.customer): hold for hold in wanted}
    if now == then.keys():
        return None
    whole = len(wanted) == 1
    return HoldsRow(
        uid=stored.uid,
        remove=sorted(start for start, end, customer in now - then.keys()),
        add=[(*then[key][:4], whole) for key in sorted(then.keys() - now, key=lambda key: key[0])],
    )


def _turns(component: Component, assignment: Assignment) -> list[Turn]:
    """What is told of a new assignment. Splits come first: whoever is merged away lost identifiers before that."""
    appeared = assignment.created | assignment.returned
    parted = {
        (one.customer, assignment.owners[uid])
        for uid, one in component.identifiers.items()
        if one.customer is not None and assignment.owners.get(uid) in appeared
    }
    from_nobody = assignment.returned - {new for _, new in parted}
    merged = sorted(assignment.merged.items())
    return [
        *(Turn("SPLIT", old, new, new_decision_id()) for old, new in sorted(parted)),
        *(Turn("SPLIT", customer, None, None) for customer in sorted(from_nobody)),
        *(Turn("MERGED", retired, survivor, new_decision_id()) for retired, survivor in merged),
        *(Turn("MERGED", customer, None, None) for customer in sorted(assignment.emptied)),
    ]


def _decisions(
    component: Component,
    links: Sequence[Link],
    rejected: Sequence[Link],
    assignment: Assignment,
    turns: Iterable[Turn],
    now_ms: int,
) -> list[DecisionRow]:
    before = {uid: one.customer for uid, one in component.identifiers.items()}
    accepted = [link for link in links if link.rejected is None]
    rows: list[DecisionRow] = []
    for turn in turns:
        if turn.decision is None or turn.other is None:
            continue
        if turn.kind == "SPLIT":
            rows.append(log_line(now_ms, "SPLIT", turn.customer, turn.other, decision=turn.decision))
            continue
        across = (link for link in accepted if before[link.a] != before[link.b])
        joining = next((link for link in across if turn.customer in (before[link.a], before[link.b])), None)
        rows.append(log_line(now_ms, "MERGE", turn.other, turn.customer, joining, decision=turn.decision))
    appeared = assignment.created | assignment.returned
    moved: dict[tuple[str, str], str] = {}
    for uid, owner in assignment.owners.items():
        old = before[uid]
        if old is None or old == owner or old in assignment.merged or owner in appeared:
            continue
        moved.setdefault((old, owner), uid)
    for (old, new), uid in sorted(moved.items()):
        joining = next((link for link in accepted if uid in (link.a, link.b)), None)
        rows.append(log_line(now_ms, "MOVE", new, old, joining))
    for link in rejected:
        one, other = assignment.owners.get(link.a), assignment.owners.get(link.b)
        if one is not None and other is not None:
            rows.append(log_line(now_ms, "REJECT", one, other, link, link.rejected))
    return rows


def log_line(
    now_ms: int,
    kind: str,
    customer: str,
    other: str | None,
    link: Link | None = None,
    reason: str | None = None,
    decision: str | None = None,
) -> DecisionRow:
    """A line of the decision log about what the resolver did.

    Args:
        customer, other: the survivor and the retired one, the new and the earlier owner.
        reason: of a link that was cut.
    """
    return DecisionRow(
        id=decision or new_decision_id(),
        kind=kind,
        at=now_ms,
        customer=customer,
        other=other,
        a=link.a if link else None,
        b=link.b if link else None,
        reason=reason,
        evidence=link.evidence[-1] if link and link.evidence else None,
    )


def _absorbed(
    component: Component, assignment: Assignment, wanted: Mapping[str, tuple[StoredHold, ...]]
) -> dict[str, set[str]]:
    """Survivors that have exactly the stretches that they and those who were merged into them had; survivor → retired.

    What a customer has to show follows from its stretches alone: their facts are the sum of the parts.
    """
    others: set[str] = set()
    for uid, one in component.identifiers.items():
        if not one.holds:
            continue
        inherited = {(hold.start, hold.end, assignment.merged.get(hold.customer, hold.customer)) for hold in one.holds}
        after = {(hold.start, hold.end, hold.customer) for hold in wanted.get(uid, ())}
        others |= {customer for _, _, customer in inherited ^ after}
    found: dict[str, set[str]] = {}
    for retired, survivor in assignment.merged.items():
        if survivor not in others:
            found.setdefault(survivor, set()).add(retired)
    return found


def _note(
    found: Identified,
    component: Component,
    resolution: Resolution,
    assignment: Assignment,
    wanted: Mapping[str, tuple[StoredHold, ...]],
    received: Collection[str],
) -> None:
    found.created |= assignment.created
    found.versions.update(dict.fromkeys(assignment.created, 1))
    found.retired |= assignment.merged
    found.retired |= dict.fromkeys(assignment.emptied)
    found.returned |= assignment.returned
    gone = assignment.merged.keys() | assignment.emptied
    for uid, one in component.identifiers.items():
        holds = wanted.get(uid, ())
        if uid in assignment.owners:
            found.owners[uid] = assignment.owners[uid]
        else:
            found.owners.pop(uid, None)
        found.holds.pop(uid, None)
        if len(holds) > 1:
            found.holds[uid] = holds
        status = SHARED if uid in resolution.shared else BLOCKED if one.status == BLOCKED else ACTIVE
        found.statuses.pop(uid, None)
        if status != ACTIVE:
            found.statuses[uid] = status
        before = {(hold.start, hold.end, hold.customer) for hold in one.holds}
        after = {(hold.start, hold.end, hold.customer) for hold in holds}
        # A new identifier brings nothing along: what was done by way of it is in this transaction.
        if not before or before == after:
            if uid in received and uid in assignment.owners:
                found.changed |= {hold.customer for hold in holds}
            continue
        found.moved.add(uid)
        found.changed |= {customer for _, _, customer in before ^ after}
    found.changed -= gone
