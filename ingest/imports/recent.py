"""Which message ids of a file were read lately: a repeat is found before the graph can know the first."""

from __future__ import annotations

from collections import deque

# More calls than the backlog that an import allows can hold (40 entries of 500): older ones are in the graph.
REMEMBERED_IDS = 100_000


class Recent:
    """A bounded memory of message ids, the oldest forgotten first."""

    def __init__(self, max_ids: int = REMEMBERED_IDS):
        self._max_ids = max_ids
        self._known: set[str] = set()
        self._order: deque[str] = deque()

    def add(self, message_id: str) -> bool:
        """Remember an id; False when it is remembered already."""
        if message_id in self._known:
            return False
        if len(self._order) >= self._max_ids:
            self._known.discard(self._order.popleft())
        self._known.add(message_id)
        self._order.append(message_id)
        return True
