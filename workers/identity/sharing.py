"""Which shared identifiers stay shared, without looking at everybody who was ever seen with them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection

from graph.client import Transaction
from graph.identity.policy import IdentityPolicy
from graph.repositories import identity as repository

# A kiosk was seen with everybody; a few tell that it is one.
MAX_PARTNERS = 200


async def still_shared(tx: Transaction, uids: Collection[str], policy: IdentityPolicy) -> set[str]:
    """Those of the shared identifiers that are surely shared still; of the others all evidence has to be looked at."""
    unique = [name for name, space in policy.namespaces.items() if space.limit == 1]
    if not uids or policy.unknown.limit == 1:
        return set()
    prefixes = [name.removesuffix("*") if name.endswith("*") else f"{name}|" for name in unique]
    found: set[str] = set()
    for uid, partners in (await repository.list_partners(tx, uids, prefixes, MAX_PARTNERS)).items():
        above = policy.of(uid.partition("|")[0]).shared_above
        counts = Counter(partner.partition("|")[0] for partner in partners)
        if above is not None and max(counts.values(), default=0) > above:
            found.add(uid)
    return found
