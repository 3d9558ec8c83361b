"""Events and values of attributes that are too old go, page by page, and customers are as they are without them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import Final

import msgspec

from base import clock
from base.pages import pages
from delivery.change import AnyChange
from delivery.publisher import ChangePublisher
from graph.client import GraphClient, Transaction
from graph.repositories import apply as apply_repository
from graph.repositories import retention as repository
from graph.repositories.retention import OldValue, RetentionRepository, TraitsRow
from workers.applier.consequences import Consequences
from workers.decisions.given import lock
from workers.identity.observations import rebuild
from workers.identity.outcome import Identified
from workers.live.context import LiveContext

# One transaction: as many customers as a page of a build at most.
PAGE_EVENTS: Final = 500
PAGE_IDENTIFIERS: Final = 2_000
PAGE_VALUES: Final = 500

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


class Removing:
    """One a process."""

    def __init__(self, graph: GraphClient, publisher: ChangePublisher, live: LiveContext):
        self._graph = graph
        self._publisher = publisher
        self._live = live
        self._repository = RetentionRepository(graph)
        self._consequences = Consequences(live)

    async def remove_events(self, name: str, before_ms: int) -> int:
        """Remove events of a name from before an instant; returns how many. It may be cut off and begun again.

        Raises:
            Unavailable: Neo4j is away.
        """
        removed = 0
        while old := await self._repository.list_events(name, before_ms, PAGE_EVENTS):
            ids, uids = sorted({one.id for one in old}), sorted({one.uid for one in old})

            async def work(
                tx: Transaction, ids: Sequence[str] = ids, uids: Sequence[str] = uids
            ) -> tuple[int, list[AnyChange]]:
                found = await self._locked(tx, uids)
                count = await repository.thin_events(tx, ids, before_ms, uids)
                return count, await self._follow(tx, found)

            removed += await self._commit("remove_old_events", work)
        return removed

    async def remove_values(self, before_ms: dict[str, int]) -> dict[str, int]:
        """Remove values of attributes that were not reported since an instant, by name; how many, by name.

        Raises:
            Unavailable: Neo4j is away.
        """
        removed: dict[str, int] = dict.fromkeys(before_ms, 0)
        after: str | None = ""
        while after is not None:
            page = await self._repository.page_old_values(after, PAGE_IDENTIFIERS, before_ms)
            after = page.last
            by_uid: dict[str, list[OldValue]] = defaultdict(list)
            for value in page.old:
                by_uid[value.uid].append(value)
            for uids in pages(sorted(by_uid), PAGE_VALUES):
                await self._remove_values(uids, [one for uid in uids for one in by_uid[uid]], before_ms)
            for value in page.old:
                removed[value.name] += 1
        return removed

    async def _remove_values(self, uids: Sequence[str], old: Sequence[OldValue], before_ms: dict[str, int]) -> None:
        names: dict[tuple[str, str], set[str]] = defaultdict(set)
        for value in old:
            names[value.uid, value.source].add(value.name)

        async def work(tx: Transaction) -> tuple[int, list[AnyChange]]:
            found = await self._locked(tx, uids)
            rows: list[TraitsRow] = []
            for call in await repository.get_traits(tx, uids):
                traits = _decode(call.traits)
                # What has come since the page was read is newer, and stays.
                gone = {name for name in names[call.uid, call.source] & traits.keys() if call.at_ms < before_ms[name]}
                if gone:
                    left = {name: value for name, value in traits.items() if name not in gone}
                    rows.append(TraitsRow(call.id, _encode(left).decode() if left else None))
            await repository.set_traits(tx, rows)
            await rebuild(tx, uids)
            return len(rows), await self._follow(tx, found)

        await self._commit("remove_old_values", work)

    async def _locked(self, tx: Transaction, uids: Collection[str]) -> Identified:
        """Identifiers, then everybody who has or had them, under their locks."""
        found, now_ms = Identified(await self._live.policy(tx)), clock.now_ms()
        identifiers = await lock(tx, uids, now_ms)
        customers = {hold.customer for one in identifiers.values() for hold in one.holds}
        found.versions.update(await apply_repository.lock_living(tx, sorted(customers), now_ms))
        found.changed = set(found.versions)
        return found

    async def _follow(self, tx: Transaction, found: Identified) -> list[AnyChange]:
        return (await self._consequences.follow(tx, (), found)).changes

    async def _commit(self, name: str, work: Callable[[Transaction], Awaitable[tuple[int, list[AnyChange]]]]) -> int:
        try:
            count, changes = await self._graph.write(name, work)
        finally:
            self._live.cache.clear()
        if changes:
            await self._publisher.publish(changes)
        return count
