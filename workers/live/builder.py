"""Full builds on the graph: a new or changed rule or tag is evaluated in pages, while live evaluation goes on.

A page and a live batch are the same operation under the same locks, so there is no gap between build and live and no
false pair of changes: whoever comes second finds nothing to do.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence

from base import clock
from delivery.publisher import ChangePublisher
from graph.client import GraphClient, Transaction
from graph.repositories import apply as apply_repository
from graph.repositories import live as repository
from rules.tags.compiled import TagValue, same_value
from workers.live.context import LiveContext
from workers.live.evaluation import TagFlip, put_tag
from workers.live.reevaluate import Reevaluated, reevaluate
from workers.live.retagging import Retagged, retag
from workers.live.state import CustomerState, Tagged

# One transaction: short enough that live batches waiting for these customers' locks do not notice.
PAGE_CUSTOMERS = 500
# Told after each page: how far the build is, 0 to 1, and the last customer that it is done with.
Progress = Callable[[float, str], Awaitable[None]]


class Superseded(Exception):
    """It was changed, stopped or deleted while it was built; another build does the work, if there is any left."""


class Builder:
    """Evaluates segments and tags for many customers: everybody, or those of whom a page is given."""

    def __init__(self, graph: GraphClient, publisher: ChangePublisher, live: LiveContext):
        self._graph = graph
        self._publisher = publisher
        self._live = live

    async def begin(self) -> None:
        """Wait until whoever evaluated by the rules of before has committed.

        Raises:
            Unavailable: Neo4j went away.
        """
        await self._graph.write("begin_build", _wait_for_commits)

    async def build_all(self, key: str, version: int, progress: Progress, after: str = "", done: float = 0.0) -> None:
        """Evaluate one segment's rule, or compute one tag, for all customers, once `begin` is over.

        Args:
            key: of the segment, or the tag's name in the catalogue.
            version: of the rule; a newer one ends this build.
            after: the last customer that an interrupted build was done with; whoever came since was evaluated live.
            done: how far that build was, 0 to 1.

        Raises:
            Superseded: the version is no longer the current one.
            Unavailable: Neo4j or Redis went away.
        """
        total = max(1, await repository.count_customers(self._graph))
        passed = done * total
        while True:
            page = await repository.page_customers(self._graph, after, PAGE_CUSTOMERS)
            if not page:
                break
            await self.build_page(key, version, page)
            passed += len(page)
            after = page[-1]
            await progress(min(1.0, passed / total), after)

    async def build_page(self, key: str, version: int, page: Sequence[str]) -> None:
        """The same for the customers of one page, in one transaction.

        Raises:
            Superseded, Unavailable.
        """

        async def work(tx: Transaction) -> Reevaluated:
            catalogue = await self._live.renewed(tx)
            rule = catalogue.rules.get(key)
            if rule is None or rule.version != version or (rule.tag is not None and not rule.tag.building):
                raise Superseded(key)
            return await reevaluate(tx, self._live, {customer: [key] for customer in page}, "RULE", keep=False)

        await self._publish(await self._graph.write("build_page", work))

    async def put_page(self, tag: str, version: int, values: Mapping[str, TagValue | None]) -> None:
        """Give customers the values of a tag that is computed over everybody, in one transaction.

        Args:
            values: customer → value; None for none any more, where old ones are not kept.

        Raises:
            Superseded, Unavailable.
        """

        def give(state: CustomerState, now_ms: int) -> TagFlip | None:
            known, value = state.tagged.get(tag), values[state.id]
            if same_value(value, None if known is None else known.value):
                return None
            at_ms = now_ms if known is None else max(now_ms, known.at)
            return put_tag(state, tag, Tagged(value, at_ms, version))

        async def work(tx: Transaction) -> Retagged:
            # The order of locks is that of every transaction: customers first.
            versions = await apply_repository.lock_living(tx, sorted(values), clock.now_ms())
            catalogue = await self._live.renewed(tx)
            if catalogue.compared.get(tag) != version:
                raise Superseded(tag)
            _, swept_ms = await self._live.current(tx)
            return await retag(tx, self._live, catalogue, swept_ms, versions, tag, give, keep=False)

        await self._publish((await self._graph.write("put_page", work)).done)

    async def _publish(self, done: Reevaluated) -> None:
        # A build passes everybody once: keeping the states would push out those of active customers.
        if done.changes:
            await self._publisher.publish(done.changes)


async def _wait_for_commits(tx: Transaction) -> None:
    """Wait until whoever evaluated by the rules of before has committed: its new customers are on the pages then.

    Whoever takes its place in the order of commits after this finds the new rule there and starts over.
    """
    await repository.commit_changes(tx, [], [], [], 0)
