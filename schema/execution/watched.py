"""A stream that ends when its subscriber loses the right to it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable
from contextlib import aclosing, suppress
from typing import TYPE_CHECKING, Any

from base.errors import Unavailable
from schema.execution.rights import check_rights

if TYPE_CHECKING:
    from schema.context import OperationContext
    from schema.execution.engine import Operation

# With what a directory may be behind, a revocation cuts streams within five seconds.
LOOK_AGAIN_S = 2.0


async def watched(
    stream: AsyncIterable[Any], operation: Operation, context: OperationContext
) -> AsyncGenerator[Any, None]:
    """The events of a stream, for as long as its subscriber may have them.

    Args:
        context: of the stream, which learns who its subscriber has become.

    Raises:
        KithError: UNAUTHENTICATED or FORBIDDEN, when that has ended.
    """
    if not operation.caller.may_change:
        async with aclosing(stream) as unwatched:  # type: ignore[type-var]
            async for event in unwatched:
                yield event
        return
    loop = asyncio.get_running_loop()
    events, due_s = aiter(stream), loop.time() + LOOK_AGAIN_S
    step: asyncio.Future[Any] | None = None
    try:
        while True:
            step = step or asyncio.ensure_future(anext(events))
            await asyncio.wait({step}, timeout=max(0.0, due_s - loop.time()))
            if loop.time() >= due_s:
                await _look_again(operation, context)
                due_s = loop.time() + LOOK_AGAIN_S
            if not step.done():
                continue
            try:
                event = step.result()
            except StopAsyncIteration:
                return
            finally:
                step = None
            yield event
    finally:
        if step is not None:
            step.cancel()
            with suppress(asyncio.CancelledError, StopAsyncIteration):
                await step
        await stream.aclose()  # type: ignore[attr-defined]


async def _look_again(operation: Operation, context: OperationContext) -> None:
    # Where nobody can be looked up, nobody can have been shut out either: the stream goes on.
    with suppress(Unavailable):
        principal = await operation.caller.look_again()
        check_rights(principal, operation.prepared.needs[operation.name])
        context.principal = principal
