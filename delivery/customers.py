"""What subscribers of customers get: the changes of the log, and that something else about them moved."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Collection
from contextlib import aclosing
from dataclasses import dataclass
from typing import Literal

from base import clock
from base.errors import BadInput
from base.ids import update_id
from delivery.change import CustomerChangeKind, PublishedCustomerChange
from delivery.following import Following
from delivery.hub import ChangeHub, CustomerSubscriber
from delivery.watch import NOBODY, CustomerWatch, Seen, Watcher
from graph.repositories.customer import CustomerPath, CustomerRepository

MAX_IDS = 100


@dataclass(frozen=True, slots=True)
class CustomerUpdate:
    """One update.

    Args:
        cursor: where to go on behind it, see `delivery.cursor`.
        customer_id: the id that was asked for.
        other_id: who else takes part; None for UPDATED and ERASED, and when an id became nobody or was nobody.
        occurred_at_ms: of UPDATED, when it was noticed.
    """

    cursor: str
    id: str
    kind: CustomerChangeKind | Literal["UPDATED"]
    customer_id: str
    other_id: str | None
    occurred_at_ms: int
    published_at_ms: int


class CustomerUpdates:
    """Serves all subscribers of customers of a process.

    Args:
        hub: brings MERGED, SPLIT and ERASED; started and stopped by its owner.
    """

    def __init__(self, hub: ChangeHub, customers: CustomerRepository):
        self._hub = hub
        self._customers = customers
        self._watch = CustomerWatch(customers)

    async def stop(self) -> None:
        """End the watching."""
        await self._watch.stop()

    def subscribe(self, ids: Collection[str], after: str | None) -> AsyncGenerator[CustomerUpdate, None]:
        """The changes of these customers behind a cursor, each once and in order; UPDATED from now on.

        Close the generator (`contextlib.aclosing`) when the client leaves.

        Args:
            ids: living or retired; a retired one means its successor.
            after: a cursor; "0" for the oldest change kept; None for changes from now on.

        Raises:
            BadInput: at once for no or too many ids and for a cursor that is none; on the first step for an id that
                nobody ever had.
            KithError: on any step, as `ChangeHub.subscribe`; RATE_LIMITED also when too many are watched.
        """
        asked = sorted(set(ids))
        if not 1 <= len(asked) <= MAX_IDS:
            raise BadInput(f"Give 1 to {MAX_IDS} ids.", hint="Open more subscriptions for more customers.", field="ids")
        one = _Subscription(asked, after)
        return self._serve(one, self._hub.subscribe_to_customers(after, lambda to: self._open(one, to)))

    async def _open(self, one: _Subscription, subscriber: CustomerSubscriber) -> None:
        """Start following and watching.

        TRICKY: the place in the log is known by now. The other way round, a merge in between would be missed.
        """
        paths = await self._customers.get_paths(one.asked)
        unknown = [asked for asked in one.asked if asked not in paths]
        # With a cursor, somebody may have been erased since, and their last changes are still to be read.
        if unknown and one.after is None:
            raise BadInput(
                f"Nobody ever had the id {unknown[0]!r}.",
                hint="Ids come from customer { id }; a retired one will do.",
                field="ids",
            )
        paths |= {asked: CustomerPath((asked,), None) for asked in unknown}
        one.following = Following({asked: path.ids for asked, path in paths.items()})
        subscriber.keys = {each for path in paths.values() for each in path.ids}
        seen = {
            asked: NOBODY if path.version is None else Seen(path.ids[-1], path.version) for asked, path in paths.items()
        }
        watcher = Watcher(seen, subscriber.nudge)
        self._watch.add(watcher)
        one.watcher, one.subscriber = watcher, subscriber

    async def _serve(
        self, one: _Subscription, changes: AsyncGenerator[PublishedCustomerChange | None, None]
    ) -> AsyncGenerator[CustomerUpdate, None]:
        try:
            async with aclosing(changes) as opened:
                async for published in opened:
                    update = self._moved(one) if published is None else _changed(one, published)
                    if update is not None:
                        yield update
        finally:
            if one.watcher is not None:
                self._watch.remove(one.watcher)

    def _moved(self, one: _Subscription) -> CustomerUpdate | None:
        """That somebody moved, one at a time: a change that came meanwhile goes before the rest."""
        watcher = one.watcher
        if watcher is None or one.subscriber is None or not watcher.moved:
            return None
        asked = next(iter(watcher.moved))
        seen, now_ms = watcher.moved.pop(asked), clock.now_ms()
        if watcher.moved:
            watcher.notify()
        # Nothing is queued now, so this subscriber has everything up to where the hub is.
        return CustomerUpdate(
            self._hub.cursor_now(one.subscriber),
            update_id(asked, seen.customer, seen.version),
            "UPDATED",
            asked,
            None,
            now_ms,
            now_ms,
        )


@dataclass(slots=True)
class _Subscription:
    asked: list[str]
    after: str | None
    following: Following | None = None
    watcher: Watcher | None = None
    subscriber: CustomerSubscriber | None = None


def _changed(one: _Subscription, published: PublishedCustomerChange) -> CustomerUpdate | None:
    concerned = one.following.take(published.change) if one.following is not None else None
    if concerned is None:
        return None
    change = published.change
    return CustomerUpdate(
        published.cursor,
        change.id,
        change.kind,
        concerned.asked,
        concerned.other,
        change.occurred_at,
        published.published_at,
    )
