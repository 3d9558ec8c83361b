"""Cost of an event in a graph of ten times as many customers. On a service of its own, after `applied`."""

from __future__ import annotations

from bench.stage import Result, Stage, Value
from bench.throughput import measure_applied

ROW = "cost an event, ten times the customers"
AT_MOST = 1.3


async def measure(stage: Stage) -> Result:
    large = await measure_applied(stage.client, stage.population, stage.sizes.seconds, stage.sizes.warm_s)
    before = stage.before["applied_per_s"]
    return Result(
        ROW,
        [Value("times the cost", before / max(large.per_second, 1e-9), "×", AT_MOST, "lower")],
        {"applied_before_per_s": before, "applied_large_per_s": large.per_second},
    )
