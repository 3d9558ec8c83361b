"""Everything under another version of the secret, while people are read and calls come in. On a service of its own."""

from __future__ import annotations

import asyncio
import secrets
import sys
import time
from collections.abc import Iterator

from bench.data import probe_segments
from bench.load import Load, run_open
from bench.probes import Probes, Timed, at_rate
from bench.reading import PROFILE
from bench.service import ROLES, ROOT
from bench.stage import Result, Stage, Value
from graph.client import GraphClient
from graph.repositories.system import count_sizes

ROW = "everything under another key"
AT_MOST_S = 300.0
TARGET_IDENTIFIERS = 100_000
READS_PER_S, WRITES_PER_S = 50.0, 20.0
CONNECTIONS = 8
# The loads go on in turns of this length until the rotation has ended.
TURN_S = 5.0
SECRET_BYTES = 32


async def measure(stage: Stage) -> Result:
    """Restart the roles with two versions, the second current; rotate; count what failed meanwhile."""
    service = stage.service
    await stage.client.create_segments(probe_segments())
    await stage.client.settled()
    ring = f"1:{service.settings.secret_key},2:{secrets.token_hex(SECRET_BYTES)}"
    for role in ROLES:
        service.restart(role, {"KITH_SECRET_KEY": ring})
    graph = GraphClient.of(service.settings)
    try:
        sizes = await count_sizes(graph)
    finally:
        await graph.close()
    started_s = time.perf_counter()
    rotating = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "cli", "keys", "rotate"),
        cwd=ROOT,
        env=service.environment("keys", {"KITH_SECRET_KEY": ring}),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    ended = asyncio.create_task(_ended(rotating, started_s))
    reads = Load()
    writes: list[Timed] = []
    while not ended.done() or not writes:
        first = len(writes) * int(WRITES_PER_S * TURN_S + 1)
        probes = Probes(stage.client, stage.population, first % stage.population.customers)
        read, written = await asyncio.gather(_read(stage, first), at_rate(stage.client, probes, WRITES_PER_S, TURN_S))
        reads.latency.merge(read.latency)
        reads.statuses.update(read.statuses)
        writes.append(written)
    taken_s = await ended
    failed = reads.statuses.total() - reads.answered
    failed += sum(one.load.statuses.total() - one.load.answered for one in writes)
    scaled_s = taken_s * TARGET_IDENTIFIERS / max(sizes.get("Identifier", 0), 1)
    return Result(
        ROW,
        [
            Value(
                "100,000 identifiers turned in",
                scaled_s,
                "s",
                AT_MOST_S,
                "lower",
            ),
            Value("reads meanwhile", reads.answered, "", digits=0),
            Value("reads and calls that failed", failed, "", digits=0),
            Value("p95 of reads meanwhile", reads.latency.percentile_ms(95), "ms"),
        ],
        {"taken_s": taken_s, "sizes": dict(sizes), "missing": sum(one.missing for one in writes)},
    )


async def _ended(process: asyncio.subprocess.Process, started_s: float) -> float:
    """Seconds until the command ended.

    Raises:
        RuntimeError: with another status than 0.
    """
    told, _ = await process.communicate()
    if process.returncode:
        raise RuntimeError(f"kith keys rotate ended with {process.returncode}: {told.decode()}")
    return time.perf_counter() - started_s


async def _read(stage: Stage, first: int) -> Load:
    def requests() -> Iterator[bytes]:
        number = first
        while True:
            user = stage.population.user_id(number % stage.population.customers)
            yield stage.client.graphql_request(PROFILE, {"identifier": {"namespace": "user_id", "value": user}})
            number += 1

    def check(status: int, body: bytes) -> None:
        if status != 200 or b'"customer":{' not in body.replace(b" ", b""):
            raise RuntimeError(f"a read failed while keys were rotated: {status}")

    return await run_open(
        stage.service.host,
        stage.service.port,
        requests(),
        connections=CONNECTIONS,
        duration_s=TURN_S,
        per_second=READS_PER_S,
        on_answer=check,
    )
