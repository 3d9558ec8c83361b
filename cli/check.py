"""`kith check identity`: is everybody who they should be?"""

from __future__ import annotations

import asyncio
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from rich.console import Console

from base import logs
from base.keys import Keyring
from base.settings import Settings, load_settings
from base.valkey import connect
from cli.recorded import command_entry, run_recorded
from delivery.publisher import ChangePublisher
from graph.client import GraphClient
from workers.decisions.upkeep import Upkeep
from workers.identity.check import IdentityCheck, Report
from workers.live.context import LiveContext

EXIT_FAULTS = 1

app = typer.Typer(help="Is what is stored what should be stored?", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Commands below `kith check`."""


@app.command("identity")
def check_identity(
    repair: Annotated[bool, typer.Option(help="put right what is wrong; else only say so")] = False,
) -> None:
    """Compare who is who with what calls, decisions and policy make of it. Ends with 1 when something was wrong."""
    logs.configure("ERROR", "cli")
    settings = load_settings()
    if repair:
        entry = command_entry("identity", "check identity --repair")
        report = run_recorded(settings, entry, lambda: run_check(settings, repair=True))
    else:
        report = asyncio.run(run_check(settings, repair=False))
    show(report, Console(highlight=False, soft_wrap=True))
    if report.faults:
        raise typer.Exit(EXIT_FAULTS)


async def run_check(settings: Settings, *, repair: bool) -> Report:
    """Check the graph that the settings name.

    Raises:
        Unavailable: Neo4j or Redis cannot be reached.
    """
    graph = GraphClient.of(settings)
    redis = connect(settings.redis_url)
    shown = 0

    def tell(done: float) -> None:
        nonlocal shown
        if int(10 * done) > shown:
            shown = int(10 * done)
            progress.print(f"{10 * shown} % looked at")

    progress = Console(stderr=True, highlight=False)
    try:
        await graph.verify()
        live = LiveContext(Keyring(settings.secret_key), ZoneInfo(settings.time_zone))
        upkeep = Upkeep(graph, ChangePublisher(redis, graph), live)
        return await IdentityCheck(graph, upkeep.replay).run(repair=repair, progress=tell)
    finally:
        await redis.aclose()
        await graph.close()


def show(report: Report, console: Console) -> None:
    """Print a report."""
    console.print(f"{report.identifier_count:,} identifiers and {report.customer_count:,} customers looked at.")
    for kind, count in sorted(report.faults.items()):
        console.print(f"{kind}: {count:,}, for example {', '.join(report.named[kind][:3])}")
    if report.repaired:
        console.print(f"{report.repaired:,} identifiers put right.")
    if not report.faults:
        console.print("No fault found.")
