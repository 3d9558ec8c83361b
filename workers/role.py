"""What the roles with background jobs share: running arq for ever, loops that survive outages, stopping on SIGTERM."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Callable
from contextlib import suppress

from arq.worker import Worker
from redis.asyncio import Redis
from redis.exceptions import RedisError

from base import logs
from base.errors import Unavailable
from base.valkey import connect

FIRST_PAUSE_S = 0.2
LONGEST_PAUSE_S = 5.0

_log = logs.get_logger()


async def run_arq(redis_url: str, make: Callable[[Redis], Worker], faults: dict[str, str]) -> None:
    """Run an arq worker, and start it again whenever it ends: it gives up when Redis goes away.

    Args:
        make: a new worker on a client of its own, which arq closes when it ends.
        faults: gets the entry `jobs` while no job can run.
    """
    pause_s = FIRST_PAUSE_S
    while True:
        client = connect(redis_url)
        worker = make(client)
        try:
            await client.ping()
            faults.pop("jobs", None)
            pause_s = FIRST_PAUSE_S
            await worker.async_run()
        except Exception as fault:
            faults["jobs"] = "Jobs wait for Redis."
            _log.warning("jobs_interrupted", fault=type(fault).__name__)
        finally:
            # Cancels jobs that still run; their claims end, and their status brings them back.
            with suppress(Exception, asyncio.CancelledError):
                await worker.close()
            with suppress(RedisError, OSError):
                await client.aclose()
        await asyncio.sleep(pause_s)
        pause_s = min(pause_s * 2, LONGEST_PAUSE_S)


async def every(name: str, pause_s: float, step: Callable[[], Awaitable[object]], faults: dict[str, str]) -> None:
    """Run a step now and then, for ever; a fault is logged, noted under the name, and tried again at the next turn."""
    while True:
        try:
            await step()
            faults.pop(name, None)
        except (Unavailable, RedisError, OSError) as fault:
            faults[name] = f"{name} waits for Neo4j or Redis."
            _log.warning("loop_postponed", loop=name, fault=type(fault).__name__)
        except Exception as fault:
            faults[name] = f"{name} failed: {type(fault).__name__}."
            _log.error("loop_failed", loop=name, exc_info=fault)
        await asyncio.sleep(pause_s)


def stop_on_sigterm() -> asyncio.Event:
    """Cancel the calling task on SIGTERM; the event says that this was the reason."""
    stopping = asyncio.Event()
    task = asyncio.current_task()
    assert task is not None

    def stop() -> None:
        stopping.set()
        task.cancel()

    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop)
    return stopping
