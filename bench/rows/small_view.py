"""Attributes and segments by GraphQL, 16 connections, an API process a core."""

from __future__ import annotations

import os

from bench.reading import SMALL_VIEW, read_many
from bench.stage import Result, Stage, Value

ROW = "small view, 16 connections, all cores"
AT_LEAST = 900
P95_MS = 30


async def measure(stage: Stage) -> Result:
    stage.service.restart("api", {"KITH_API_PROCESSES": str(os.cpu_count() or 1)})
    try:
        load = await read_many(stage, SMALL_VIEW, stage.service.port)
    finally:
        stage.service.restart("api")
    return Result(
        ROW,
        [
            Value("Kith", load.per_second, "requests/s", AT_LEAST),
            Value("p95", load.latency.percentile_ms(95), "ms", P95_MS, "lower"),
        ],
        {**load.latency.summary(), "statuses": dict(load.statuses)},
    )
