"""Which customer id a group of identifiers gets: ids live on, merges have one survivor (identity.md §4). Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field

from graph.identity.policy import IdentityPolicy

Group = frozenset[str]
Strength = tuple[int, int, str]


@dataclass(frozen=True, slots=True)
class KnownIdentifier:
    """An identifier as stored: its open owner is None when it has none yet."""

    uid: str
    namespace: str
    first_seen: int
    customer: str | None


@dataclass(frozen=True, slots=True)
class Retired:
    """A customer that was merged into another or lost everything.

    Args:
        had: its identifiers when that happened.
        depth: through how many other retired customers it was merged.
    """

    id: str
    had: frozenset[str]
    depth: int = 0


@dataclass(frozen=True, slots=True)
class Past:
    """What is known of the customers of a component from before, where something is undone.

    Args:
        own: customer → what it had before anybody was merged into it; only those into whom somebody was.
    """

    retired: tuple[Retired, ...] = ()
    own: Mapping[str, Collection[str]] = field(default_factory=dict)


FORGOTTEN = Past()


@dataclass(frozen=True, slots=True)
class Assignment:
    """What to write.

    Args:
        owners: uid → customer id, for every identifier of a group.
        created: ids that did not exist before.
        merged: retired id → survivor.
        returned: retired ids that are somebody again.
        emptied: ids that have no identifier any more, and no successor.
    """

    owners: Mapping[str, str]
    created: frozenset[str]
    merged: Mapping[str, str]
    returned: frozenset[str] = frozenset()
    emptied: frozenset[str] = frozenset()


def assign(
    groups: Iterable[Group],
    known: Mapping[str, KnownIdentifier],
    policy: IdentityPolicy,
    new_id: Callable[[], str],
    past: Past = FORGOTTEN,
) -> Assignment:
    """Give each group a customer id.

    An old customer claims the group that holds its strongest identifier (rank, then first seen, then uid); where
    something is undone, the strongest of those that were its own. Among several claims on one group the survivor holds
    the highest-ranked identifier, then the earliest, then the smallest id. A group that nobody claims gets a retired
    id back, or a new one.

    Args:
        known: every identifier of the groups, and those that left them.
        past: only where something is undone. New evidence never brings an id back: who knows a retired id knows it as
            the person into whom it was merged.
    """
    group_of = {uid: group for group in groups for uid in group}
    strength = {uid: _strength(known[uid], policy) for uid in group_of}
    held: dict[str, set[str]] = {}
    emptied: set[str] = set()
    for identifier in known.values():
        if identifier.customer is not None:
            emptied.add(identifier.customer)
            if identifier.uid in group_of:
                held.setdefault(identifier.customer, set()).add(identifier.uid)
    claims: dict[Group, list[tuple[int, int, str]]] = {}
    for customer, uids in held.items():
        rank, first_seen, best = min(strength[uid] for uid in _own(uids, past.own.get(customer)))
        claims.setdefault(group_of[best], []).append((rank, first_seen, customer))
    ordered = sorted(set(group_of.values()), key=min)
    customer_of: dict[Group, str] = {}
    merged: dict[str, str] = {}
    for group in ordered:
        if claimants := sorted(claims.get(group, [])):
            survivor = customer_of[group] = claimants[0][2]
            merged.update({customer: survivor for _, _, customer in claimants[1:]})
    returned = _give_back(customer_of, past, strength, group_of)
    created: set[str] = set()
    for group in ordered:
        if group not in customer_of:
            customer_of[group] = new_id()
            created.add(customer_of[group])
    return Assignment(
        owners={uid: customer_of[group] for uid, group in group_of.items()},
        created=frozenset(created),
        merged=merged,
        returned=returned,
        emptied=frozenset(emptied - held.keys()),
    )


def _give_back(
    customer_of: dict[Group, str], past: Past, strength: Mapping[str, Strength], group_of: Mapping[str, Group]
) -> frozenset[str]:
    """Let retired ids return to groups that nobody claims, those first that were merged last. Changes `customer_of`."""
    wishes: list[tuple[int, Strength, str]] = []
    for one in past.retired:
        had = one.had & group_of.keys()
        if had:
            wishes.append((one.depth, min(strength[uid] for uid in _own(had, past.own.get(one.id))), one.id))
    returned: set[str] = set()
    for _, (_, _, best), customer in sorted(wishes):
        if group_of[best] not in customer_of:
            customer_of[group_of[best]] = customer
            returned.add(customer)
    return frozenset(returned)


def _own(held: Collection[str], own: Collection[str] | None) -> Collection[str]:
    return set(held).intersection(own or ()) or held


def _strength(identifier: KnownIdentifier, policy: IdentityPolicy) -> Strength:
    return policy.of(identifier.namespace).rank, identifier.first_seen, identifier.uid
