"""One subscriber's side of the hub: a bounded queue between the one reader and one client."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence

from base.errors import ErrorCode, KithError
from delivery.change import PublishedChange


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
        hint="Subscribe without a cursor, then read the members of your segments again.",
        field="after",
    )


class Subscriber:
    """Takes changes from the hub without ever making it wait.

    Args:
        segments: keys of the segments to hear of; None for all.
        after: changes up to this position were delivered before the subscriber joined.
        limit: most changes queued; one more ends the subscription.
    """

    __slots__ = ("_after", "_fault", "_limit", "_queue", "_waiter", "segments")

    def __init__(self, segments: frozenset[str] | None, after: int, limit: int):
        self.segments = segments
        self._after = after
        self._limit = limit
        self._queue: deque[PublishedChange] = deque()
        self._waiter: asyncio.Future[None] | None = None
        self._fault: KithError | None = None

    def offer(self, changes: Sequence[PublishedChange]) -> bool:
        """Queue changes, ascending; False when they do not fit. Never waits."""
        if changes[0].change.position <= self._after:
            changes = [one for one in changes if one.change.position > self._after]
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

    async def take(self) -> PublishedChange:
        """The next change, when there is one.

        Raises:
            KithError: what `end` was given.
        """
        while not self._queue:
            if self._fault is not None:
                raise self._fault
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
        return self._queue.popleft()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
