"""How far the columnar store is behind while 2,000 events a second come in."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator

from bench.columns import ROLE, answering
from bench.data import BATCH_CALLS, live_batches
from bench.histogram import Histogram
from bench.load import run_open
from bench.stage import Result, Stage, Value

ROW = "columnar store behind the graph, at 2,000 events a second"
EVENTS_PER_S = 2_000
CONNECTIONS = 8
POLL_S = 0.1
AT_MOST_S = 5


async def measure(stage: Stage) -> Result:
    client, service = stage.client, stage.service
    lag = Histogram()

    def requests() -> Iterator[bytes]:
        for body in live_batches(stage.population):
            yield client.track_request("/v1/batch", body)

    await answering(service)
    before, started_s = await client.applied(), time.perf_counter()
    loading = asyncio.create_task(
        run_open(
            service.host,
            service.port,
            requests(),
            connections=CONNECTIONS,
            per_second=EVENTS_PER_S / BATCH_CALLS,
            duration_s=stage.sizes.sustained_s + stage.sizes.warm_s,
        )
    )
    while not loading.done():
        await asyncio.sleep(POLL_S)
        if time.perf_counter() - started_s > stage.sizes.warm_s:
            as_of_s = await asyncio.to_thread(service.metric, ROLE, "kith_columns_as_of_seconds")
            lag.add(time.time() - as_of_s)
    await loading
    applied = (await client.applied() - before) / (time.perf_counter() - started_s)
    return Result(
        ROW,
        [
            Value("p50", lag.percentile_ms(50) / 1_000, "s"),
            Value("p99", lag.percentile_ms(99) / 1_000, "s", AT_MOST_S, "lower"),
            Value("applied meanwhile", applied, "events/s"),
        ],
    )
