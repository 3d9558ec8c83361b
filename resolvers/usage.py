"""Notes what is asked for, beside the requests: none waits for it, and a lost note is worth nothing."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Final

from base.clock import now_ms
from base.errors import KithError
from graph.repositories.usage import UsageRepository

# Of one definition and process: who looks at last uses counts in days.
EVERY_S: Final = 600.0
FLUSH_S: Final = 5.0
STOP_S: Final = 2.0
# More segments and tags than that are not remembered to be noted; they are noted more often.
MAX_REMEMBERED: Final = 50_000


class UsageNotes:
    """The ids that were asked for, written in batches. One a process."""

    def __init__(self, repository: UsageRepository):
        self._repository = repository
        self._noted_at_s: dict[str, float] = {}
        self._pending: dict[str, int] = {}
        self._held: Counter[str] = Counter()
        self._task: asyncio.Task[None] | None = None

    def note(self, *ids: str) -> None:
        """Segments or tags were asked for. No I/O."""
        at_s = time.monotonic()
        for each in ids:
            if at_s - self._noted_at_s.get(each, -EVERY_S) >= EVERY_S:
                if len(self._noted_at_s) >= MAX_REMEMBERED:
                    self._noted_at_s.clear()
                self._noted_at_s[each] = at_s
                self._pending[each] = now_ms()

    @contextlib.contextmanager
    def held(self, ids: Iterable[str]) -> Iterator[None]:
        """In the block these are asked for all the time."""
        each = tuple(ids)
        self._held.update(each)
        try:
            yield
        finally:
            self._held.subtract(each)
            self._held += Counter()

    def start(self) -> None:
        """Begin to write; without it nothing is."""
        self._task = asyncio.create_task(self._run(), name="usage-notes")

    async def stop(self) -> None:
        """Write what is left, unless that takes long."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(STOP_S):
                    await self.flush()

    async def flush(self) -> None:
        """Write what is pending; what cannot be written is noted again when it is asked for again."""
        self.note(*self._held)
        pending, self._pending = self._pending, {}
        if not pending:
            return
        try:
            await self._repository.set_many(pending)
        except KithError:
            for each in pending:
                self._noted_at_s.pop(each, None)

    async def _run(self) -> None:
        begun = False
        while True:
            if not begun:
                with contextlib.suppress(KithError):
                    await self._repository.begin(now_ms())
                    begun = True
            await asyncio.sleep(FLUSH_S)
            await self.flush()
