"""Waiting for what another task or process does."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from inspect import isawaitable

WITHIN_S = 20.0
POLL_S = 0.05


async def until(condition: Callable[[], object | Awaitable[object]], within_s: float = WITHIN_S) -> None:
    """Return when a condition, async or not, holds.

    Raises:
        TimeoutError: it did not within the time.
    """
    async with asyncio.timeout(within_s):
        while True:
            answer = condition()
            if await answer if isawaitable(answer) else answer:
                return
            await asyncio.sleep(POLL_S)
