"""Customers against the truth of a generated stream that arrives late, twice and out of order. Needs no service."""

from __future__ import annotations

from bench.accuracy import explained, measure_stream
from bench.stage import Result, Stage, Value
from bench.streams.stream import Stream

ROW = "identity against the truth, 100,000 persons"
MOST_PERSONS = 100_000
SEED = 1
PRECISION = 0.999
RECALL = 0.99


async def measure(stage: Stage) -> Result:
    return measure_persons(min(stage.sizes.customers, MOST_PERSONS))


def measure_persons(persons: int) -> Result:
    """The row for so many persons: 2 to 3 ms and 20 KB each."""
    accuracy = measure_stream(Stream(persons, SEED))
    return Result(
        ROW,
        [
            Value("precision", accuracy.precision, "of pairs", PRECISION),
            Value("recall", accuracy.recall, "of pairs", RECALL),
            Value("recall, of what calls connect", accuracy.recall_of_shown, "of pairs"),
            Value("events with their person", accuracy.attribution, "of events"),
        ],
        explained(accuracy),
    )
