"""Cost of an event with 500 tags and segments against 50, of which the same ten read it. On a small service."""

from __future__ import annotations

from collections.abc import Mapping

from bench.data import EVENT_NAMES, REACTING, segments, tags
from bench.stage import Result, Stage, Value
from bench.throughput import measure_applied

ROW = "cost an event, 500 tags and segments against 50"
FEW, MANY = 50, 500
AT_MOST = 1.3
# Every event from here on is looked at by each of the builds to come.
LONGEST_WARM_S = 30.0
COUNTED_FROM_S = 3.0
READ, OTHERS = EVENT_NAMES[:1], EVENT_NAMES[1:]


async def measure(stage: Stage) -> Result:
    seconds, warm_s = stage.sizes.seconds, min(stage.sizes.warm_s, LONGEST_WARM_S)
    await _create(stage, "read", REACTING, (*READ, "Unused Name"))
    await _create(stage, "few", FEW - REACTING, OTHERS)
    few = await measure_applied(stage.client, stage.population, seconds, warm_s, READ)
    await _create(stage, "many", MANY - FEW, OTHERS)
    many = await measure_applied(stage.client, stage.population, seconds, COUNTED_FROM_S, READ)
    return Result(
        ROW,
        [Value("times the cost", few.per_second / max(many.per_second, 1e-9), "×", AT_MOST, "lower")],
        {"with_50_per_s": few.per_second, "with_500_per_s": many.per_second},
    )


async def _create(stage: Stage, prefix: str, count: int, names: tuple[str, ...]) -> None:
    """Half of them tags, half segments."""

    def named(each: Mapping[str, dict[str, object]]) -> dict[str, dict[str, object]]:
        return {f"{prefix}-{key}": one for key, one in each.items()}

    await stage.client.create_segments(named(segments(count // 2, names)))
    await stage.client.create_tags(named(tags(count - count // 2, names)))
