"""From a call to the subscriber that holds its update, at 150 events/s that all change a segment."""

from __future__ import annotations

from bench.latency import measure_at_rate
from bench.stage import Result, Stage

PER_SECOND = 150
TARGETS_MS = {50.0: 60.0, 95.0: 120.0}


async def measure(stage: Stage) -> Result:
    return await measure_at_rate(stage, PER_SECOND, TARGETS_MS, part=1)
