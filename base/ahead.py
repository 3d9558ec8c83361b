"""Works on the next items while the last one is looked at."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager, suppress
from typing import TypeVar

T = TypeVar("T")


@asynccontextmanager
async def ahead(source: AsyncGenerator[T, None], size: int = 1) -> AsyncIterator[AsyncIterator[T]]:
    """The items of a source in their order; up to `size` of them wait ready, and the source makes one more meanwhile.

    What the source raises is raised where its item would have been. At the end of the block the source is stopped,
    wherever it is.
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

    async def taken() -> AsyncIterator[T]:
        while (item := await ready.get()) is not None:
            yield item[0]
        await making

    making = asyncio.create_task(make())
    try:
        yield taken()
    finally:
        making.cancel()
        with suppress(asyncio.CancelledError, Exception):
            await making
