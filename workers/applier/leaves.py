"""The commonest new sighting: somebody known, on a device that nobody has seen. It needs no resolution.

A device of a namespace without a limit, seen for the first time and with nobody else, joins whatever the identifier
that it was seen with belongs to: the link breaks no limit, bridges nobody, makes nothing shared, and no other link
depends on it. So what `resolve` and `ownership` would say is known without asking them. Only a call that vouches for a
phone or an e-mail says more: it may be the first to do so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from graph.client import Transaction
from graph.identity.ownership import SINCE_EVER
from graph.identity.policy import VERIFIABLE, IdentifierClass, IdentityPolicy
from graph.identity.resolve import Link
from graph.identity.sides import pair
from graph.repositories import resolution as resolution_repository
from graph.repositories.apply import EvidenceRow
from graph.repositories.identity import ACTIVE, StoredIdentifier
from graph.repositories.link import new_rows
from graph.repositories.resolution import HoldsRow, ResolutionRows
from workers.applier.batch import PreparedCall
from workers.identity.outcome import Identified


def part_leaves(
    unsettled: Sequence[PreparedCall], locked: Mapping[str, StoredIdentifier], policy: IdentityPolicy
) -> tuple[list[PreparedCall], list[PreparedCall]]:
    """(calls to resolve, calls that only add leaves); a repeat of one is one. Pure."""
    sets: dict[str, set[str | None]] = {}
    for call in unsettled:
        for seen in call.seen:
            sets.setdefault(seen.uid, set()).add(call.evidence)
    leaves = {call.evidence: call for call in unsettled if _is_leaf(call, locked, sets, policy)}
    others = [call for call in unsettled if call.evidence not in leaves]
    met = {seen.uid for call in others for seen in call.seen}
    kept = [call for call in leaves.values() if call.seen[0].uid not in met]
    keys = {call.evidence for call in kept}
    return [call for call in unsettled if call.evidence not in keys], kept


def _is_leaf(
    call: PreparedCall,
    locked: Mapping[str, StoredIdentifier],
    sets: Mapping[str, set[str | None]],
    policy: IdentityPolicy,
) -> bool:
    centre = locked[call.seen[0].uid]
    # One that changed hands hands its devices on with itself.
    if call.evidence is None or centre.status != ACTIVE or len(centre.holds) != 1:
        return False
    # A call that vouches for a phone may be the first to do so, and makes a person's of a contact.
    if centre.namespace in VERIFIABLE and call.seen[0].verified:
        return False
    # Seen now, it may count for a limit that looks at times.
    space = policy.of(centre.namespace)
    if space.limit is not None and space.window_days is not None:
        return False
    for seen in call.seen[1:]:
        known, own = locked[seen.uid], policy.of(seen.namespace, seen.verified)
        if known.holds or known.status != ACTIVE or known.decided or len(sets[seen.uid]) > 1:
            return False
        if own.identifier_class is not IdentifierClass.DEVICE or own.limit is not None:
            return False
    return True


async def add_leaves(
    tx: Transaction,
    leaves: Sequence[PreparedCall],
    evidence: Mapping[str, EvidenceRow],
    policy: IdentityPolicy,
    now_ms: int,
    found: Identified,
) -> None:
    """Give new devices to the customers they were seen with, unless a resolution has just done so."""
    holds: list[HoldsRow] = []
    links: list[Link] = []
    for call in leaves:
        centre, customer = call.seen[0].uid, found.owners[call.seen[0].uid]
        row = evidence[str(call.evidence)]
        for seen in call.seen[1:]:
            if seen.uid in found.owners:
                continue
            found.owners[seen.uid] = customer
            holds.append(HoldsRow(uid=seen.uid, remove=[], add=[(SINCE_EVER, None, seen.uid, customer, True)]))
            a, b = pair(centre, seen.uid)
            links.append(Link(a, b, row["first_at"], row["last_at"], 1, (row["key"],), None, None))
    rows = ResolutionRows(holds=holds, links=new_rows(links))
    await resolution_repository.write(tx, rows, policy.version, now_ms)
