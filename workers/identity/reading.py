"""Resolves without writing: what the customers of some identifiers follow from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable

from graph.client import Transaction
from graph.identity.policy import IdentityPolicy
from graph.identity.resolve import Resolution, resolve
from graph.repositories import identity as repository
from graph.repositories.identity import BLOCKED, SHARED, Component


async def read_resolution(tx: Transaction, uids: Iterable[str], policy: IdentityPolicy) -> tuple[Component, Resolution]:
    """The components that hold the identifiers, and what the resolver makes of them; unknown ones are missing."""
    component = await repository.load_component(tx, await repository.get_identifiers(tx, uids))
    return component, resolve_stored(component, policy)


def resolve_stored(component: Component, policy: IdentityPolicy, rechecked: Container[str] = ()) -> Resolution:
    """What the resolver makes of a component as it is stored. Pure.

    Args:
        rechecked: shared identifiers of which all evidence was loaded: they may turn out not to be shared any more.
    """
    unseen = component.unseen()
    namespaces = {
        uid: one.namespace for uid, one in component.identifiers.items() if one.status != BLOCKED and uid not in unseen
    }
    shared = frozenset(
        uid for uid in namespaces if component.identifiers[uid].status == SHARED and uid not in rechecked
    )
    return resolve(namespaces, component.evidence.values(), policy, component.decided(), shared)


def part_groups(component: Component, resolution: Resolution) -> tuple[list[frozenset[str]], dict[str, str]]:
    """(groups whose customer has to be found, uid → customer of the others: each is wholly one customer's, who has
    nothing else and so keeps it).
    """
    spread = Counter(customer for one in component.identifiers.values() if (customer := one.customer) is not None)
    moving: list[frozenset[str]] = []
    steady: dict[str, str] = {}
    for group in resolution.groups:
        owners = {component.identifiers[uid].customer for uid in group}
        owner = owners.pop()
        if owner is None or owners or spread[owner] != len(group):
            moving.append(group)
        else:
            steady |= dict.fromkeys(group, owner)
    return moving, steady
