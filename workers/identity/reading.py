"""Resolves without writing: what the customers of some identifiers follow from."""

from __future__ import annotations

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
