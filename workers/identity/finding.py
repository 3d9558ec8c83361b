"""Reads components without locks and finds what of them is not as it should be; confirms it under locks.

Whoever changes evidence or decisions of an identifier locks whoever has it and counts that customer's version up. So
what was read holds as long as the customers are at the versions that they had before.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from base.ids import new_customer_id
from graph.client import Transaction
from graph.identity.assign import assign
from graph.identity.ownership import Ownership
from graph.identity.policy import IdentityPolicy
from graph.identity.resolve import Resolution
from graph.repositories import apply as apply_repository
from graph.repositories import identity as repository
from graph.repositories.identity import BLOCKED, SHARED, Component, LockRow
from workers.identity.reading import part_groups, resolve_stored
from workers.identity.stretches import read_ownership


@dataclass(frozen=True, slots=True)
class Asked:
    """What to compare with.

    Args:
        recheck_shared: shared identifiers may be shared no more under this policy.
        blocked, unblocked: identifiers that would be set aside, or would not any more.
    """

    policy: IdentityPolicy
    recheck_shared: bool = False
    blocked: frozenset[str] = frozenset()
    unblocked: frozenset[str] = frozenset()

    def status(self, uid: str, stored: str) -> str:
        """The status that an identifier would have."""
        if uid in self.blocked:
            return BLOCKED
        return repository.ACTIVE if uid in self.unblocked else stored


@dataclass(frozen=True, slots=True)
class Finding:
    """Components as they were read without locks.

    Args:
        uids: identifiers that were asked about.
        resolution, owned: what the resolver makes of them, and of who had them when; of others too.
        rechecked: of the shared ones those of which all evidence was read.
        versions: customer → version before anything else was read.
        differing: of `uids` those that are not, or were not, whose they should be.
        customers: existing ones whom that concerns.
    """

    uids: frozenset[str]
    component: Component
    resolution: Resolution
    owned: Ownership
    rechecked: frozenset[str]
    versions: Mapping[str, int]
    differing: frozenset[str]
    customers: frozenset[str]


class Outdated(Exception):
    """A finding is no longer true: somebody was faster."""


async def find(
    tx: Transaction, linked: Collection[str], others: Collection[str], owners: Iterable[str], asked: Asked
) -> Finding:
    """Read whole components and compare them.

    Args:
        linked: identifiers that take part in links and were seen together with others.
        others: the rest of the identifiers.
        owners: who has them, as far as is known.
    """
    uids = frozenset((*linked, *others))
    versions = await repository.get_versions(tx, owners)
    start = await repository.get_identifiers(tx, others) if others else {}
    start = {uid: one._replace(status=asked.status(uid, one.status)) for uid, one in start.items()}
    through = uids & asked.unblocked
    rechecked: frozenset[str] = frozenset()
    if asked.recheck_shared:
        rechecked = frozenset(uid for uid, one in start.items() if one.status == SHARED)
        through |= rechecked
    component = await repository.load_component(tx, start, through, linked)
    if asked.recheck_shared:
        rechecked |= {uid for uid in linked if (one := component.identifiers.get(uid)) and one.status == SHARED}
    if asked.blocked or asked.unblocked:
        for uid, one in component.identifiers.items():
            component.identifiers[uid] = one._replace(status=asked.status(uid, one.status))
    resolution = resolve_stored(component, asked.policy, rechecked)
    namespaces = {uid: component.identifiers[uid].namespace for group in resolution.groups for uid in group}
    owned = await read_ownership(tx, resolution, namespaces, component.decided(), asked.policy, {})
    differing, customers = _differences(component, resolution, owned, asked.policy, uids)
    return Finding(uids, component, resolution, owned, rechecked, versions, differing, customers)


def narrowed(finding: Finding, uids: Collection[str]) -> Finding | None:
    """The same of some of the components alone; None where the walk met more than these, so that they are not whole.

    Args:
        uids: all that were asked about of these components.
    """
    wanted = finding.uids.intersection(uids)
    whole = finding.component
    if not wanted <= whole.identifiers.keys():
        return None
    walked = {
        uid for uid, one in whole.identifiers.items() if one.status == repository.ACTIVE or uid in finding.rechecked
    }
    linked = walked & wanted
    evidence = {key: seen for key, seen in whole.evidence.items() if not linked.isdisjoint(seen.members)}
    met = wanted.union(*(seen.members for seen in evidence.values()))
    must = {key: one for key, one in whole.must.items() if one.a in wanted or one.b in wanted}
    met |= {uid for one in must.values() for uid in (one.a, one.b)}
    if not met & walked <= wanted:
        return None
    component = Component(
        {uid: whole.identifiers[uid] for uid in met},
        evidence,
        must,
        {key: one for key, one in whole.cannot.items() if not wanted.isdisjoint(one.left | one.right)},
        met=whole.met & met,
        links={ends: link for ends, link in whole.links.items() if ends[0] in met},
    )
    resolution = finding.resolution
    resolution = Resolution(
        tuple(group for group in resolution.groups if not met.isdisjoint(group)),
        tuple(link for link in resolution.links if link.a in wanted or link.b in wanted),
        resolution.shared & met,
        tuple(star for star in resolution.stars if star.seen.key in evidence),
    )
    customers = component.customers()
    return Finding(
        wanted,
        component,
        resolution,
        finding.owned,
        finding.rechecked & wanted,
        {customer: version for customer, version in finding.versions.items() if customer in customers},
        finding.differing & wanted,
        finding.customers & customers,
    )


async def confirm(tx: Transaction, finding: Finding, now_ms: int) -> dict[str, int]:
    """Lock the identifiers that differ and all customers of what was found; customer → its version now.

    Raises:
        Outdated: it was changed since.
    """
    known = finding.component.identifiers
    # Identifiers before customers, as everybody does; of the others the customers tell.
    rows = [LockRow(uid=uid, namespace=known[uid].namespace, cipher=None) for uid in sorted(finding.differing)]
    locked = await repository.lock_identifiers(tx, rows, now_ms)
    if any(known[uid] != one for uid, one in locked.items()):
        raise Outdated
    versions = await apply_repository.lock_customers(tx, sorted(finding.component.customers()), now_ms)
    owners = {owner for uid in finding.uids if (owner := known[uid].customer) is not None}
    if any(versions.get(owner) != finding.versions.get(owner, -1) + 1 for owner in owners):
        raise Outdated
    return versions


def _differences(
    component: Component, resolution: Resolution, owned: Ownership, policy: IdentityPolicy, uids: Collection[str]
) -> tuple[frozenset[str], frozenset[str]]:
    moving, steady = part_groups(component, resolution)
    known = {uid: one.known() for uid, one in component.identifiers.items() if uid not in steady}
    owners = {**steady, **assign(moving, known, policy, new_customer_id).owners}
    differing: set[str] = set()
    customers: set[str] = set()
    existing = component.customers()
    for uid in uids:
        stored = component.identifiers.get(uid)
        if stored is None:
            continue
        holds = owned.holds.get(uid, ())
        before = {(hold.start, hold.end, hold.customer) for hold in stored.holds}
        after = {(hold.start, hold.end, owners[hold.holder]) for hold in holds}
        if before != after:
            differing.add(uid)
            customers |= {customer for _, _, customer in before ^ after} & existing
    return frozenset(differing), frozenset(customers)
