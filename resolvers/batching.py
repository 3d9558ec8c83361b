"""Look-ups of many requests share statements: what arrives while one runs goes with the next."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")

# Bounds one statement's rows, and with them its time and memory.
MAX_BATCH_KEYS = 200
# A second batch starts beside a running one only when it is worth a statement of its own: a statement costs Python
# as much as ten look-ups in one that runs anyway, and started for each they would leave no time for anything else.
MAX_BATCHES_RUNNING = 2
MIN_KEYS_OF_SECOND_BATCH = 8


class Coalescer(Generic[K, V]):
    """Turns single look-ups into batches, over all requests of this process.

    A lone look-up starts at the end of the same event-loop turn; under load a batch holds whatever arrived while
    earlier ones ran. A key asked for twice in one batch is read once. An answer is never older than its question: a
    look-up never joins a batch that is already running.

    Args:
        read: values of a sequence of distinct keys; keys without a value are missing.
    """

    def __init__(self, read: Callable[[Sequence[K]], Awaitable[dict[K, V]]]):
        self._read = read
        self._waiting: dict[K, asyncio.Future[V | None]] = {}
        self._running: set[asyncio.Task[None]] = set()
        self._scheduled = False

    async def load(self, key: K) -> V | None:
        """The value of a key, None when there is none.

        Raises:
            Exception: whatever `read` raised for the batch.
        """
        future = self._waiting.get(key)
        if future is None:
            future = self._waiting[key] = asyncio.get_running_loop().create_future()
            if not self._scheduled and self._may_start():
                self._scheduled = True
                asyncio.get_running_loop().call_soon(self._start)
        # Shielded: one request that is cancelled must not take the answer from the others.
        return await asyncio.shield(future)

    def _start(self) -> None:
        self._scheduled = False
        while self._waiting and self._may_start():
            keys = list(self._waiting)[:MAX_BATCH_KEYS]
            batch = {key: self._waiting.pop(key) for key in keys}
            task = asyncio.get_running_loop().create_task(self._run(batch))
            self._running.add(task)
            task.add_done_callback(self._finished)

    def _may_start(self) -> bool:
        running = len(self._running)
        return not running or (running < MAX_BATCHES_RUNNING and len(self._waiting) >= MIN_KEYS_OF_SECOND_BATCH)

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        self._start()

    async def _run(self, batch: dict[K, asyncio.Future[V | None]]) -> None:
        try:
            found = await self._read(list(batch))
        except BaseException as fault:
            for future in batch.values():
                if not future.done():
                    future.set_exception(fault)
                    # Marks it as seen: a request that went away would otherwise leave a warning behind.
                    future.exception()
            if not isinstance(fault, Exception):
                raise
            return
        for key, future in batch.items():
            if not future.done():
                future.set_result(found.get(key))
