"""`python -m demo`, beside a service that `make run` started."""

from __future__ import annotations

import asyncio
import sys
from typing import Annotated

import typer
from pydantic import ValidationError
from rich.console import Console

from base.errors import KithError
from base.settings import load_settings
from demo.cdnow import read_orders, sample_orders
from demo.load import load_orders
from demo.segments import create_segments, show_segments
from demo.service import Service
from demo.story import show_customer, tell

# Enough for counts that mean something, and loaded in about a minute.
DEFAULT_CUSTOMERS = 3_000


def run(
    customers: Annotated[int, typer.Option(min=1, help="How many of the 23,570 customers to load.")] = (
        DEFAULT_CUSTOMERS
    ),
    everyone: Annotated[bool, typer.Option("--all", help="Load all of them: 69,659 orders.")] = False,
) -> None:
    """Load real orders, make segments of them, and follow one visitor live. Running it again repeats nothing."""
    console = Console(highlight=False, soft_wrap=True)
    try:
        asyncio.run(_run(console, None if everyone else customers))
    except KithError as fault:
        console.print(f"demo: {fault.message}", markup=False)
        if fault.hint:
            console.print(f"      {fault.hint}", markup=False)
        raise typer.Exit(1) from None
    except ValidationError as fault:
        names = ", ".join(str(item["loc"][0]) for item in fault.errors() if item["loc"])
        console.print(f"demo: A setting cannot be used: {names}.", markup=False)
        raise typer.Exit(1) from None


async def _run(console: Console, customers: int | None) -> None:
    orders = read_orders()
    if customers is not None:
        orders = sample_orders(orders, customers)
    async with Service(load_settings()) as service:
        await service.check()
        await load_orders(service, orders, console)
        await create_segments(service, console)
        await show_segments(service, orders, console)
        await show_customer(service, orders, console)
        await tell(service, console)


if __name__ == "__main__":
    try:
        typer.run(run)
    except KeyboardInterrupt:
        sys.exit(130)
