"""The loop of an ingest worker: read, prepare, apply, publish, acknowledge.

A reader task decodes what arrives while the appliers' transactions are under way; an applier takes everything that is
ready and touches nobody of whom the other is writing. So a batch is as young as it can be, and grows only under load.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from dataclasses import dataclass

from base import clock, logs, metrics
from base.errors import ConfigurationFault, Unavailable
from delivery.publisher import ChangePublisher
from graph.client import GraphClient, Transaction
from ingest.stream import Entry, IngestStream
from workers.applier.apply import Applied, Applier
from workers.applier.batch import Preparer
from workers.applier.buffer import Batch, Buffer, Pending
from workers.applier.isolate import failed_row, quarantine_row
from workers.live.context import LiveContext
from workers.registry.keeper import RegistryKeeper

# Transactions under way at once: while the database works on one, Python prepares the other. A third only makes the
# batches smaller.
APPLIERS = 2
# Up to here it is cheaper to let the database refuse calls that took effect before than to ask for them first.
MAX_UNCHECKED_CALLS = 32
# Entries asked for at once; a request holds up to 2,500 calls, so few entries may fill a batch.
READ_ENTRIES = 200
# Long enough to cost nothing when idle, short enough to notice a stop.
BLOCK_MS = 1_000
# An entry handed out this often most likely kills its workers: it is put aside without another try. Restarts while
# the database is away hand entries out again too, so the number is generous.
MAX_DELIVERIES = 20
PAUSE_AFTER_FAULT_S = 0.5
TRIM_EVERY_S = 2.0
# How old what is known of types may be, and how much of a volume a worker that dies loses.
REGISTRY_EVERY_S = 2.0
# A stop waits no longer for the graph to take the last sums.
LAST_FLUSH_S = 2.0

_log = logs.get_logger()


@dataclass(slots=True)
class WorkerStatus:
    """What a heartbeat tells."""

    last_error: str | None = None
    applied: int = 0
    batches: int = 0


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
        self._preparer = Preparer(live.keyring, region)
        self._applier = Applier(live, self._preparer)
        self._consumer = consumer
        self._buffer = Buffer()
        self._registry = RegistryKeeper(graph)
        self._types_known = asyncio.Event()
        self.status = WorkerStatus()

    async def run(self) -> None:
        """Run until cancelled. A batch under way at that moment is finished by the next start."""
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._read_forever())
                for _ in range(APPLIERS):
                    tasks.create_task(self._apply_forever())
                tasks.create_task(self._trim_forever())
                tasks.create_task(self._keep_registry())
        finally:
            with suppress(Unavailable, TimeoutError):
                async with asyncio.timeout(LAST_FLUSH_S):
                    await self._registry.flush()

    async def _read_forever(self) -> None:
        # Nothing is decoded before it is known of which types values have to be.
        await self._types_known.wait()
        while True:
            try:
                entries = await self._stream.read(self._consumer, READ_ENTRIES, BLOCK_MS)
            except Unavailable as fault:
                await self._pause(fault)
                continue
            for entry in entries:
                await self._buffer.put(self._decode(entry))

    def _decode(self, entry: Entry) -> Pending:
        if entry.damaged or entry.deliveries > MAX_DELIVERIES:
            reason = "DAMAGED" if entry.damaged else "WORKER_DIED"
            return Pending(entry, [], [quarantine_row(self._live.keyring, entry, reason)])
        started = time.perf_counter()
        decoded = self._preparer.decode(
            entry.body, entry.kind, entry.received_at_ms, entry.source, entry.id, self._live.last_policy
        )
        rejected = [failed_row(self._live.keyring, entry.source, entry.received_at_ms, one) for one in decoded.rejected]
        pending = Pending(entry, decoded.calls, rejected)
        metrics.BATCH_STAGE_SECONDS.labels("decode").observe(time.perf_counter() - started)
        return pending

    async def _apply_forever(self) -> None:
        while True:
            batch = await self._buffer.take()
            await self._apply_until_done(batch)

    async def _apply_until_done(self, batch: Batch) -> None:
        """Apply a batch, however long the database is away; then acknowledge what is complete."""
        while True:
            try:
                await self._apply_batch(batch)
                break
            except Unavailable as fault:
                await self._pause(fault)
        await self._register_news()
        complete = await self._buffer.finish(batch)
        while complete:
            try:
                await self._stream.ack([entry.id for entry in complete])
                return
            except Unavailable as fault:
                await self._pause(fault)

    async def _register_news(self) -> None:
        """Bring new names to the graph before their calls are acknowledged: who applied them may die at any time."""
        while self._registry.has_news():
            try:
                await self._registry.flush()
            except Unavailable as fault:
                await self._pause(fault)

    async def _apply_batch(self, batch: Batch) -> None:
        try:
            await self._apply(batch)
        except (Unavailable, ConfigurationFault):
            raise
        except Exception as fault:
            if len(batch.items) <= 1:
                await self._put_aside(batch, fault)
                return
            # One bad call must not hold up the others: halve until it stands alone.
            _log.warning("batch_split", calls=len(batch.items), fault=type(fault).__name__)
            for half in batch.halves():
                await self._apply_batch(half)

    async def _apply(self, batch: Batch) -> None:
        started = time.perf_counter()
        calls = batch.calls()
        look_up = len(calls) > MAX_UNCHECKED_CALLS or batch.is_repeated()

        async def work(tx: Transaction) -> Applied:
            nonlocal look_up
            # A second try may follow a commit whose answer was lost, or a call that took effect before.
            look_up_now, look_up = look_up, True
            return await self._applier.apply(tx, calls, batch.rejected, look_up=look_up_now)

        applied = await self._graph.write("apply_batch", work)
        self._applier.remember(applied)
        self._registry.note(applied.fresh, applied.repeats)
        committed = time.perf_counter()
        if applied.changes:
            await self._publish(applied)
            metrics.PUBLISH_LATENCY_SECONDS.observe((clock.now_ms() - batch.oldest_ms) / 1000)
        self._observe(applied, len(calls), committed - started, time.perf_counter() - committed, batch.oldest_ms)

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
        metrics.APPLIED.labels("forgotten").inc(applied.forgotten)
        for namespace, count in applied.blocked.items():
            metrics.BLOCKED.labels(namespace).inc(count)
        metrics.INGEST_LAG_SECONDS.set(max(0.0, (clock.now_ms() - oldest_ms) / 1000))

    async def _put_aside(self, batch: Batch, fault: Exception) -> None:
        _log.error("call_quarantined", fault=type(fault).__name__, exc_info=fault)
        self.status.last_error = f"a call could not be applied: {type(fault).__name__}"
        rows = [
            quarantine_row(self._live.keyring, item.pending.entry, "APPLY_FAILED", item.call) for item in batch.items
        ]
        await self._apply(Batch([], [*batch.rejected, *rows], batch.oldest_ms))

    async def _keep_registry(self) -> None:
        while True:
            try:
                self._preparer.strictness = await self._registry.refresh()
                self._types_known.set()
                await self._registry.flush()
            except Unavailable as fault:
                await self._pause(fault)
            else:
                await asyncio.sleep(REGISTRY_EVERY_S)

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
