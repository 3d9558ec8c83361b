"""`kith projection`: the columnar store, which the role `analytics` owns."""

from __future__ import annotations

import asyncio

import typer
from redis.asyncio import Redis
from redis.exceptions import RedisError
from rich.console import Console

from base import logs
from base.clock import iso, now_ms
from base.errors import Unavailable
from base.settings import load_settings
from base.valkey import connect
from cli.recorded import command_entry, run_recorded
from workers.projection import state
from workers.projection.state import Doing, ProjectionState

POLL_S = 0.5

app = typer.Typer(help="The columnar store, a copy of the graph for questions about everybody.", no_args_is_help=True)


@app.command("status")
def show_status() -> None:
    """Say what the columnar store does, and as of when it is."""
    logs.configure("ERROR", "cli")
    told = asyncio.run(_read())
    console = Console(highlight=False, soft_wrap=True)
    console.print(line_of(told))
    if told.last_error:
        console.print(told.last_error)


@app.command("rebuild")
def rebuild() -> None:
    """Build the columnar store anew from the graph, and wait for it; the one that is there answers meanwhile."""
    logs.configure("ERROR", "cli")
    console = Console(stderr=True, highlight=False)
    run_recorded(load_settings(), command_entry("system", "projection rebuild"), lambda: _rebuild(console))


def line_of(told: ProjectionState) -> str:
    """What it does, in words."""
    on = f"on {told.engine}, " if told.engine else ""
    if told.last_error and not told.answers:
        return f"{on}does not answer"
    if told.doing is Doing.BUILDING:
        older = f"; an older one answers, as of {iso(told.as_of_ms)}" if told.answers else ""
        return f"{on}being built, {told.progress:.0%} done{older}"
    if not told.answers:
        return f"{on}catching up with what was touched while it was built"
    return f"{on}as of {iso(told.as_of_ms)}, {max(0, told.told_ms - told.as_of_ms) / 1000:.1f} s behind"


async def _read() -> ProjectionState:
    redis = connect(load_settings().redis_url)
    try:
        return await _find(redis)
    finally:
        await redis.aclose()


async def _find(redis: Redis) -> ProjectionState:
    try:
        told = await state.find(redis)
    except (RedisError, OSError) as fault:
        raise Unavailable("Redis cannot be reached.", hint="`kith doctor` tells more.") from fault
    if told is None:
        raise Unavailable("Nobody owns the columnar store.", hint="Start the role `analytics`.")
    return told


async def _rebuild(console: Console) -> None:
    redis = connect(load_settings().redis_url)
    try:
        before = await _find(redis)
        await state.want_build(redis)
        asked_ms, shown = now_ms(), -1
        while True:
            told = await _find(redis)
            if told.builds > before.builds and told.as_of_ms >= asked_ms:
                console.print(line_of(told))
                return
            if told.doing is Doing.BUILDING and int(10 * told.progress) > shown:
                shown = int(10 * told.progress)
                console.print(f"{10 * shown} % done")
            await asyncio.sleep(POLL_S)
    finally:
        await redis.aclose()
