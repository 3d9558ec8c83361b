"""From a call to the subscriber that holds its update, at 500 events/s that all change a segment."""

from __future__ import annotations

from bench.latency import measure_at_rate
from bench.stage import Result, Stage

PER_SECOND = 500
TARGETS_MS = {50.0: 150.0, 99.0: 1000.0}


async def measure(stage: Stage) -> Result:
    return await measure_at_rate(stage, PER_SECOND, TARGETS_MS, part=2)
