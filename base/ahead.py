"""Works on the next items while the last one is looked at."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Coroutine, Iterable
from contextlib import aclosing, asynccontextmanager
from typing import TypeVar

T = TypeVar("T")


@asynccontextmanager
async def ahead(source: AsyncGenerator[T, None], size: int = 1) -> AsyncIterator[AsyncIterator[T]]:
    """The items of a source in their order; up to `size` of them wait ready, and the source makes one more meanwhile.

    Several may take from it at once; each item goes to one of them. What the source raises is raised where its item
    would have been. At the end of the block the source is stopped, wherever it is.
    """
    ready: asyncio.Queue[tuple[T] | None] = asyncio.Queue(size)

    async def make() -> None:
        try:
            async with aclosing(source) as items:
                async for item in items:
                    await ready.put((item,))
        finally:
            if not making.cancelling():
                await ready.put(None)

    making = asyncio.create_task(make())
    try:
        yield _Taken(ready, making)
    finally:
        making.cancel()
        # Does not raise what the source raised, and is cancelled with its caller.
        await asyncio.wait([making])
        if not making.cancelled():
            making.exception()


class _Taken(AsyncIterator[T]):
    def __init__(self, ready: asyncio.Queue[tuple[T] | None], making: asyncio.Task[None]):
        self._ready = ready
        self._making = making

    async def __anext__(self) -> T:
        item = await self._ready.get()
        if item is not None:
            return item[0]
        # For whoever else takes from it.
        self._ready.put_nowait(None)
        await self._making
        raise StopAsyncIteration


async def at_once(works: Iterable[Coroutine[None, None, None]]) -> None:
    """Run several at once; what one raises ends all and is raised."""
    try:
        async with asyncio.TaskGroup() as group:
            for work in works:
                group.create_task(work)
    except BaseExceptionGroup as faults:
        raise faults.exceptions[0] from None
