"""How many calls a second are applied end to end while there is always work, but never much of it waiting."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass

from bench.client import Client
from bench.data import BATCH_CALLS, EVENT_NAMES, Population, live_batches
from bench.load import run_closed

CONNECTIONS = 4
AHEAD_CALLS = 5_000
POLL_S = 0.25


@dataclass(frozen=True, slots=True)
class Throughput:
    """Applied calls a second, and the memory of each role at its highest, MB."""

    per_second: float
    peak_mb: dict[str, float]


async def measure_applied(
    client: Client, population: Population, seconds: float, warm_s: float, names: tuple[str, ...] = EVENT_NAMES
) -> Throughput:
    """Send batches for some time and count what the ingest worker applies.

    Args:
        warm_s: at the beginning, not counted.
        names: of the events.

    Raises:
        RuntimeError: nothing was applied.
    """
    applied = first = await client.applied()
    sent = 0
    peak: dict[str, float] = {}

    def requests() -> Iterator[bytes]:
        nonlocal sent
        for body in live_batches(population, names):
            sent += BATCH_CALLS
            yield client.track_request("/v1/batch", body)

    loading = asyncio.create_task(
        run_closed(
            client.service.host,
            client.service.port,
            requests(),
            connections=CONNECTIONS,
            duration_s=seconds + warm_s,
            may_send=lambda: sent - (applied - first) < AHEAD_CALLS,
        )
    )
    started_s, base = time.perf_counter(), first
    warm = False
    last_s, last = started_s, first
    while not loading.done():
        await asyncio.sleep(POLL_S)
        applied = await client.applied()
        last_s, last = time.perf_counter(), applied
        for role, size in client.service.memory_mb().items():
            peak[role] = max(size, peak.get(role, 0.0))
        if not warm and last_s - started_s >= warm_s:
            warm, started_s, base = True, last_s, applied
    await loading
    await client.settled()
    if last <= base:
        raise RuntimeError("nothing was applied in the measured time")
    return Throughput((last - base) / (last_s - started_s), peak)
