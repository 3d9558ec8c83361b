"""A person with 1,000 identifiers is resolved anew, under locks, with everything that follows."""

from __future__ import annotations

import statistics
import time

from base.keys import Keyring
from bench.stage import Result, Stage, Value
from bench.worker import Worker, opened

ROW = "replay of a component of 1,000 identifiers"
SOURCE = "bench"
COOKIES = 999
BATCH_CALLS = 500
# Long lists are planned and compiled anew; the worker that checks is warm after some.
WARM_REPLAYS = 10
REPLAYS = 15
AT_MOST_MS = 300


async def measure(stage: Stage) -> Result:
    took_ms: list[float] = []
    member = f"{time.time_ns():x}"
    async with opened(stage.service) as (graph, upkeep):
        settings = stage.service.settings
        worker = Worker.of(graph, settings, Keyring(settings.secret_key))
        calls = [
            {
                "type": "identify",
                "messageId": f"{member}-{number}",
                "userId": member,
                "anonymousId": f"{member}-{number}",
            }
            for number in range(COOKIES)
        ]
        for start in range(0, COOKIES, BATCH_CALLS):
            await worker.apply(calls[start : start + BATCH_CALLS], SOURCE)
        uid = worker.keyring.uid("user_id", member)
        for number in range(WARM_REPLAYS + REPLAYS):
            started_s = time.perf_counter()
            if await upkeep.replay([uid], keep=True):
                raise RuntimeError("a replay of what nothing changed changed something")
            if number >= WARM_REPLAYS:
                took_ms.append(1_000 * (time.perf_counter() - started_s))
    return Result(ROW, [Value("median", statistics.median(took_ms), "ms", AT_MOST_MS, "lower")], {"took_ms": took_ms})
