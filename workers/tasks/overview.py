"""Keeps how many tags and segments there are, once a day, and what was done to them for two years."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from base import clock
from graph.repositories.maintenance import MaintenanceRepository
from graph.repositories.overview import KEPT_DAYS, OverviewRepository
from rules.days import day_of
from workers.tasks.services import TaskServices

KEEP_RECORDS_MS: Final = timedelta(days=KEPT_DAYS) // timedelta(milliseconds=1)
PAGE_RECORDS: Final = 1_000


async def keep_overview(services: TaskServices, zone: ZoneInfo) -> bool:
    """Keep the counts of the day unless they are kept, and forget what is too old; several workers may do so.

    Returns:
        Whether this was the first turn of the day.

    Raises:
        Unavailable: Neo4j is away; the next turn tries again.
    """
    now_ms = clock.now_ms()
    today = day_of(now_ms, zone)
    overview = OverviewRepository(services.graph)
    day = date.fromordinal(today).isoformat()
    if await overview.list_days(day, 1):
        return False
    # Forgotten first: a worker that dies in between does it all again.
    await overview.forget_days(date.fromordinal(today - KEPT_DAYS + 1).isoformat())
    records = MaintenanceRepository(services.graph)
    while await records.forget(now_ms - KEEP_RECORDS_MS, PAGE_RECORDS) == PAGE_RECORDS:
        pass
    await overview.keep_day(day, await overview.count(now_ms), await overview.count(now_ms, viewer=()))
    return True
