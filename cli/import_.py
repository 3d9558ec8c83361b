"""`kith import`: a file's rows through the same stream as the tracking API."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from base.clock import now_ms
from base.keys import Keyring
from base.settings import Settings, load_settings
from base.valkey import connect
from cli.files import bar_of
from cli.recorded import command_entry, run_recorded
from graph.client import GraphClient
from graph.repositories.quarantine import QuarantineRepository
from ingest.imports.mapping import load_mapping
from ingest.imports.run import Destination, Import
from ingest.imports.state import ImportState
from ingest.stream import IngestStream

SHOWN_ERRORS = 10

File = Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="CSV, JSON lines (each also .gz) or Parquet.")]
MappingFile = Annotated[
    Path, typer.Option("--mapping", "-m", exists=True, dir_okay=False, help="Which column is what; TOML or JSON.")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Check every row, keep nothing, show the first errors.")]
WaitS = Annotated[float, typer.Option("--wait", min=0, help="Seconds to wait until the last rows are applied.")]


def import_file(file: File, mapping: MappingFile, dry_run: DryRun = False, wait: WaitS = 60.0) -> None:
    """Import customers and events from a file; a run that was cut off goes on where it was.

    Raises:
        typer.Exit: 1 when rows were rejected.
    """
    settings = load_settings()
    if dry_run:
        with tempfile.TemporaryDirectory() as nowhere:
            rejected = asyncio.run(_run(settings, file, mapping, Path(nowhere), dry_run=True, wait_s=0))
    else:
        directory = settings.data_dir / "imports"
        rejected = run_recorded(
            settings,
            command_entry("ingest", "import", load_mapping(mapping).source),
            lambda: _run(settings, file, mapping, directory, dry_run=False, wait_s=wait),
        )
    if rejected:
        raise typer.Exit(1)


async def _run(
    settings: Settings, file: Path, mapping_file: Path, directory: Path, *, dry_run: bool, wait_s: float
) -> int:
    mapping = load_mapping(mapping_file)
    graph = GraphClient.of(settings)
    redis = connect(settings.redis_url)
    try:
        destination = None
        if not dry_run:
            stream = IngestStream(redis, Keyring(settings.secret_key))
            destination = Destination(stream, QuarantineRepository(graph))
        with ImportState(directory, file, mapping, now_ms()) as state:
            if state.progress.rows_done:
                Console(stderr=True).print(f"Going on after row {state.progress.rows_done}.")
            one = Import(file, mapping, state, destination, settings.phone_region)
            with bar_of(file) as show:
                await one.run(show)
            _report(state, dry_run)
            if not dry_run and not await one.wait_until_applied(wait_s):
                Console(stderr=True).print("The last rows wait in the ingest stream; `kith status` shows the backlog.")
            return state.progress.rejected
    finally:
        await redis.aclose()
        await graph.close()


def _report(state: ImportState, dry_run: bool) -> None:
    console, progress = Console(highlight=False), state.progress
    table = Table("rows", "would be accepted" if dry_run else "accepted calls", "rejected", "duplicates")
    table.add_row(*(str(n) for n in (progress.rows_done, progress.accepted, progress.rejected, progress.duplicates)))
    console.print(table)
    for reason, count in sorted(progress.reasons.items(), key=lambda item: -item[1]):
        console.print(f"{count} × {reason}")
    if not progress.rejected:
        return
    if dry_run:
        console.print("The first errors:")
        for row, reason, detail in state.first_rejects(SHOWN_ERRORS):
            console.print(f"  row {row}: {reason}: {escape(detail)}", soft_wrap=True)
    else:
        console.print(f"Rejected rows with their reasons: {escape(str(state.rejects_path))}", soft_wrap=True)
