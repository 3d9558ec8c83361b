"""Every segment's definition in memory, as fresh as the counter that each change of one bumps."""

from __future__ import annotations

import asyncio
import time

from graph.repositories.segment import SegmentRecord, SegmentRepository

# A commit becomes visible record by record: definitions read within this time after the counter moved may be those
# of before, so they are read again once it has passed.
SETTLE_S = 2.0
# A database that was put back from a backup may have the same counter and other segments.
MAX_AGE_S = 60.0


class SegmentCatalogue:
    """Key → definition, for reads that carry the counter with them.

    Of a segment only what changes with the counter is true for long: id, key, name, rule, version.
    """

    def __init__(self, segments: SegmentRepository):
        self._segments = segments
        self._counter = -1
        self._moved_at_s = 0.0
        self._loaded_at_s = 0.0
        self._by_key: dict[str, SegmentRecord] = {}
        self._loading = asyncio.Lock()

    async def at(self, counter: int) -> dict[str, SegmentRecord]:
        """All definitions, at least as new as `counter`."""
        if not self._is_fresh(counter):
            async with self._loading:
                if not self._is_fresh(counter):
                    await self._load()
        return self._by_key

    def is_settled(self) -> bool:
        """Whether what was loaded can no longer be older than its counter."""
        return self._loaded_at_s - self._moved_at_s >= SETTLE_S

    def _is_fresh(self, counter: int) -> bool:
        if counter != self._counter or time.monotonic() - self._loaded_at_s > MAX_AGE_S:
            return False
        return self.is_settled() or time.monotonic() - self._moved_at_s < SETTLE_S

    async def _load(self) -> None:
        started_s = time.monotonic()
        counter, records = await self._segments.list_all()
        if counter != self._counter:
            self._counter = counter
            self._moved_at_s = started_s
        self._loaded_at_s = started_s
        self._by_key = {record.key: record for record in records}
