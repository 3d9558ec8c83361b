"""Facts for questions about rules, loaded by the same code as live evaluation: one rule, one meaning."""

from __future__ import annotations

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from base.keys import Keyring
from graph.client import GraphClient, Transaction
from rules.facts import Facts
from rules.tree import Rule
from workers.live.catalogue import of_question
from workers.live.facts import load_states


class LiveFacts:
    """Reads facts from the graph; the implementation of `resolvers.ports.FactsReader`."""

    def __init__(self, graph: GraphClient, keyring: Keyring, zone: ZoneInfo):
        self._graph = graph
        self._keyring = keyring
        self._zone = zone

    async def load(
        self, rule: Rule, customer_ids: Sequence[str], now_ms: int, *, with_event_ids: bool = False
    ) -> dict[str, Facts]:
        """Facts by customer id, those that the rule reads; unknown ids are missing. One statement."""
        catalogue = of_question(rule, self._zone, now_ms)

        async def work(tx: Transaction) -> dict[str, Facts]:
            states = await load_states(
                tx, customer_ids, catalogue, self._keyring, now_ms, with_event_ids=with_event_ids
            )
            return {customer_id: state.facts() for customer_id, state in states.items()}

        return await self._graph.write("read_facts", work)
