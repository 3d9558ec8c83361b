"""Which customer id a group of identifiers gets: ids live on, merges have one survivor (identity.md §4). Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from graph.identity.policy import policy_of


@dataclass(frozen=True, slots=True)
class KnownIdentifier:
    """An identifier as stored: its open owner is None when it has none yet."""

    uid: str
    namespace: str
    first_seen: int
    customer: str | None


@dataclass(frozen=True, slots=True)
class Assignment:
    """What to write.

    Args:
        owners: uid → customer id, for every identifier.
        created: ids that did not exist before.
        merged: retired id → survivor.
    """

    owners: Mapping[str, str]
    created: frozenset[str]
    merged: Mapping[str, str]


def assign(
    groups: Iterable[frozenset[str]], known: Mapping[str, KnownIdentifier], new_id: Callable[[], str]
) -> Assignment:
    """Give each group a customer id.

    An old customer claims the group that holds its strongest identifier (rank, then first seen, then uid). Among
    several claims on one group the survivor holds the highest-ranked identifier, then the earliest, then the
    smallest id. A group that nobody claims gets a new id.
    """
    group_of = {uid: group for group in groups for uid in group}
    holdings: dict[str, list[KnownIdentifier]] = {}
    for identifier in known.values():
        if identifier.customer is not None:
            holdings.setdefault(identifier.customer, []).append(identifier)
    claims: dict[frozenset[str], list[tuple[int, int, str]]] = {}
    for customer, identifiers in holdings.items():
        best = min(identifiers, key=_strength)
        rank, first_seen, _ = _strength(best)
        claims.setdefault(group_of[best.uid], []).append((rank, first_seen, customer))
    owners: dict[str, str] = {}
    created: set[str] = set()
    merged: dict[str, str] = {}
    for group in sorted(set(group_of.values()), key=min):
        claimants = sorted(claims.get(group, []))
        if claimants:
            survivor = claimants[0][2]
            merged.update({customer: survivor for _, _, customer in claimants[1:]})
        else:
            survivor = new_id()
            created.add(survivor)
        owners.update(dict.fromkeys(group, survivor))
    return Assignment(owners=owners, created=frozenset(created), merged=merged)


def _strength(identifier: KnownIdentifier) -> tuple[int, int, str]:
    return policy_of(identifier.namespace).rank, identifier.first_seen, identifier.uid
