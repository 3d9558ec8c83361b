"""Orders through the tracking API: batches, a bar for what is accepted and one for what is applied."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn

from demo.cdnow import Order
from demo.service import MAX_STATUS_IDS, Service

# About 60 KB a request; an SDK sends up to 500 KB.
BATCH_CALLS = 250
# Requests under way at once.
SENDERS = 4
POLL_S = 0.3


async def load_orders(service: Service, orders: Sequence[Order], console: Console) -> None:
    """Send all orders and wait until they are applied. Orders sent before are known by their message ids."""
    customers = len({order.customer for order in orders})
    console.print(f"\n[bold]1. {len(orders):,} real orders of {customers:,} customers (CDNOW, 1997 and 1998)[/bold]")
    batches = [orders[start : start + BATCH_CALLS] for start in range(0, len(orders), BATCH_CALLS)]
    again = not await service.not_applied([_last_id(batch) for batch in batches][:MAX_STATUS_IDS])
    started_s = time.monotonic()
    columns = (TextColumn("   {task.description:<9}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        accepted = progress.add_task("accepted", total=len(orders))
        applied = progress.add_task("applied", total=len(orders))
        sent: asyncio.Queue[Sequence[Order]] = asyncio.Queue()
        waiting = iter(batches)
        await asyncio.gather(
            _follow(service, sent, len(batches), progress, applied),
            *(_send(service, waiting, sent, progress, accepted) for _ in range(SENDERS)),
        )
    taken_s = time.monotonic() - started_s
    if again:
        console.print(f"   loaded before; sent again in {taken_s:.1f} s, and each still counts once")
    else:
        console.print(f"   accepted and applied in {taken_s:.1f} s: {len(orders) / taken_s:,.0f} events a second")


async def _send(
    service: Service,
    batches: Iterator[Sequence[Order]],
    sent: asyncio.Queue[Sequence[Order]],
    bar: Progress,
    task: TaskID,
) -> None:
    for batch in batches:
        await service.track([order.call() for order in batch])
        bar.advance(task, len(batch))
        sent.put_nowait(batch)


async def _follow(
    service: Service, sent: asyncio.Queue[Sequence[Order]], batches: int, bar: Progress, task: TaskID
) -> None:
    """Advance for every batch whose last call is applied: a request is applied in one piece, or in order."""
    waiting: dict[str, int] = {}
    while batches:
        while not sent.empty():
            batch = sent.get_nowait()
            waiting[_last_id(batch)] = len(batch)
        left = set(await service.not_applied(list(waiting))) if waiting else set()
        for message_id in waiting.keys() - left:
            bar.advance(task, waiting.pop(message_id))
            batches -= 1
        await asyncio.sleep(POLL_S)


def _last_id(batch: Sequence[Order]) -> str:
    return str(batch[-1].call()["messageId"])
