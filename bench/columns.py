"""The role `analytics` beside a benchmark's service, and what it tells."""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from base.valkey import connect
from bench.service import BenchService
from workers.projection import state
from workers.projection.owner import FOLDER

ROLE = "analytics"
POLL_S = 0.1
BUILD_TIMEOUT_S = 1_200.0


@asynccontextmanager
async def projected(service: BenchService, *, anew: bool = False) -> AsyncIterator[float]:
    """The role runs in the block, its store built and caught up; gives the seconds from its start until then.

    Args:
        anew: build the store, also where one is left of an earlier run.
    """
    if anew:
        shutil.rmtree(service.data_dir / FOLDER, ignore_errors=True)
    started_s = time.monotonic()
    service.start(ROLE)
    try:
        await _answering(service, started_s)
        yield time.monotonic() - started_s
    finally:
        service.stop(ROLE)


async def _answering(service: BenchService, started_s: float) -> None:
    redis = connect(service.settings.redis_url)
    try:
        told = await state.find(redis)
        while told is None or not told.answers:
            if time.monotonic() - started_s > BUILD_TIMEOUT_S:
                raise TimeoutError(f"the role {ROLE} does not answer; see its log in the data directory")
            await asyncio.sleep(POLL_S)
            told = await state.find(redis)
    finally:
        await redis.aclose()
