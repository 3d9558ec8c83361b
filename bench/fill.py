"""Fills a service through the tracking API, as fast as the ingest worker applies.

Run against a service: `python -m bench.fill DIRECTORY --customers 100000 --events 1000000`.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from collections.abc import Iterator
from pathlib import Path

import uvloop
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from bench.client import Client
from bench.data import BATCH_CALLS, Population, batches, probe_segments, segments
from bench.load import run_closed
from bench.service import BenchService

# Enough for the worker never to wait; more would only fill Valkey.
AHEAD_CALLS = 20_000
CONNECTIONS = 4
LONGEST_S = 3 * 3600.0
MARKER = "filled.json"
POLL_S = 0.5


async def fill(client: Client, population: Population, segment_count: int, *, probes: bool = True) -> dict[str, float]:
    """Create the segments, then send everybody and everything. Does nothing in a directory that was filled before.

    Returns:
        Seconds and calls a second; of the first time.

    Raises:
        RuntimeError: a request was refused.
    """
    marker = client.service.data_dir / MARKER
    wanted = {"customers": population.customers, "events": population.events, "segments": segment_count}
    if marker.is_file():
        found: dict[str, dict[str, float]] = json.loads(marker.read_text(encoding="utf-8"))
        if found["wanted"] == wanted:
            return found["result"]
        raise RuntimeError(f"{marker.parent} holds other data: remove it")
    # Before the data: a build of an empty graph takes no time, and live evaluation does the same work.
    await client.create_segments(segments(segment_count) | (probe_segments() if probes else {}))
    total = population.customers + population.events
    started_s = time.perf_counter()
    base = applied = await client.taken_in()
    sent = 0

    def may_send() -> bool:
        return sent - (applied - base) < AHEAD_CALLS

    async def watch(progress: Progress) -> None:
        nonlocal applied
        bar = progress.add_task("filling", total=total)
        while True:
            applied = await client.taken_in()
            progress.update(bar, completed=applied - base)
            if applied - base >= total:
                return
            await asyncio.sleep(POLL_S)

    def answered(status: int, body: bytes) -> None:
        if status != 200:
            raise RuntimeError(f"a batch was answered with {status}: {body[:200]!r}")

    def requests() -> Iterator[bytes]:
        nonlocal sent
        for body in batches(population.calls()):
            sent += BATCH_CALLS
            yield client.track_request("/v1/batch", body)

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns) as progress:
        watching = asyncio.create_task(watch(progress))
        try:
            await run_closed(
                client.service.host,
                client.service.port,
                requests(),
                connections=CONNECTIONS,
                duration_s=LONGEST_S,
                on_answer=answered,
                may_send=may_send,
            )
            await watching
        finally:
            watching.cancel()
    elapsed_s = time.perf_counter() - started_s
    result = {"elapsed_s": round(elapsed_s, 1), "calls_per_s": round(total / elapsed_s, 1)}
    marker.write_text(json.dumps({"wanted": wanted, "result": result}), encoding="utf-8")
    return result


def main() -> None:
    """Fill the directory's service and stop it again."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("directory", type=Path)
    parser.add_argument("--customers", type=int, default=100_000)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--segments", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    with BenchService(chosen.directory) as service:
        population = Population(chosen.customers, chosen.events, chosen.seed)
        print(uvloop.run(fill(Client(service), population, chosen.segments)))


if __name__ == "__main__":
    main()
