"""Cost of a call with identity over time against joining alone: one stream, two workers in turn, one process."""

from __future__ import annotations

import secrets

from base.keys import Keyring
from bench.joining import identify_by_joining
from bench.stage import Result, Sizes, Stage, Value
from bench.streams.records import call
from bench.streams.stream import Stream
from bench.worker import Worker, opened

ROW = "cost of a call, identity over time against joining alone"
AT_MOST = 1.25
MOST_PERSONS = 4_000
CUSTOMERS_A_PERSON = 25
BATCH_CALLS = 500
SEED = 3


async def measure(stage: Stage) -> Result:
    stream = Stream(persons(stage.sizes), SEED)
    calls = [call(record) for record in stream.delivered(stream.generate().records)]
    took_s: dict[str, list[float]] = {"over_time": [], "joining": []}
    counted: list[int] = []
    async with opened(stage.service) as (graph, _):
        settings = stage.service.settings
        # Keys of its own make each one's people other people in the same graph.
        over_time = Worker.of(graph, settings, Keyring(secrets.token_hex(32)))
        joining = Worker.of(graph, settings, Keyring(secrets.token_hex(32)), identify_by_joining)
        workers = {"over_time": over_time, "joining": joining}
        mark = secrets.token_hex(4)
        batches = [calls[start : start + BATCH_CALLS] for start in range(0, len(calls), BATCH_CALLS)]
        for number, batch in enumerate(batches):
            order = list(workers) if number % 2 else list(reversed(workers))
            for name in order:
                seconds = await workers[name].apply(batch, f"{name}-{mark}")
                # By then most people are known: the first half of the year fills the graph and the caches.
                if number >= len(batches) // 2:
                    took_s[name].append(seconds)
            if number >= len(batches) // 2:
                counted.append(len(batch))
    each_us = {name: 1e6 * sum(found) / sum(counted) for name, found in took_s.items()}
    return Result(
        ROW,
        [
            Value("times the cost", each_us["over_time"] / each_us["joining"], "×", AT_MOST, "lower", digits=2),
            Value("with identity over time", each_us["over_time"], "µs a call"),
            Value("joining alone", each_us["joining"], "µs a call"),
        ],
        {"calls": sum(counted), "persons": stream.persons},
    )


def persons(sizes: Sizes) -> int:
    """About 13 calls each."""
    return max(min(sizes.customers // CUSTOMERS_A_PERSON, MOST_PERSONS), 1)
