"""Which calls name their identifiers in another order under new ranks."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from graph.client import GraphClient
from graph.identity.policy import IdentityPolicy
from graph.repositories.call import OrderRow
from graph.repositories.survey import EvidenceSet, SurveyRepository

PAGE_SETS = 2_000


async def find_reordered(
    graph: GraphClient, chain: Sequence[IdentityPolicy]
) -> AsyncIterator[tuple[list[OrderRow], float]]:
    """Pages over all evidence: of each the sets whose order under the last policy differs from that under one before.

    All calls with one set of identifiers have them in one order.
    """
    reader, after, count = SurveyRepository(graph), "", 0
    total = max(1, await reader.count())
    while page := await reader.page_evidence(after, PAGE_SETS):
        after = page[-1].key
        count += len(page)
        rows: list[OrderRow] = []
        for one in page:
            orders = [_order(one, policy) for policy in chain]
            if any(order != orders[-1] for order in orders):
                rows.append(OrderRow(key=one.key, order=orders[-1]))
        yield rows, count / (count + total)


def _order(one: EvidenceSet, policy: IdentityPolicy) -> list[str]:
    unverified = frozenset(one.unverified)
    return sorted(one.members, key=lambda uid: (policy.of(uid.partition("|")[0], uid not in unverified).rank, uid))
