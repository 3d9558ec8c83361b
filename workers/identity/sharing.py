"""Which shared identifiers stay shared, without looking at everybody who was ever seen with them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping

from graph.client import Transaction
from graph.identity.policy import IdentityPolicy
from graph.repositories import identity as repository
from graph.repositories.identity import ACTIVE, SHARED, StoredIdentifier
from graph.repositories.policy import get_current

# A kiosk was seen with everybody; a few tell that it is one.
MAX_PARTNERS = 200


async def part_shared(
    tx: Transaction, identifiers: Mapping[str, StoredIdentifier]
) -> tuple[frozenset[str], frozenset[str]]:
    """(identifiers to walk through, those of them that are shared and may be so no more).

    Left out are blocked ones, which join nobody, and those that are surely shared still.
    """
    shared = {uid for uid, one in identifiers.items() if one.status == SHARED}
    rechecked = frozenset(shared - await _still_shared(tx, shared, await get_current(tx)) if shared else ())
    active = {uid for uid, one in identifiers.items() if one.status == ACTIVE}
    return rechecked | active, rechecked


async def _still_shared(tx: Transaction, uids: Collection[str], policy: IdentityPolicy) -> set[str]:
    """Those of the shared identifiers that are surely so still; of the others all evidence has to be looked at."""
    unique = [name for name, space in policy.namespaces.items() if space.limit == 1]
    if policy.unknown.limit == 1:
        return set()
    prefixes = [name.removesuffix("*") if name.endswith("*") else f"{name}|" for name in unique]
    found: set[str] = set()
    for uid, partners in (await repository.list_partners(tx, uids, prefixes, MAX_PARTNERS)).items():
        above = policy.of(uid.partition("|")[0]).shared_above
        counts = Counter(partner.partition("|")[0] for partner in partners)
        if above is not None and max(counts.values(), default=0) > above:
            found.add(uid)
    return found
