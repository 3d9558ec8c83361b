"""The loop of an ingest worker: read, prepare, apply, publish, acknowledge.

A reader task decodes what arrives while the appliers' transactions are under way; an applier takes everything that is
ready. So a batch is as young as it can be, and grows only under load. Batches that touch the same people wait for each
other at the first lock they share; the result does not depend on who is first.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from base import clock, logs, metrics
from base.errors import ConfigurationFault, Unavailable
from delivery.publisher import ChangePublisher
from graph.client import GraphClient, Transaction
from graph.repositories.quarantine import QuarantineRow
from ingest.calls import decode_calls
from ingest.stream import Entry, IngestStream
from workers.applier.apply import Applied, Applier
from workers.applier.batch import PreparedCall, Preparer
from workers.applier.isolate import failed_row, quarantine_row
from workers.live.context import LiveContext

# One transaction's calls: beyond this, latency and memory grow and the cost a call no longer falls.
MAX_BATCH_CALLS = 1_000
# Transactions under way at once: while the database works on one, Python prepares the other. A third only makes the
# batches smaller.
APPLIERS = 2
# Entries asked for at once; a request holds up to 2,500 calls, so few entries may fill a batch.
READ_ENTRIES = 200
# Long enough to cost nothing when idle, short enough to notice a stop.
BLOCK_MS = 1_000
# An entry handed out this often most likely kills its workers: it is put aside without another try. Restarts while
# the database is away hand entries out again too, so the number is generous.
MAX_DELIVERIES = 20
PAUSE_AFTER_FAULT_S = 0.5
TRIM_EVERY_S = 2.0

_log = logs.get_logger()


@dataclass(slots=True)
class _Ready:
    """A decoded entry."""

    entry: Entry
    calls: list[PreparedCall]
    rejected: list[QuarantineRow]


@dataclass(slots=True)
class WorkerStatus:
    """What a heartbeat tells."""

    last_error: str | None = None
    applied: int = 0
    batches: int = 0


@dataclass(slots=True)
class _Buffer:
    """Decoded entries between reader and applier, bounded in calls."""

    ready: list[_Ready] = field(default_factory=list)
    calls: int = 0
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def put(self, items: Sequence[_Ready]) -> None:
        async with self.changed:
            while self.calls >= MAX_BATCH_CALLS:
                await self.changed.wait()
            self.ready.extend(items)
            self.calls += sum(len(item.calls) for item in items)
            self.changed.notify_all()

    async def take(self) -> list[_Ready]:
        """Everything ready, at least one entry, at most about `MAX_BATCH_CALLS` calls."""
        async with self.changed:
            while not self.ready:
                await self.changed.wait()
            count, calls = 0, 0
            for item in self.ready:
                if count and calls + len(item.calls) > MAX_BATCH_CALLS:
                    break
                count, calls = count + 1, calls + len(item.calls)
            taken, self.ready = self.ready[:count], self.ready[count:]
            self.calls -= calls
            self.changed.notify_all()
            return taken


class IngestWorker:
    """Applies the ingest stream until it is stopped.

    Args:
        consumer: stable over restarts and unique among workers: a restarted worker finishes its own entries first.
        region: two letters, for phones without a country code.
    """

    def __init__(
        self,
        graph: GraphClient,
        stream: IngestStream,
        publisher: ChangePublisher,
        live: LiveContext,
        consumer: str,
        region: str,
    ):
        self._graph = graph
        self._stream = stream
        self._publisher = publisher
        self._live = live
        self._preparer = Preparer(live.keyring)
        self._applier = Applier(live, self._preparer)
        self._consumer = consumer
        self._region = region
        self._buffer = _Buffer()
        self.status = WorkerStatus()

    async def run(self) -> None:
        """Run until cancelled. A batch under way at that moment is finished by the next start."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._read_forever())
            for _ in range(APPLIERS):
                tasks.create_task(self._apply_forever())
            tasks.create_task(self._trim_forever())

    async def _read_forever(self) -> None:
        while True:
            try:
                entries = await self._stream.read(self._consumer, READ_ENTRIES, BLOCK_MS)
            except Unavailable as fault:
                await self._pause(fault)
                continue
            for entry in entries:
                await self._buffer.put([self._decode(entry)])

    def _decode(self, entry: Entry) -> _Ready:
        if entry.damaged or entry.deliveries > MAX_DELIVERIES:
            reason = "DAMAGED" if entry.damaged else "WORKER_DIED"
            return _Ready(entry, [], [quarantine_row(self._live.keyring, entry, reason)])
        started = time.perf_counter()
        decoded = decode_calls(
            entry.body, entry.kind, entry.received_at_ms, entry.source, entry.id, region=self._region
        )
        ready = _Ready(
            entry,
            self._preparer.prepare(decoded.calls),
            [failed_row(self._live.keyring, entry, rejected) for rejected in decoded.rejected],
        )
        metrics.BATCH_STAGE_SECONDS.labels("decode").observe(time.perf_counter() - started)
        return ready

    async def _apply_forever(self) -> None:
        while True:
            taken = await self._buffer.take()
            await self._apply_until_done(taken)

    async def _apply_until_done(self, taken: Sequence[_Ready]) -> None:
        """Apply entries, however long the database is away; then publish and acknowledge."""
        while True:
            try:
                await self._apply_entries(taken)
                break
            except Unavailable as fault:
                await self._pause(fault)
        while True:
            try:
                await self._stream.ack([item.entry.id for item in taken])
                return
            except Unavailable as fault:
                await self._pause(fault)

    async def _apply_entries(self, taken: Sequence[_Ready]) -> None:
        calls = _distinct(taken)
        rejected = [row for item in taken for row in item.rejected]
        try:
            await self._apply(calls, rejected, oldest_ms=min(item.entry.received_at_ms for item in taken))
        except (Unavailable, ConfigurationFault):
            raise
        except Exception as fault:
            if len(calls) <= 1:
                await self._put_aside(taken, calls, rejected, fault)
                return
            # One bad call must not hold up the others: halve until it stands alone.
            _log.warning("batch_split", calls=len(calls), fault=type(fault).__name__)
            for half in _halves(taken):
                await self._apply_entries(half)

    async def _apply(self, calls: Sequence[PreparedCall], rejected: Sequence[QuarantineRow], oldest_ms: int) -> None:
        started = time.perf_counter()

        async def work(tx: Transaction) -> Applied:
            return await self._applier.apply(tx, calls, rejected)

        applied = await self._graph.write("apply_batch", work)
        self._live.cache.drop(applied.forget)
        self._live.cache.put(applied.states)
        committed = time.perf_counter()
        if applied.changes:
            await self._publish(applied)
            metrics.PUBLISH_LATENCY_SECONDS.observe((clock.now_ms() - oldest_ms) / 1000)
        self._observe(applied, len(calls), committed - started, time.perf_counter() - committed, oldest_ms)

    async def _publish(self, applied: Applied) -> None:
        try:
            await self._publisher.publish(applied.changes)
        except Unavailable as fault:
            # Committed: whoever publishes next adds them too. The entries can be acknowledged.
            self.status.last_error = fault.message
            _log.warning("publish_postponed", changes=len(applied.changes))

    def _observe(self, applied: Applied, calls: int, apply_s: float, publish_s: float, oldest_ms: int) -> None:
        self.status.last_error = None
        self.status.batches += 1
        self.status.applied += applied.applied
        metrics.BATCH_CALLS.observe(calls)
        metrics.BATCH_STAGE_SECONDS.labels("apply").observe(apply_s)
        metrics.BATCH_STAGE_SECONDS.labels("publish").observe(publish_s)
        metrics.APPLIED.labels("applied").inc(applied.applied)
        metrics.APPLIED.labels("repeated").inc(applied.repeated)
        metrics.INGEST_LAG_SECONDS.set(max(0.0, (clock.now_ms() - oldest_ms) / 1000))

    async def _put_aside(
        self,
        taken: Sequence[_Ready],
        calls: Sequence[PreparedCall],
        rejected: Sequence[QuarantineRow],
        fault: Exception,
    ) -> None:
        _log.error("call_quarantined", fault=type(fault).__name__, exc_info=fault)
        self.status.last_error = f"a call could not be applied: {type(fault).__name__}"
        rows = [
            *rejected,
            *(quarantine_row(self._live.keyring, taken[0].entry, "APPLY_FAILED", call) for call in calls),
        ]
        await self._apply([], rows, oldest_ms=taken[0].entry.received_at_ms)

    async def _trim_forever(self) -> None:
        while True:
            with suppress(Unavailable):
                await self._stream.trim()
                backlog = await self._stream.backlog()
                metrics.INGEST_BACKLOG.set(backlog.entries_count)
                if not backlog.entries_count:
                    metrics.INGEST_LAG_SECONDS.set(0)
            await asyncio.sleep(TRIM_EVERY_S)

    async def _pause(self, fault: Unavailable) -> None:
        self.status.last_error = fault.message
        _log.warning("waiting", fault=fault.message)
        await asyncio.sleep(PAUSE_AFTER_FAULT_S)


def _distinct(taken: Sequence[_Ready]) -> list[PreparedCall]:
    """The calls of all entries; a repeat across entries is dropped."""
    calls: dict[str, PreparedCall] = {}
    for item in taken:
        for call in item.calls:
            calls.setdefault(call.id, call)
    return list(calls.values())


def _halves(taken: Sequence[_Ready]) -> list[list[_Ready]]:
    """Two parts of a batch: by entries while there are several, else by calls of the one entry."""
    if len(taken) > 1:
        middle = len(taken) // 2
        return [list(taken[:middle]), list(taken[middle:])]
    only = taken[0]
    middle = len(only.calls) // 2
    return [
        [_Ready(only.entry, only.calls[:middle], only.rejected)],
        [_Ready(only.entry, only.calls[middle:], [])],
    ]
