"""The columnar store is built from the graph: from the start of its role until it can be asked."""

from __future__ import annotations

from analytics.engines.local import FOLDER
from bench.columns import ROLE, build_anew
from bench.service import MB
from bench.stage import Result, Stage, Value

ROW = "columnar store built from the graph"
AT_MOST_S = 180


async def measure(stage: Stage) -> Result:
    taken_s = await build_anew(stage.service)
    size_mb = sum(each.stat().st_size for each in (stage.service.data_dir / FOLDER).iterdir()) / MB
    memory_mb = stage.service.memory_mb()[ROLE]
    events = stage.population.events
    return Result(
        ROW,
        [
            Value(f"{events:,} events", taken_s, "s", AT_MOST_S, "lower"),
            Value("file", size_mb, "MB"),
            Value("memory", memory_mb, "MB"),
        ],
    )
