"""Retention: moves between the stages of life cycles are kept for two years."""

from __future__ import annotations

from base import logs
from graph.repositories.stage import StageRepository
from workers.tasks.services import TaskServices

# One transaction.
PAGE_MOVES = 2_000

_log = logs.get_logger()


async def forget_moves(services: TaskServices, before_ms: int) -> int:
    """Remove moves from before an instant; returns how many. Several workers may do so.

    Raises:
        Unavailable: Neo4j is away; the next turn goes on.
    """
    stages, removed = StageRepository(services.graph), 0
    for tag in await stages.list_tags():
        while count := await stages.forget(tag, before_ms, PAGE_MOVES):
            removed += count
    if removed:
        _log.info("moves_forgotten", count=removed)
    return removed
