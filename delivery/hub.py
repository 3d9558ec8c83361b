"""One reader of the change stream for all subscribers of a process.

The reader (`_run`) decodes each entry once and puts it into the queue of every subscriber that wants it; it waits for
nobody. A subscriber that starts behind the reader reads pages by itself until it has caught up, then joins in the same
step of the event loop in which it compared positions, so nothing is lost or repeated in between.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import TypeAlias, cast

from redis.asyncio import Redis

from base import logs, metrics
from base.errors import BadInput, KithError, Unavailable
from base.keys import Keyring
from delivery.audience import Audience, follow, wants
from delivery.change import Change, PublishedChange, PublishedCustomerChange, decode
from delivery.cursor import OLDEST, Cursors
from delivery.stream import ChangeStream, RawEntry
from delivery.subscriber import P, Subscriber, expired, too_slow

# References only: a change in a thousand queues is one object. A full build of a segment comes in long bursts.
QUEUE_LIMIT = 10_000
PAGE_ENTRIES = 500
# Decoded entries kept for those who come back after a moment, so that a thousand reconnects cost no reads.
RECENT_ENTRIES = 4_000
# How long one blocking read lasts; also how often an idle reader checks that the stream still has its end.
BLOCK_MS = 1_000
FIRST_PAUSE_S = 0.05
LONGEST_PAUSE_S = 2.0
READY_WAIT_S = 3.0
# A stream that lost its end is filled by the next publication or within seconds by a worker (`catch_up`).
REBUILD_WAIT_S = 15.0
POLL_S = 0.1
NOTICE_POLL_MS = 20

Published: TypeAlias = PublishedChange | PublishedCustomerChange
CustomerSubscriber: TypeAlias = Subscriber[PublishedCustomerChange]

_log = logs.get_logger()


class ChangeHub:
    """Hands the changes of the stream to any number of subscribers. One a process.

    Args:
        redis: a client with bytes in and out; one of its connections is used by the reader alone.
        keyring: signs the cursors.
        queue_limit: most changes that may wait for one subscriber.
    """

    def __init__(self, redis: Redis, keyring: Keyring, *, queue_limit: int = QUEUE_LIMIT):
        self._stream = ChangeStream(redis)
        self._cursors = Cursors(keyring)
        self._queue_limit = queue_limit
        self._reader: asyncio.Task[None] | None = None
        self._ready = asyncio.Event()
        # Everything up to here was offered to those who joined.
        self._position = 0
        self._recent: list[Published] = []
        # Subscriptions that are served, joined or not yet.
        self._served_count = 0
        self._segments: Audience[PublishedChange] = Audience()
        self._customers: Audience[PublishedCustomerChange] = Audience()
        self._short_since_s: float | None = None

    async def start(self) -> None:
        """Start the reader. Does not wait for Redis: subscribers do."""
        self._reader = asyncio.create_task(self._run(), name="change-hub")

    async def stop(self) -> None:
        """Stop the reader and end every subscription with a fault that says to come back."""
        reader, self._reader = self._reader, None
        self._end_all(_stopping())
        if reader is not None:
            reader.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await reader

    def subscribe(self, segments: frozenset[str] | None, after: str | None) -> AsyncGenerator[PublishedChange, None]:
        """The changes of these segments behind a cursor, for ever; each once, in order.

        Close the generator (`contextlib.aclosing`) when the client leaves.

        Args:
            segments: keys; None for all segments.
            after: a cursor; "0" for the oldest change kept; None for changes from now on.

        Raises:
            BadInput: at once for a cursor that is none; on the first step for one ahead of the stream.
            KithError: on any step; CURSOR_EXPIRED when changes behind the cursor are gone, RATE_LIMITED when the caller
                takes them too slowly, UNAVAILABLE when Redis is away at the start or the hub stops.
        """
        cursor = self._cursor(after)

        async def start() -> Subscriber[PublishedChange]:
            position = await self._starting_position(cursor, from_oldest=after == OLDEST)
            return Subscriber(segments, position, self._queue_limit)

        # Nobody nudges them.
        return cast("AsyncGenerator[PublishedChange, None]", self._serve(start, self._segments, PublishedChange))

    def subscribe_to_customers(
        self, after: str | None, opened: Callable[[CustomerSubscriber], Awaitable[None]]
    ) -> AsyncGenerator[PublishedCustomerChange | None, None]:
        """The changes of some customers behind a cursor, as `subscribe` does it; None after each nudge.

        Args:
            opened: called with the subscriber when its place in the log is known; puts the ids into its `keys`. What
                it reads of the graph is then no older than that place.

        Raises:
            BadInput, KithError: as `subscribe`; on the first step also what `opened` raises.
        """
        cursor = self._cursor(after)

        async def start() -> CustomerSubscriber:
            position = await self._starting_position(cursor, from_oldest=after == OLDEST)
            subscriber: CustomerSubscriber = Subscriber((), position, self._queue_limit)
            await opened(subscriber)
            return subscriber

        return self._serve(start, self._customers, PublishedCustomerChange)

    def cursor_now(self, subscriber: CustomerSubscriber) -> str:
        """The cursor behind everything that was offered to a subscriber that joined.

        It may have begun ahead of this process's reader: with a cursor of another process, or from now on.
        """
        return self._cursors.encode(max(self._position, subscriber.after))

    def _cursor(self, after: str | None) -> int | None:
        return self._cursors.decode(after) if after is not None else None

    async def _serve(
        self, start: Callable[[], Awaitable[Subscriber[P]]], audience: Audience[P], kind: type[P]
    ) -> AsyncGenerator[P | None, None]:
        subscriber = await start()
        position = subscriber.after
        self._served_count += 1
        metrics.SUBSCRIBERS.inc()
        try:
            # TRICKY: no await between this comparison and the joining below.
            while position < self._position:
                for one in await self._page(position):
                    if isinstance(one, kind) and wants(subscriber, one):
                        follow(subscriber, one)
                        yield one
                    position = one.change.position
            if self._reader is None:
                raise _stopping()
            subscriber.after = position
            audience.join(subscriber)
            while True:
                yield await subscriber.take()
        finally:
            audience.leave(subscriber)
            self._served_count -= 1
            metrics.SUBSCRIBERS.dec()

    async def _starting_position(self, cursor: int | None, *, from_oldest: bool) -> int:
        """The position behind which a subscription starts; see `subscribe` for what it raises."""
        await self._wait_until_ready()
        if cursor is None:
            return await self._position_now()
        if not from_oldest and (cursor == self._position or self._is_recent(cursor)):
            return cursor
        deadline_s = time.monotonic() + REBUILD_WAIT_S
        while True:
            bounds = await self._stream.bounds()
            if from_oldest:
                return bounds.first - 1
            if cursor < bounds.first - 1:
                raise expired()
            if cursor <= max(bounds.last, self._position):
                return cursor
            # Cursors cannot be made up (`delivery.cursor`), so the stream lost its end and is about to get it back.
            if time.monotonic() > deadline_s:
                raise BadInput(
                    "The cursor is ahead of the change log.",
                    hint="The service was restored to an earlier state: subscribe without a cursor, "
                    "then read the members of your segments again.",
                    field="after",
                )
            await asyncio.sleep(POLL_S)

    async def _wait_until_ready(self) -> None:
        if self._reader is None:
            raise _stopping()
        if self._ready.is_set():
            return
        try:
            async with asyncio.timeout(READY_WAIT_S):
                await self._ready.wait()
        except TimeoutError as fault:
            raise Unavailable("The change stream cannot be reached now.") from fault

    async def _position_now(self) -> int:
        """The end of the stream; the reader is given time to notice one that starts anew while nobody listened."""
        last = 0
        with contextlib.suppress(Unavailable):
            last = (await self._stream.bounds()).last
            for _ in range(2 * BLOCK_MS // NOTICE_POLL_MS):
                if self._position <= last or self._served_count:
                    break
                await asyncio.sleep(NOTICE_POLL_MS / 1000)
        # The reader may be a moment behind: what it is about to read was there before.
        return max(self._position, last)

    async def _page(self, after: int) -> list[Published]:
        """Some changes right behind `after`, at least one; for a subscriber that is behind the reader.

        Raises:
            KithError: CURSOR_EXPIRED, or UNAVAILABLE when the stream stays away.
        """
        deadline_s = time.monotonic() + REBUILD_WAIT_S
        while True:
            if self._is_recent(after):
                start = after + 1 - self._recent[0].change.position
                return self._recent[start : start + PAGE_ENTRIES]
            page = await self._stream.page(after, PAGE_ENTRIES)
            if page and page[0].position == after + 1:
                return [self._published(entry) for entry in page]
            if page or (await self._stream.bounds()).first > after + 1:
                raise expired()
            if time.monotonic() > deadline_s:
                raise _restoring()
            await asyncio.sleep(POLL_S)

    def _is_recent(self, position: int) -> bool:
        """Whether all that follows `position` up to the reader is in `_recent`, and something does."""
        return bool(self._recent) and self._recent[0].change.position - 1 <= position < self._position

    async def _run(self) -> None:
        pause_s = FIRST_PAUSE_S
        # The flag as well as the cancellation: on Python 3.11 `asyncio.wait_for`, which the client uses to write,
        # swallows a cancellation that meets a finished write. Source: python/cpython issue 86296.
        while self._reader is not None:
            try:
                if not self._ready.is_set():
                    self._position = (await self._stream.bounds()).last
                    self._ready.set()
                entries = await self._stream.wait(self._position, PAGE_ENTRIES, BLOCK_MS)
                if entries:
                    self._short_since_s = None
                    self._take(entries)
                else:
                    await self._check_end()
                pause_s = FIRST_PAUSE_S
                # A full stream answers at once; the subscribers must get their turn between two pages.
                await asyncio.sleep(0)
            except Unavailable:
                await asyncio.sleep(pause_s)
                pause_s = min(pause_s * 2, LONGEST_PAUSE_S)
            except Exception:
                # An entry of a later version of Kith: nothing may be skipped, so wait for the roll-out to end.
                _log.exception("change_hub_fault", position=self._position)
                await asyncio.sleep(LONGEST_PAUSE_S)

    def _take(self, entries: list[RawEntry]) -> None:
        """Offer entries that follow `_position` to everybody who joined."""
        first, last = entries[0].position, entries[-1].position
        # Before the first change ever (position 0) the stream may begin anywhere.
        if (first != self._position + 1 and self._position) or last - first + 1 != len(entries):
            _log.warning("changes_removed_before_read", position=self._position, next_position=first)
            self._end_all(expired())
            self._recent.clear()
        if not self._served_count:
            self._recent.clear()
            self._position = last
            return
        changes = [self._published(entry) for entry in entries]
        self._position = last
        self._recent += changes
        if len(self._recent) > 2 * RECENT_ENTRIES:
            del self._recent[:-RECENT_ENTRIES]
        self._offer(self._segments, [one for one in changes if isinstance(one, PublishedChange)])
        self._offer(self._customers, [one for one in changes if isinstance(one, PublishedCustomerChange)])

    def _offer(self, audience: Audience[P], changes: list[P]) -> None:
        for subscriber in audience.offer(changes):
            metrics.SUBSCRIBERS_CUT.inc()
            audience.leave(subscriber)
            subscriber.end(too_slow())

    async def _check_end(self) -> None:
        """Notice a stream that ends before the reader's position: Redis lost its end, or the deployment was reset."""
        last = (await self._stream.bounds()).last
        if last >= self._position:
            self._short_since_s = None
            return
        now_s = time.monotonic()
        self._short_since_s = self._short_since_s or now_s
        if self._served_count and now_s - self._short_since_s < REBUILD_WAIT_S:
            return
        _log.warning("changes_stream_ends_early", position=self._position, last_position=last)
        self._end_all(_restoring())
        self._recent.clear()
        self._position = last
        self._short_since_s = None

    def _end_all(self, fault: KithError) -> None:
        for of_segments in self._segments.clear():
            of_segments.end(fault)
        for of_customers in self._customers.clear():
            of_customers.end(fault)

    def _published(self, entry: RawEntry) -> Published:
        change, cursor = decode(entry.body), self._cursors.encode(entry.position)
        if isinstance(change, Change):
            return PublishedChange(change, cursor, entry.published_at)
        return PublishedCustomerChange(change, cursor, entry.published_at)


def _stopping() -> Unavailable:
    return Unavailable("The service is stopping.", hint="Subscribe again with your last cursor.")


def _restoring() -> Unavailable:
    return Unavailable(
        "The change log is being restored.", hint="Subscribe again with your last cursor in a few seconds."
    )
