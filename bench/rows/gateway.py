"""How many calls a second the gateway takes durably, in batches of 100, with the ingest worker at work beside it."""

from __future__ import annotations

from bench.data import BATCH_CALLS, live_batches
from bench.load import run_closed
from bench.stage import Result, Stage, Value

ROW = "gateway, batches of 100, durable"
CONNECTIONS = 8
AT_LEAST = 5_000


async def measure(stage: Stage) -> Result:
    requests = (stage.client.track_request("/v1/batch", body) for body in live_batches(stage.population))
    load = await run_closed(
        stage.service.host,
        stage.service.port,
        requests,
        connections=CONNECTIONS,
        duration_s=min(stage.sizes.seconds, 10.0),
    )
    await stage.client.settled()
    calls = load.per_second * BATCH_CALLS
    return Result(
        ROW,
        [Value("accepted", calls, "calls/s", AT_LEAST)],
        {"request": load.latency.summary(), "statuses": dict(load.statuses)},
    )
