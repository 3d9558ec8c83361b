"""Labels that people put on customers: values of tags that nobody computes, with what follows from them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import TypeAlias

from base import clock
from base.pages import pages
from delivery.publisher import ChangePublisher
from graph.client import GraphClient, Transaction
from graph.repositories import apply as apply_repository
from workers.live.context import LiveContext
from workers.live.evaluation import TagFlip, put_tag
from workers.live.retagging import Retagged, retag
from workers.live.state import CustomerState, Mark
from workers.live.succession import labelled

# One transaction, as in a build.
PAGE_CUSTOMERS = 500
ChangeMarks: TypeAlias = Callable[[Sequence[Mark]], list[Mark]]


class Labels:
    """Puts labels on customers and takes them off; one a process."""

    def __init__(self, graph: GraphClient, publisher: ChangePublisher, live: LiveContext):
        self._graph = graph
        self._publisher = publisher
        self._live = live

    async def put(self, tag: str, version: int, ids: Collection[str], labels: Collection[str], author: str) -> int:
        """Put labels on living customers; who has one keeps it as it is. Returns how many have others now."""
        now_ms = clock.now_ms()

        def add(marks: Sequence[Mark]) -> list[Mark]:
            known = {mark.label for mark in marks}
            return [*marks, *(Mark(label, author, now_ms) for label in labels if label not in known)]

        return await self._change(tag, version, ids, add)

    async def take(self, tag: str, version: int, ids: Collection[str], labels: Collection[str] | None) -> int:
        """Take labels off customers, all of them without names; returns how many have others now."""

        def remove(marks: Sequence[Mark]) -> list[Mark]:
            return [mark for mark in marks if labels is not None and mark.label not in labels]

        return await self._change(tag, version, ids, remove)

    async def _change(self, tag: str, version: int, ids: Collection[str], change: ChangeMarks) -> int:
        count = 0
        for page in pages(sorted(ids), PAGE_CUSTOMERS):

            async def work(tx: Transaction, page: Sequence[str] = page) -> Retagged:
                return await self._change_page(tx, tag, version, page, change)

            changed = await self._graph.write("change_labels", work)
            self._live.cache.put(changed.done.states)
            if changed.done.changes:
                await self._publisher.publish(changed.done.changes)
            count += changed.count
        return count

    async def _change_page(
        self, tx: Transaction, tag: str, version: int, page: Sequence[str], change: ChangeMarks
    ) -> Retagged:
        versions = await apply_repository.lock_living(tx, page, clock.now_ms())
        catalogue, swept_ms = await self._live.current(tx)
        if tag not in catalogue.labels:
            # This process has not heard of the tag yet, or it was deleted.
            catalogue = await self._live.renewed(tx)

        def relabel(state: CustomerState, now_ms: int) -> TagFlip | None:
            return _relabel(state, tag, version, change, now_ms) if tag in catalogue.labels else None

        return await retag(tx, self._live, catalogue, swept_ms, versions, tag, relabel)


def _relabel(state: CustomerState, tag: str, version: int, change: ChangeMarks, now_ms: int) -> TagFlip | None:
    known = state.tagged.get(tag)
    marks = known.marks if known is not None and known.value is not None else ()
    changed = change(marks)
    if len(changed) == len(marks):
        return None
    return put_tag(state, tag, labelled(changed, now_ms if known is None else max(now_ms, known.at), version))
