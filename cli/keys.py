"""`kith keys`: versions of the secret, and everything under the newest one."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from base import logs
from base.settings import Settings, load_settings
from base.valkey import connect
from cli.recorded import command_entry, run_recorded
from graph.client import GraphClient
from graph.repositories.keys import KINDS, RotationRecord
from workers.keys import rotation
from workers.keys.turning import PLAIN

EXIT_UNREADABLE = 1

app = typer.Typer(help="Versions of KITH_SECRET_KEY.", no_args_is_help=True)


@app.command("status")
def status() -> None:
    """Count what is encrypted with which version. Looks at everything that is stored."""
    logs.configure("ERROR", "cli")
    settings = load_settings()
    show(asyncio.run(_counted(settings)), Console(highlight=False, soft_wrap=True))


@app.command("rotate")
def rotate() -> None:
    """Encrypt everything with the current version while calls and reads go on; run again, it goes on where it ended."""
    logs.configure("ERROR", "cli")
    settings = load_settings()
    done = run_recorded(settings, command_entry("system", "keys rotate"), lambda: _rotated(settings))
    console = Console(highlight=False, soft_wrap=True)
    console.print(f"{done.looked_at:,} nodes looked at, {done.replaced:,} written.")
    if done.unreadable:
        console.print(f"{done.unreadable:,} do not open with any version and are as they were.")
        raise typer.Exit(EXIT_UNREADABLE)


@app.command("retire")
def retire(version: Annotated[int, typer.Argument(help="that nothing is encrypted with any more")]) -> None:
    """Make sure that nothing needs a version, so that it can be taken out of KITH_SECRET_KEY."""
    logs.configure("ERROR", "cli")
    settings = load_settings()
    run_recorded(settings, command_entry("system", "keys retire", version), lambda: _retired(settings, version))
    Console(highlight=False).print(f"Version {version} can be taken out of KITH_SECRET_KEY.")


async def _counted(settings: Settings) -> Mapping[str, Counter[int]]:
    graph, redis = GraphClient.of(settings), connect(settings.redis_url)
    try:
        return await rotation.count_versions(graph, redis)
    finally:
        await redis.aclose()
        await graph.close()


async def _rotated(settings: Settings) -> RotationRecord:
    graph = GraphClient.of(settings)
    told = Console(stderr=True, highlight=False, soft_wrap=True)
    shown: tuple[str, int] = ("", 0)

    def tell(stands: RotationRecord) -> None:
        nonlocal shown
        step = (stands.kind, stands.looked_at // 10_000)
        if step != shown and not stands.done:
            shown = step
            place = f"{KINDS.index(stands.kind) + 1} of {len(KINDS)}"
            told.print(f"{stands.kind} ({place}): {stands.looked_at:,} nodes looked at")

    try:
        return await rotation.rotate(graph, tell)
    finally:
        await graph.close()


async def _retired(settings: Settings, version: int) -> None:
    graph, redis = GraphClient.of(settings), connect(settings.redis_url)
    try:
        await rotation.retire(graph, redis, version)
    finally:
        await redis.aclose()
        await graph.close()


def show(counted: Mapping[str, Counter[int]], console: Console) -> None:
    """Print a table: a row a place, a column a version."""
    found = sorted({version for counts in counted.values() for version in counts})
    table = Table(box=None)
    table.add_column("where")
    for version in found:
        table.add_column("plain text" if version == PLAIN else f"version {version}", justify="right")
    for place, counts in counted.items():
        table.add_row(place, *(f"{counts[version]:,}" for version in found))
    console.print(table)
