"""Cost of an event with 200 segments against 10, of which the same ten read it. On a small service of its own."""

from __future__ import annotations

from bench.data import EVENT_NAMES, REACTING, segments
from bench.stage import Result, Stage, Value
from bench.throughput import measure_applied

ROW = "cost an event, 200 segments against 10"
MANY = 200
AT_MOST = 1.3
# Every event from here on is looked at by each of the 190 builds to come.
LONGEST_WARM_S = 30.0
COUNTED_FROM_S = 3.0
READ, OTHERS = EVENT_NAMES[:1], EVENT_NAMES[1:]


async def measure(stage: Stage) -> Result:
    seconds = stage.sizes.seconds
    touched = {f"read-{key}": rule for key, rule in segments(REACTING, (*READ, "Unused Name")).items()}
    await stage.client.create_segments(touched)
    # A fresh Neo4j becomes several times as fast while it runs: warm, or the first of the two would look bad.
    warm_s = min(stage.sizes.warm_s, LONGEST_WARM_S)
    few = await measure_applied(stage.client, stage.population, seconds, warm_s, READ)
    await stage.client.create_segments(
        {f"other-{key}": rule for key, rule in segments(MANY - REACTING, OTHERS).items()}
    )
    many = await measure_applied(stage.client, stage.population, seconds, COUNTED_FROM_S, READ)
    return Result(
        ROW,
        [Value("times the cost", few.per_second / max(many.per_second, 1e-9), "×", AT_MOST, "lower")],
        {"with_10_per_s": few.per_second, "with_200_per_s": many.per_second},
    )
