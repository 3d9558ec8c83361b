"""Latency at a rate, for the rows that differ in numbers only."""

from __future__ import annotations

from bench.probes import Probes, at_rate
from bench.stage import Result, Stage, Value

# Rows take customers from different quarters, so that each probe is its customer's first.
PARTS = 4


async def measure_at_rate(stage: Stage, per_second: float, targets_ms: dict[float, float], part: int) -> Result:
    """Probes at a rate.

    Args:
        targets_ms: percentile → most milliseconds.
        part: which quarter of the customers gives probes, 0 to 3.
    """
    first = part * stage.population.customers // PARTS
    seconds = min(stage.sizes.seconds, stage.population.customers / PARTS / per_second)
    timed = await at_rate(stage.client, Probes(stage.client, stage.population, first), per_second, seconds)
    return Result(
        f"call → subscriber, {per_second:.0f} events/s",
        [
            Value(f"p{percent:.0f}", timed.from_call.percentile_ms(percent), "ms", target_ms, "lower")
            for percent, target_ms in targets_ms.items()
        ],
        {
            "from_call": timed.from_call.summary(),
            "acknowledgement": timed.load.latency.summary(),
            "late_to_send": timed.load.delay.summary(),
            "statuses": dict(timed.load.statuses),
            "missing": timed.missing,
        },
    )
