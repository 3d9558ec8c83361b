"""The columnar store of a benchmark's service: built anew, and waited for."""

from __future__ import annotations

import asyncio
import shutil
import time

from analytics.engines.local import FOLDER
from base.valkey import connect
from bench.service import BenchService
from workers.projection import state

ROLE = "analytics"
POLL_S = 0.1
BUILD_TIMEOUT_S = 1_200.0


async def build_anew(service: BenchService) -> float:
    """Start the role without its store; the seconds until it can be asked."""
    service.stop(ROLE)
    shutil.rmtree(service.data_dir / FOLDER, ignore_errors=True)
    started_s = time.monotonic()
    service.start(ROLE)
    await answering(service)
    return time.monotonic() - started_s


async def answering(service: BenchService) -> None:
    """Return when the store can be asked.

    Raises:
        TimeoutError: it was not built in time.
    """
    started_s = time.monotonic()
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
