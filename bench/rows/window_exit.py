"""From the instant at which an event leaves its window to the subscriber that holds the EXITED."""

from __future__ import annotations

import asyncio

from base.clock import parse_iso_ms
from bench.data import SHORT_PROBE_EVENT, SHORT_WINDOW_S
from bench.histogram import Histogram
from bench.load import run_open
from bench.probes import Probes
from bench.stage import Result, Stage, Value

ROW = "left the window → subscriber"
PER_SECOND = 20
P99_MS = 1_500
LATE_S = 10.0


async def measure(stage: Stage) -> Result:
    late = Histogram()
    probes = Probes(stage.client, stage.population, 0, SHORT_PROBE_EVENT)
    seconds = min(stage.sizes.seconds, stage.population.customers / PER_SECOND)
    expected = int(seconds * PER_SECOND)
    async with stage.client.updates(["short-probe"]) as updates:
        load = await run_open(
            stage.service.host,
            stage.service.port,
            probes.requests(),
            connections=4,
            duration_s=seconds,
            per_second=PER_SECOND,
        )
        try:
            async with asyncio.timeout(SHORT_WINDOW_S + LATE_S + seconds):
                while late.count < expected:
                    arrived_ms, update = await updates.get()
                    if update["kind"] == "EXITED":
                        late.add(max(arrived_ms - parse_iso_ms(update["occurredAt"]), 0.0) / 1000)
        except TimeoutError:
            pass
    return Result(
        ROW,
        [
            Value("p50", late.percentile_ms(50), "ms"),
            Value("p99", late.percentile_ms(99), "ms", P99_MS, "lower"),
        ],
        {"late": late.summary(), "missing": expected - late.count, "statuses": dict(load.statuses)},
    )
