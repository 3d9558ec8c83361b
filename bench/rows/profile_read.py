"""360° reads by identifier from one API process, against the same read written plainly, one after the other."""

from __future__ import annotations

import asyncio
import sys
from contextlib import suppress

import httpx

from bench.load import Load
from bench.reading import PROFILE, read_many
from bench.stage import Result, Stage, Value
from local.directory import is_free

ROW = "360° read, 16 connections, one API process"
AT_LEAST = 1.5
NAIVE = "naive_profile"
START_TRIES = 600
PAUSE_S = 0.1


async def measure(stage: Stage) -> Result:
    ours = await read_many(stage, PROFILE, stage.service.port)
    port = next(port for port in range(stage.service.port + 100, 65_000) if is_free(port))
    stage.service.spawn(NAIVE, [sys.executable, "-m", "bench.naive_profile", str(port)], {})
    try:
        await _wait_for(f"http://{stage.service.host}:{port}/graphql")
        plain = await read_many(stage, PROFILE, port)
    finally:
        stage.service.stop(NAIVE)
    return Result(
        ROW,
        [
            Value("Kith", ours.per_second, "requests/s"),
            Value("plain", plain.per_second, "requests/s"),
            Value("times the plain one", ours.per_second / max(plain.per_second, 1e-9), "×", AT_LEAST),
        ],
        {"kith": _details(ours), "plain": _details(plain)},
    )


def _details(load: Load) -> dict[str, object]:
    return {**load.latency.summary(), "statuses": dict(load.statuses)}


async def _wait_for(url: str) -> None:
    async with httpx.AsyncClient(trust_env=False) as client:
        for _ in range(START_TRIES):
            with suppress(httpx.HTTPError):
                if (await client.post(url, json={"query": "{ __typename }"})).status_code == httpx.codes.OK:
                    return
            await asyncio.sleep(PAUSE_S)
    raise TimeoutError(f"{url} does not answer")
