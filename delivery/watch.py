"""Notices that customers changed, by looking at their versions: one statement for all who are watched in a process.

A line of the log for each event of each customer would be many times the log. A version tells the same to those who
only want to know that something moved, and a look that was missed is made up for by the next.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Mapping
from typing import NamedTuple

from base import logs
from base.errors import ErrorCode, KithError
from graph.repositories.customer import CustomerRepository

LOOK_EVERY_S = 0.5
# A commit becomes visible record by record: whoever is told reads the whole of it only a moment after its version.
SETTLE_S = 0.15
# A look at so many takes half a second of one of Neo4j's threads on a machine that is busy with other work.
MAX_WATCHED = 10_000

_log = logs.get_logger()


class Seen(NamedTuple):
    """Who an id meant at a look, and at which version; see `NOBODY`."""

    customer: str | None
    version: int


NOBODY = Seen(None, 0)


class Watcher:
    """One subscriber's side.

    Args:
        seen: asked id → what its subscriber knows.
        notify: called when `moved` is no longer empty.
    """

    __slots__ = ("moved", "notify", "seen")

    def __init__(self, seen: Mapping[str, Seen], notify: Callable[[], None]):
        self.seen = dict(seen)
        self.notify = notify
        # In the order in which they were noticed; what moves again before it is taken is one.
        self.moved: dict[str, Seen] = {}


class CustomerWatch:
    """Looks while somebody watches. One a process."""

    def __init__(self, customers: CustomerRepository):
        self._customers = customers
        self._watchers: set[Watcher] = set()
        self._task: asyncio.Task[None] | None = None

    def add(self, watcher: Watcher) -> None:
        """Watch for somebody.

        Raises:
            KithError: RATE_LIMITED, too many are watched.
        """
        if sum(len(one.seen) for one in self._watchers) + len(watcher.seen) > MAX_WATCHED:
            raise KithError(
                ErrorCode.RATE_LIMITED,
                "Too many customers are watched.",
                hint=f"A process watches {MAX_WATCHED:,}: end subscriptions that nobody needs, or try again later.",
            )
        self._watchers.add(watcher)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run(), name="customer-watch")

    def remove(self, watcher: Watcher) -> None:
        """Watch for them no more."""
        self._watchers.discard(watcher)

    async def stop(self) -> None:
        """End the looking."""
        self._watchers.clear()
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def _run(self) -> None:
        taken_s = 0.0
        while self._watchers:
            # A look at many takes long: Neo4j rests for at least as long.
            await asyncio.sleep(max(LOOK_EVERY_S - SETTLE_S, taken_s))
            started_s = time.monotonic()
            try:
                moved = await self._look()
            except KithError:
                # Away: the versions wait.
                moved = []
            except Exception:
                _log.exception("customer_watch_fault")
                moved = []
            taken_s = time.monotonic() - started_s
            await asyncio.sleep(SETTLE_S)
            for watcher in moved:
                watcher.notify()

    async def _look(self) -> list[Watcher]:
        """Compare versions; those for whom something moved."""
        # Whoever comes while the statement runs may know something newer than it finds.
        watchers = list(self._watchers)
        asked_ids = {asked for watcher in watchers for asked in watcher.seen}
        found = await self._customers.watch_versions(sorted(asked_ids))
        now = {asked: Seen(*found[asked]) if asked in found else NOBODY for asked in asked_ids}
        moved: list[Watcher] = []
        for watcher in watchers:
            changed = {asked: now[asked] for asked, known in watcher.seen.items() if now[asked] != known}
            if changed:
                watcher.seen |= changed
                watcher.moved |= changed
                moved.append(watcher)
        return moved
