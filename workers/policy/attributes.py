"""Attributes of customers under another order of sources."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from base import clock
from delivery.change import AnyChange
from graph.client import GraphClient, Transaction
from graph.identity.policy import IdentityPolicy
from graph.repositories import apply as apply_repository
from graph.repositories import live as live_repository
from workers.applier.attributes import observe
from workers.applier.consequences import Consequences
from workers.identity.outcome import Identified
from workers.live.context import LiveContext
from workers.live.facts import load_states
from workers.live.state import CustomerState

PAGE_CUSTOMERS = 500


async def differing(
    graph: GraphClient, live: LiveContext, policy: IdentityPolicy
) -> AsyncIterator[tuple[list[str], float]]:
    """Pages of all customers, ascending: of each those whose attributes are not what the policy chooses, and how much
    is done, 0 to 1.
    """
    after, count = "", 0
    total = max(1, await live_repository.count_customers(graph))
    while ids := await live_repository.page_customers(graph, after, PAGE_CUSTOMERS):
        after = ids[-1]
        count += len(ids)
        yield await _compare(graph, live, policy, ids), min(1.0, count / total)


async def derive(graph: GraphClient, live: LiveContext, ids: Sequence[str]) -> list[AnyChange]:
    """Derive attributes again, with everything that follows; changes to publish."""

    async def work(tx: Transaction) -> list[AnyChange]:
        found = Identified(await live.policy(tx))
        # They were found without a lock: whoever was merged since is evaluated with its survivor.
        found.versions.update(await apply_repository.lock_living(tx, sorted(ids), clock.now_ms()))
        found.changed = set(found.versions)
        return (await Consequences(live).follow(tx, (), found)).changes

    try:
        return await graph.write("derive_attributes", work)
    finally:
        live.cache.clear()


async def _compare(graph: GraphClient, live: LiveContext, policy: IdentityPolicy, ids: Sequence[str]) -> list[str]:
    async def work(tx: Transaction) -> list[str]:
        catalogue, _ = await live.current(tx)
        stored = await load_states(tx, ids, catalogue, live.keyring, clock.now_ms(), ())
        wanted = {customer: CustomerState(customer, 0, 0, 0) for customer in stored}
        for row in await apply_repository.get_observations(tx, sorted(stored)):
            observe(wanted[row["customer"]], row, policy)
        return [one for one in sorted(stored) if wanted[one].attributes != stored[one].attributes]

    return await graph.write("compare_attributes", work)
