"""One page of an import: identifiers are locked, something is written on them, and whoever has them is evaluated.

A page is one transaction under the locks that calls and decisions take too, identifiers first, so nobody who gets an
identifier meanwhile is missed.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence

from delivery.publisher import ChangePublisher
from graph.client import GraphClient, Transaction
from graph.repositories import segment_list as repository
from graph.repositories.segment_list import ListedRow
from workers.live.context import LiveContext
from workers.live.reevaluate import Reevaluated, reevaluate

PAGE_VALUES = 500

# (transaction, identifier → who has it or None) → the identifiers that were changed.
Write = Callable[[Transaction, dict[str, str | None]], Awaitable[set[str]]]


class Pages:
    """One a process."""

    def __init__(self, graph: GraphClient, publisher: ChangePublisher, live: LiveContext):
        self.graph = graph
        self._publisher = publisher
        self._live = live

    async def change(self, rule: str, rows: Sequence[ListedRow], write: Write) -> dict[str, str | None]:
        """Lock identifiers, write, and evaluate a rule for those who have what was changed.

        Args:
            rule: key of a segment, or the name of a tag as in `rules.needs.tag_name`.

        Returns:
            The identifiers that were changed → who has them.
        """
        ordered = sorted(rows, key=lambda row: row["uid"])

        async def work(tx: Transaction) -> tuple[dict[str, str | None], Reevaluated]:
            owners = await repository.lock_owners(tx, ordered)
            written = {uid: owners[uid] for uid in await write(tx, owners)}
            rules_of = {customer: [rule] for customer in had(written).values()}
            return written, await reevaluate(tx, self._live, rules_of, "IMPORT", keep=False)

        written, done = await self.graph.write("import_page", work)
        if done.changes:
            await self._publisher.publish(done.changes)
        return written


def had(owners: Mapping[str, str | None]) -> dict[str, str]:
    """The identifiers that somebody has, with who it is."""
    return {uid: customer for uid, customer in owners.items() if customer is not None}
