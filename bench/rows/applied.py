"""Calls applied end to end a second, sustained: identity, events, segments, outbox. And the memory that it takes."""

from __future__ import annotations

from bench.stage import Result, Stage, Value
from bench.throughput import measure_applied

ROW = "applied end to end, sustained"
AT_LEAST = 2_500
INGEST_MB = 500
API_MB = 250


async def measure(stage: Stage) -> Result:
    done = await measure_applied(stage.client, stage.population, stage.sizes.sustained_s, stage.sizes.warm_s)
    stage.before["applied_per_s"] = done.per_second
    return Result(
        ROW,
        [
            Value("applied", done.per_second, "events/s", AT_LEAST),
            Value("ingest worker, memory", done.peak_mb.get("ingest", 0.0), "MB", INGEST_MB, "lower"),
            Value("API, memory", done.peak_mb.get("api", 0.0), "MB", API_MB, "lower"),
        ],
        {"peak_mb": done.peak_mb},
    )
