"""From a call to the subscriber that holds its update, one call at a time on an idle system."""

from __future__ import annotations

from bench.probes import Probes, one_at_a_time, warm_up
from bench.stage import Result, Stage, Value

ROW = "call → subscriber, idle, one at a time"
P50_MS = 30
P95_MS = 60


async def measure(stage: Stage) -> Result:
    await warm_up(stage.client, stage.population, stage.sizes.warm_s)
    count = min(stage.sizes.singles, stage.population.customers // 4)
    timed = await one_at_a_time(stage.client, Probes(stage.client, stage.population, 0), count)
    return Result(
        ROW,
        [
            Value("p50, from the acknowledgement", timed.from_ack.percentile_ms(50), "ms", P50_MS, "lower"),
            Value("p95, from the acknowledgement", timed.from_ack.percentile_ms(95), "ms", P95_MS, "lower"),
            Value("p50, from the call", timed.from_call.percentile_ms(50), "ms"),
            Value("p95, from the call", timed.from_call.percentile_ms(95), "ms"),
        ],
        {"from_call": timed.from_call.summary(), "from_ack": timed.from_ack.summary(), "missing": timed.missing},
    )
