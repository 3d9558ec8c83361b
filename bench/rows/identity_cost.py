"""Cost of a call with identity over time against the basic resolver: one stream, two workers in turn, one process.

The stream is a year in which everybody appears. Then the same people with the same identifiers do the same again, now:
that is the steady state of which the target speaks. Tablets still change hands in it.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence

from base.clock import iso, now_ms
from base.keys import Keyring
from bench.basic import identify_basically
from bench.stage import Result, Sizes, Stage, Value
from bench.streams.records import call
from bench.streams.stream import Stream
from bench.worker import Worker, opened

ROW = "cost of a call, identity over time against the basic resolver"
AT_MOST = 1.25
MOST_PERSONS = 2_000
CUSTOMERS_A_PERSON = 25
BATCH_CALLS = 500
SEED = 3


async def measure(stage: Stage) -> Result:
    stream = Stream(persons(stage.sizes), SEED)
    year = [call(record) for record in stream.delivered(stream.generate().records)]
    async with opened(stage.service) as (graph, _):
        settings = stage.service.settings
        # Keys of its own make each one's people other people in the same graph.
        over_time = Worker.of(graph, settings, Keyring(secrets.token_hex(32)))
        basic = Worker.of(graph, settings, Keyring(secrets.token_hex(32)), identify_basically)
        workers = {"over_time": over_time, "basic": basic}
        # Evidence is of one source: from another, the same identifiers together would be news.
        source = f"bench-{secrets.token_hex(4)}"
        first_us = await _cost_us(workers, year, source)
        steady_us = await _cost_us(workers, _again(year), source)
    return Result(
        ROW,
        [
            Value("known people", steady_us["over_time"] / steady_us["basic"], "×", AT_MOST, "lower", digits=2),
            Value("everybody new", first_us["over_time"] / first_us["basic"], "×", digits=2),
            Value("known people, identity over time", steady_us["over_time"], "µs a call"),
        ],
        {"calls": len(year), "persons": stream.persons, "everybody_new_us": first_us, "known_people_us": steady_us},
    )


async def _cost_us(
    workers: Mapping[str, Worker], calls: Sequence[Mapping[str, object]], source: str
) -> dict[str, float]:
    """Microseconds a call of each worker; they take turns, and turns in being first, so that both meet one machine."""
    took_s = dict.fromkeys(workers, 0.0)
    for number, start in enumerate(range(0, len(calls), BATCH_CALLS)):
        order = list(workers)
        for name in order if number % 2 else reversed(order):
            took_s[name] += await workers[name].apply(calls[start : start + BATCH_CALLS], f"{source}-{name}")
    return {name: 1e6 * seconds / len(calls) for name, seconds in took_s.items()}


def _again(year: Sequence[Mapping[str, object]]) -> list[dict[str, object]]:
    """The calls in their order, each as a new one of the last minutes."""
    until_ms = now_ms()
    return [
        {**one, "messageId": f"again-{number}", "timestamp": iso(until_ms - len(year) + number)}
        for number, one in enumerate(year)
    ]


def persons(sizes: Sizes) -> int:
    """About 13 calls each."""
    return max(min(sizes.customers // CUSTOMERS_A_PERSON, MOST_PERSONS), 1)
