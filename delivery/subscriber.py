"""One subscriber's side of the hub: a bounded queue between the one reader and one client."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable, Sequence
from typing import Generic, TypeVar

from base.errors import ErrorCode, KithError
from delivery.change import PublishedChange, PublishedCustomerChange

P = TypeVar("P", bound=PublishedChange | PublishedCustomerChange)


def too_slow() -> KithError:
    """What a subscriber gets whose queue is full."""
    return KithError(
        ErrorCode.RATE_LIMITED,
        "The subscription was ended because its reader is too slow.",
        hint="Subscribe again with the cursor of the last change that you received.",
    )


def expired() -> KithError:
    """What a subscriber gets when changes that it has not seen are no longer kept."""
    return KithError(
        ErrorCode.CURSOR_EXPIRED,
        "Changes behind the cursor are no longer kept.",
        hint="Subscribe without a cursor, then read what you follow again: members of segments, customers.",
        field="after",
    )


class Subscriber(Generic[P]):
    """Takes changes from the hub without ever making it wait.

    Args:
        keys: of the segments, or ids of the customers, to hear of; None for all.
        after: changes up to this position were delivered before the subscriber joined.
        limit: most changes queued; one more ends the subscription.
    """

    __slots__ = ("_fault", "_limit", "_nudged", "_queue", "_waiter", "after", "keys")

    def __init__(self, keys: Iterable[str] | None, after: int, limit: int):
        self.keys = None if keys is None else set(keys)
        self.after = after
        self._limit = limit
        self._queue: deque[P] = deque()
        self._waiter: asyncio.Future[None] | None = None
        self._fault: KithError | None = None
        self._nudged = False

    def offer(self, changes: Sequence[P]) -> bool:
        """Queue changes, ascending; False when they do not fit. Never waits."""
        if changes[0].change.position <= self.after:
            changes = [one for one in changes if one.change.position > self.after]
        if len(self._queue) + len(changes) > self._limit:
            return False
        self._queue.extend(changes)
        self._wake()
        return True

    def end(self, fault: KithError) -> None:
        """End the subscription: what is queued is dropped (the cursor brings it back) and the reader gets `fault`."""
        self._fault = fault
        self._queue.clear()
        self._wake()

    def nudge(self) -> None:
        """Let the reader know that there is something besides changes; several nudges are one. Never waits."""
        self._nudged = True
        self._wake()

    async def take(self) -> P | None:
        """The next change, when there is one; None after a nudge, when every change before it was taken.

        Raises:
            KithError: what `end` was given.
        """
        while not self._queue:
            if self._fault is not None:
                raise self._fault
            if self._nudged:
                self._nudged = False
                return None
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
        return self._queue.popleft()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
