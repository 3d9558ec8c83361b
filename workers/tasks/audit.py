"""Keeps the chain of the operation log, and lets go of what is older than it is kept."""

from __future__ import annotations

from audit.chain import BlockFault
from base import logs
from workers.claims import claim
from workers.tasks.services import TaskServices

_log = logs.get_logger()


async def keep_log(services: TaskServices) -> None:
    """Put waiting entries into the chain. One worker at a time, to save work: two would be right too.

    Raises:
        Unavailable, RedisError: Neo4j or Redis is away; the next turn tries again.
    """
    async with claim(services.redis, "keep_log") as mine:
        while mine and await services.chain.turn():
            pass


async def forget_log(services: TaskServices, before_ms: int) -> int:
    """Remove entries from before an instant, in whole blocks; returns how many.

    Raises:
        Unavailable: Neo4j is away.
    """
    try:
        removed = await services.chain.forget(before_ms)
    except BlockFault as fault:
        services.faults["audit"] = "The operation log was changed: run `kith audit verify`."
        _log.error("log_damaged", entry=fault.seq, fault=fault.text)
        return 0
    if removed:
        _log.info("entries_forgotten", count=removed)
    return removed
