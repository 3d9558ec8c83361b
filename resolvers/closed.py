"""Which segments' changes are not for every subscriber."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from access.sharing import Viewer
from base.errors import Unavailable
from graph.repositories.sharing import OPEN, Sharing

# For so long somebody may hear of a segment that was taken from them.
FRESH_S: Final = 1.0
# Keys of segments that are known to be old enough to be in what was read.
MAX_KEYS: Final = 10_000


class ClosedSegments:
    """The segments that not everybody may see, read once a second for all subscribers of a process.

    Args:
        read: segment key → sharing; None for one that was deleted.
    """

    def __init__(self, read: Callable[[], Awaitable[Mapping[str, Sharing | None]]]):
        self._read = read
        self._closed: Mapping[str, Sharing | None] = {}
        self._met: set[str] = set()
        self._read_at_s = -FRESH_S
        self._reading = asyncio.Lock()

    async def sees(self, viewer: Viewer, key: str) -> bool:
        """Whether somebody may hear of a segment's changes.

        Raises:
            Unavailable: Neo4j is away, and this segment was not heard of before.
        """
        if viewer.names is None:
            return True
        if not self._is_fresh(key):
            async with self._reading:
                if not self._is_fresh(key):
                    await self._refresh(key)
        sharing = self._closed.get(key, OPEN)
        return sharing is not None and viewer.sees(sharing)

    def _is_fresh(self, key: str) -> bool:
        # One that was not met before may be younger than what was read.
        return key in self._met and time.monotonic() - self._read_at_s < FRESH_S

    async def _refresh(self, key: str) -> None:
        started_s = time.monotonic()
        try:
            self._closed = await self._read()
        except Unavailable:
            # Nobody can share anything while the graph is away.
            if key not in self._met:
                raise
            return
        self._read_at_s = started_s
        if len(self._met) >= MAX_KEYS:
            self._met.clear()
        self._met.add(key)
