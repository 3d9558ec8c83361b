"""Definitions of segments or tags in memory, as fresh as the counter that each change of one bumps."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, Protocol, TypeVar


class Defined(Protocol):
    """Something with a key that never changes."""

    @property
    def key(self) -> str:
        """Its key."""


D = TypeVar("D", bound=Defined)

# A commit becomes visible record by record: definitions read within this time after the counter moved may be those
# of before, so they are read again once it has passed.
SETTLE_S = 2.0
# A database that was put back from a backup may have the same counter and other segments.
MAX_AGE_S = 60.0


class DefinitionCatalogue(Generic[D]):
    """Key → definition, for reads that carry the counter with them.

    Of a definition only what changes with the counter is true for long: id, key, name, rule, version, and who may
    see it.

    Args:
        read: the counter, and all definitions at least as new as it.
    """

    def __init__(self, read: Callable[[], Awaitable[tuple[int, Sequence[D]]]]):
        self._read = read
        self._counter = -1
        self._moved_at_s = 0.0
        self._loaded_at_s = 0.0
        self._by_key: dict[str, D] = {}
        self._loading = asyncio.Lock()

    async def at(self, counter: int) -> dict[str, D]:
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
        counter, records = await self._read()
        if counter != self._counter:
            self._counter = counter
            self._moved_at_s = started_s
        self._loaded_at_s = started_s
        self._by_key = {record.key: record for record in records}
