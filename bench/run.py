"""`make bench`: runs the measurements on services of its own, prints a table and writes bench/results/<time>.json.

make bench                          everything, about an hour the first time; filled graphs are kept in var/bench
make bench ARGS=--medium            a fifth of the graph and shorter loads, about ten minutes
make bench ARGS=--quick             small sizes, two minutes: shows that everything works, the numbers mean little
make bench ARGS="--only gateway"    rows whose module name contains the text
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import httpx
import psutil  # type: ignore[import-untyped]
import uvloop
from rich.console import Console
from rich.table import Table

from bench.client import Client
from bench.data import Population
from bench.fill import fill
from bench.rows import (
    applied,
    columns_build,
    columns_lag,
    cost_by_customers,
    cost_by_rules,
    cost_by_segments,
    erasure,
    gateway,
    identity_accuracy,
    identity_cost,
    identity_merge,
    identity_policy,
    identity_replay,
    keys_rotate,
    latency_150,
    latency_500,
    latency_idle,
    profile_read,
    segment_build,
    small_view,
    window_exit,
)
from bench.service import ROOT, BenchService
from bench.stage import FULL, MEDIUM, QUICK, Result, Sizes, Stage, Value

RESULTS = ROOT / "bench" / "results"
DATA = ROOT / "var" / "bench"
GB = 1024**3
Measure = Callable[[Stage], Awaitable[Result]]
Rows = dict[str, Measure]

# Reads first and loads last: what a load leaves behind (caches, memory, segments entered) must not flatter a read.
MAIN: Rows = {
    "profile_read": profile_read.measure,
    "small_view": small_view.measure,
    "latency_idle": latency_idle.measure,
    "latency_150": latency_150.measure,
    "latency_500": latency_500.measure,
    "window_exit": window_exit.measure,
    "gateway": gateway.measure,
    "applied": applied.measure,
    "identity_merge": identity_merge.measure,
    "identity_replay": identity_replay.measure,
    "identity_cost": identity_cost.measure,
    "erasure": erasure.measure,
    "columns_build": columns_build.measure,
    "columns_lag": columns_lag.measure,
    "segment_build": segment_build.measure,
}
# Without a service.
ALONE: dict[str, Callable[[Sizes], Result]] = {"identity_accuracy": identity_accuracy.measure}
SIZES = {None: FULL, "medium": MEDIUM, "quick": QUICK}
SMALL: Rows = {"cost_by_segments": cost_by_segments.measure}
RULES: Rows = {"cost_by_rules": cost_by_rules.measure}
PEOPLE: Rows = {"identity_policy": identity_policy.measure}
KEYS: Rows = {"keys_rotate": keys_rotate.measure}
LARGE: Rows = {"cost_by_customers": cost_by_customers.measure}
# Enough customers that each is rarely in two calls of a batch; few enough that 200 builds take little time.
SMALL_CUSTOMERS = 1_000
# One a probe, for some minutes of them.
PROBED_CUSTOMERS = 10_000


def main() -> None:
    """Parse arguments and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--quick", action="store_const", dest="size", const="quick", help="small sizes")
    size.add_argument("--medium", action="store_const", dest="size", const="medium", help="a fifth of the graph")
    parser.add_argument("--only", default="", metavar="TEXT", help="rows whose name contains this")
    parser.add_argument("--data", type=Path, default=DATA, help="where filled graphs are kept")
    chosen = parser.parse_args()
    # Unwinds the stack, so that the services are stopped.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    console = Console(soft_wrap=True, highlight=False)
    results = measure_all(SIZES[chosen.size], chosen.data, chosen.only, console)
    console.print(table(results))
    console.print(f"written to {write(results, chosen.size)}")


def measure_all(sizes: Sizes, data: Path, only: str, console: Console) -> list[Result]:
    """Run the rows whose name contains `only`, each on the service that it needs."""
    results: list[Result] = [measure(sizes) for key, measure in ALONE.items() if only in key]
    name = f"{sizes.customers}-{sizes.events}"
    before: dict[str, float] = {}
    plans = (
        (MAIN, data / f"main-{name}", Population(sizes.customers, sizes.events), sizes.segments),
        (SMALL, data / f"segments-{time.time_ns():x}", Population(min(SMALL_CUSTOMERS, sizes.customers // 2), 0), 0),
        (RULES, data / f"rules-{time.time_ns():x}", Population(min(SMALL_CUSTOMERS, sizes.customers // 2), 0), 0),
        (PEOPLE, data / f"people-{name}", Population(PROBED_CUSTOMERS, 0), 0),
        (KEYS, data / f"keys-{time.time_ns():x}", Population(sizes.customers // 2, sizes.customers), 0),
        (LARGE, data / f"large-{sizes.large_customers}", Population(sizes.large_customers, 0, 2), sizes.segments),
    )
    for rows, directory, population, segment_count in plans:
        wanted = {key: row for key, row in rows.items() if only in key}
        if not wanted or (rows is LARGE and "applied_per_s" not in before):
            continue
        console.rule(directory.name)
        with BenchService(directory) as service:
            stage = Stage(service, Client(service), population, sizes, before)
            results += uvloop.run(_run(stage, wanted, segment_count, console))
    return results


async def _run(stage: Stage, rows: Rows, segment_count: int, console: Console) -> list[Result]:
    filled = await fill(stage.client, stage.population, segment_count, probes=segment_count > 0)
    console.print(f"filled: {filled}")
    await stage.client.settled()
    results: list[Result] = []
    for key, measure in rows.items():
        started_s = time.perf_counter()
        try:
            result = await measure(stage)
        except (RuntimeError, TimeoutError, OSError, httpx.HTTPError) as fault:
            # One broken row must not lose the hour that the others took.
            result = Result(key, [Value(f"failed: {type(fault).__name__}", float("nan"), "")], {"fault": str(fault)})
        results.append(result)
        shown = ", ".join(f"{value.name} {value.shown()}" for value in result.values)
        console.print(f"{result.row}: {shown}  ({time.perf_counter() - started_s:.0f} s)")
        await asyncio.sleep(1)
    return results


def table(results: Sequence[Result]) -> Table:
    """One line a value; the ratio is how many times as good as the target, 1 or more reaches it."""
    shown = Table(title="Kith, measured", title_justify="left", box=None)
    for heading in ("what", "", "value", "target", "ratio"):
        shown.add_column(heading, justify="right" if heading in ("value", "target", "ratio") else "left")
    for result in results:
        for number, value in enumerate(result.values):
            ratio = value.ratio
            sign = "≥" if value.better == "higher" else "≤"
            shown.add_row(
                result.row if number == 0 else "",
                value.name,
                value.shown(),
                f"{sign} {value.target:,g}" if value.target is not None else "",
                "" if ratio is None else f"[{'green' if ratio >= 1 else 'red'}]{ratio:.2f}[/]",
            )
    return shown


def write(results: Sequence[Result], size: str | None) -> Path:
    """Write everything as JSON; returns the file."""
    RESULTS.mkdir(parents=True, exist_ok=True)
    now = datetime.now(UTC)
    path = RESULTS / f"{now:%Y%m%dT%H%M%SZ}{f'-{size}' if size else ''}.json"
    document = {
        "at": now.isoformat(timespec="seconds"),
        "size": size or "full",
        "machine": {
            "cores": os.cpu_count(),
            "memory_gb": round(psutil.virtual_memory().total / GB, 1),
            "processor": platform.processor() or platform.machine(),
            "python": platform.python_version(),
        },
        "rows": [
            {
                "row": result.row,
                "values": [{**asdict(value), "ratio": value.ratio} for value in result.values],
                "details": result.details,
            }
            for result in results
        ],
    }
    path.write_text(json.dumps(document, indent=2, default=str) + "\n", encoding="utf-8")
    return path
