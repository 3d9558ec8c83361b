"""Results of builds that are being brought to the graph: until then they count in the place of what is stored."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Final

from analytics.engines.port import Store
from analytics.query.sources import Building, Tables
from analytics.store.results import Kept

# Results of that many builds are kept; a worker does two at once.
MAX_KEPT: Final = 16
# A result that nobody reads any more is of a worker that died. A page takes seconds to be written.
FORGET_AFTER_S: Final = 300.0


@dataclass(slots=True)
class KeptResult:
    """A result, and of what it is.

    Args:
        key: of a segment, or of a tag.
        read_s: when it was read last, on the monotonic clock.
    """

    key: str
    is_tag: bool
    kept: Kept
    read_s: float = field(default_factory=time.monotonic)


class KeptResults:
    """By name, the oldest first; those of one store, since another one has no such tables."""

    def __init__(self) -> None:
        self._store: Store | None = None
        self._by_name: dict[str, KeptResult] = {}

    def add(self, store: Store, name: str, result: KeptResult) -> list[str]:
        """Keep one more; returns the names of those that make room: others of its key, forgotten ones, the oldest."""
        self._of(store)
        leaving = [
            other
            for other, one in self._by_name.items()
            if (one.key, one.is_tag) == (result.key, result.is_tag) or not _is_read(one)
        ]
        room = MAX_KEPT - 1
        staying = [other for other in self._by_name if other not in leaving]
        leaving += staying[: max(0, len(staying) - room)]
        for other in leaving:
            del self._by_name[other]
        self._by_name[name] = result
        return leaving

    def find(self, store: Store, name: str) -> KeptResult | None:
        """The result, if it is kept; somebody still reads it."""
        self._of(store)
        one = self._by_name.get(name)
        if one is not None:
            one.read_s = time.monotonic()
        return one

    def remove(self, name: str) -> bool:
        """Keep it no longer; whether it was kept."""
        return self._by_name.pop(name, None) is not None

    def tables(self, store: Store) -> Tables:
        """What is asked: the store, and these in the place of what they are to replace."""
        self._of(store)
        living = [one for one in self._by_name.values() if _is_read(one)]
        return Tables(
            store.layout,
            store.engine,
            Building(
                {one.key: one.kept.table for one in living if not one.is_tag},
                {one.key: (one.kept.table, one.kept.columns) for one in living if one.is_tag},
            ),
        )

    def _of(self, store: Store) -> None:
        if store is not self._store:
            self._store, self._by_name = store, {}


def _is_read(one: KeptResult) -> bool:
    return time.monotonic() < one.read_s + FORGET_AFTER_S
