"""The columnar store is built from the graph: from the start of its role until it can be asked."""

from __future__ import annotations

from bench.columns import projected
from bench.stage import Result, Stage, Value

ROW = "columnar store built from the graph"
AT_MOST_S = 180


async def measure(stage: Stage) -> Result:
    async with projected(stage.service, anew=True) as taken_s:
        size_mb = sum(each.stat().st_size for each in (stage.service.data_dir / "columns").iterdir()) / 2**20
        peak_mb = stage.service.memory_mb()["analytics"]
    events = stage.population.events
    return Result(
        ROW,
        [
            Value(f"{events:,} events", taken_s, "s", AT_MOST_S, "lower"),
            Value("file", size_mb, "MB"),
            Value("memory", peak_mb, "MB"),
        ],
    )
