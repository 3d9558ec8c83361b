"""Decoded calls between the reader and the appliers: bounded, and no two batches under way about the same people.

Two transactions that touch one identifier wait for each other's locks, and with some hundred calls each they nearly
always share one. So a call whose identifiers another batch is writing stays here until that batch is done. What the
graph becomes does not depend on the order.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from graph.repositories.quarantine import QuarantineRow
from ingest.stream import Entry
from workers.applier.batch import PreparedCall

# One transaction's calls: beyond this, latency and memory grow and the cost a call no longer falls.
MAX_BATCH_CALLS = 1_000


@dataclass(slots=True)
class Pending:
    """A decoded entry.

    Args:
        waiting: its calls that no batch has taken.
        rejected: what cannot be applied; the first batch that takes of this entry takes it.
        unfinished: how many of its calls have not been applied.
    """

    entry: Entry
    waiting: list[PreparedCall]
    rejected: list[QuarantineRow]
    unfinished: int = field(init=False)

    def __post_init__(self) -> None:
        self.unfinished = len(self.waiting)


class Item(NamedTuple):
    """A call and where it came from."""

    pending: Pending
    call: PreparedCall


@dataclass(slots=True)
class Batch:
    """What one transaction applies.

    Args:
        items: may hold a call twice, when two entries do.
        oldest_ms: when its oldest entry was received.
        emptied: entries that have no calls (left): complete with this batch.
    """

    items: list[Item]
    rejected: list[QuarantineRow]
    oldest_ms: int
    emptied: list[Pending] = field(default_factory=list)

    def calls(self) -> list[PreparedCall]:
        """Each call once."""
        calls: dict[str, PreparedCall] = {}
        for item in self.items:
            calls.setdefault(item.call.id, item.call)
        return list(calls.values())

    def is_repeated(self) -> bool:
        """Whether an entry was handed out before, so that its calls may have taken effect."""
        return any(item.pending.entry.deliveries > 1 for item in self.items)

    def halves(self) -> tuple[Batch, Batch]:
        """Two batches of half the calls; what was rejected goes with the first."""
        middle = len(self.items) // 2
        return (
            Batch(self.items[:middle], self.rejected, self.oldest_ms),
            Batch(self.items[middle:], [], self.oldest_ms),
        )


class Buffer:
    """One reader puts, any number of appliers take."""

    def __init__(self, max_calls: int = MAX_BATCH_CALLS):
        self._max_calls = max_calls
        self._pending: list[Pending] = []
        self._calls = 0
        # Identifiers of the batches under way.
        self._busy: set[str] = set()
        self._changed = asyncio.Condition()

    async def put(self, pending: Pending) -> None:
        """Add an entry; waits while a full batch is here."""
        async with self._changed:
            while self._calls >= self._max_calls:
                await self._changed.wait()
            self._pending.append(pending)
            self._calls += len(pending.waiting)
            self._changed.notify_all()

    async def take(self) -> Batch:
        """Everything that no batch under way concerns, oldest first, at most a full batch; waits for the first."""
        async with self._changed:
            while (batch := self._gather()) is None:
                await self._changed.wait()
            self._calls -= len(batch.items)
            self._busy.update(_identifiers(batch.items))
            self._changed.notify_all()
            return batch

    async def finish(self, batch: Batch) -> list[Entry]:
        """Let others have the batch's people; returns the entries that are applied completely now."""
        for item in batch.items:
            item.pending.unfinished -= 1
        done = {id(item.pending): item.pending for item in batch.items if not item.pending.unfinished}
        async with self._changed:
            self._busy.difference_update(_identifiers(batch.items))
            self._changed.notify_all()
        return [pending.entry for pending in (*done.values(), *batch.emptied)]

    def _gather(self) -> Batch | None:
        items: list[Item] = []
        rejected: list[QuarantineRow] = []
        emptied: list[Pending] = []
        oldest_ms: list[int] = []
        for pending in self._pending:
            if len(items) >= self._max_calls:
                break
            taken = self._take_from(pending, self._max_calls - len(items))
            if taken or not pending.unfinished:
                items += taken
                rejected += pending.rejected
                pending.rejected = []
                oldest_ms.append(pending.entry.received_at_ms)
                if not pending.unfinished:
                    emptied.append(pending)
        if not oldest_ms:
            return None
        self._pending = [pending for pending in self._pending if pending.waiting]
        return Batch(items, rejected, min(oldest_ms), emptied)

    def _take_from(self, pending: Pending, most: int) -> list[Item]:
        free: list[Item] = []
        left: list[PreparedCall] = []
        for call in pending.waiting:
            if len(free) < most and not any(seen.uid in self._busy for seen in call.seen):
                free.append(Item(pending, call))
            else:
                left.append(call)
        pending.waiting = left
        return free


def _identifiers(items: Sequence[Item]) -> set[str]:
    return {seen.uid for item in items for seen in item.call.seen}
