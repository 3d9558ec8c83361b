"""Retention: the outbox and the stream forget the same changes, oldest first; and notes that nobody follows go too."""

from __future__ import annotations

from redis.exceptions import RedisError

from base import logs
from base.errors import Unavailable
from base.valkey import CHANGES_STREAM
from workers.tasks.services import TaskServices

# One transaction, and one trim.
PAGE_CHANGES = 2_000
# The stream lives in memory, about 400 bytes a change; beyond this many it forgets before the age is reached.
MAX_KEPT = 1_000_000

_log = logs.get_logger()


async def forget_changes(services: TaskServices, before_ms: int, max_kept: int = MAX_KEPT) -> int:
    """Remove changes from before an instant, and the oldest of those beyond a number.

    Everything is published first, so what is removed from the outbox was readable in the stream. Harmless when it is
    run twice, by several workers, or interrupted.

    Returns:
        How many were removed from the outbox.

    Raises:
        Unavailable: Neo4j or Redis is away.
    """
    await services.publisher.catch_up()
    last = await services.outbox.get_last_position()
    removed = 0
    while oldest := await services.outbox.list_oldest(PAGE_CHANGES):
        until = 0
        for change in oldest:
            if change.at_ms >= before_ms and change.position > last - max_kept:
                break
            until = change.position
        if not until:
            break
        removed += await services.outbox.delete_until(until, PAGE_CHANGES)
        await _trim(services, until)
    # Also when nothing was removed: an earlier run may have been interrupted between the two.
    await _trim(services, oldest[0].position - 1 if oldest else last)
    if removed:
        _log.info("changes_forgotten", count=removed)
    return removed


async def forget_touched(services: TaskServices, before_ms: int) -> int:
    """Remove notes of what was touched from before an instant, which nobody has followed; returns how many.

    A columnar store that still needed them is built anew.

    Raises:
        Unavailable: Neo4j is away.
    """
    removed = 0
    while (until := await services.projection.find_until(before_ms, PAGE_CHANGES)) is not None:
        removed += await services.projection.delete_until(until, PAGE_CHANGES)
    if removed:
        _log.info("notes_forgotten", count=removed)
    return removed


async def _trim(services: TaskServices, until: int) -> None:
    try:
        await services.redis.xtrim(CHANGES_STREAM, minid=f"{until + 1}-0", approximate=False)
    except (RedisError, OSError) as fault:
        raise Unavailable("The change stream cannot be reached now.") from fault
