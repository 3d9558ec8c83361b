"""`kith segment`: lists of identifiers from files into segments."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.table import Table

from base.errors import BadInput
from base.keys import Keyring
from base.settings import Settings, load_settings
from base.valkey import connect
from cli.files import rows_of, text_in
from cli.recorded import command_entry, run_recorded
from delivery.publisher import ChangePublisher
from graph.client import GraphClient
from graph.repositories.policy import PolicyRepository
from graph.repositories.segment import SegmentRepository
from ingest.imports.mapping import Csv
from ingest.imports.values import cell
from ingest.namespaces import parse_namespace
from ingest.normalising import normalise
from workers.lists.importing import ListImport, Report
from workers.lists.lists import ImportMode, SegmentLists, check_importable
from workers.live.context import LiveContext

AUTHOR = "command line"

app = typer.Typer(help="Lists of identifiers from files into segments.", no_args_is_help=True)


@app.callback()
def segment() -> None:
    """Keep `import` a command of its own name: typer runs a single one without it."""


@app.command("import")
def import_list(
    key: Annotated[str, typer.Argument(help="Of the segment; it is made if there is none.")],
    file: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, help="CSV, JSON lines (each also .gz) or Parquet.")
    ],
    identifier: Annotated[str, typer.Option(help="What the values are: email, phone, user_id, wx_openid:<app>, …")],
    column: Annotated[str | None, typer.Option(help="Where the values are; otherwise the identifier's name.")] = None,
    name: Annotated[str | None, typer.Option(help="Of a segment that is made; otherwise its key.")] = None,
    mode: Annotated[ImportMode, typer.Option(case_sensitive=False, help="What becomes of the list.")] = ImportMode.ADD,
    encoding: Annotated[str, typer.Option(help='Of a CSV file, e.g. "gb18030".')] = Csv().encoding,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Look who is known, change nothing.")] = False,
) -> None:
    """Put the people of a file into a segment; a run that was cut off is run again.

    Raises:
        typer.Exit: 1 when there were malformed or unknown values.
    """
    namespace = parse_namespace(identifier)
    if namespace is None:
        raise BadInput("This is no identifier namespace.", hint="For example user_id, email, phone, wx_openid:<app>.")
    where = _Where(file, column or identifier, Csv(encoding=encoding))
    settings = load_settings()
    report = run_recorded(
        settings,
        command_entry("segment", "segment import", key, dry_run=dry_run),
        lambda: _run(settings, key, name, namespace, where, mode, dry_run=dry_run),
    )
    _show(report, dry_run)
    if report.malformed or report.unknown:
        raise typer.Exit(1)


@dataclass(frozen=True, slots=True)
class _Where:
    """Where the values are."""

    path: Path
    column: str
    layout: Csv


async def _run(
    settings: Settings, key: str, name: str | None, namespace: str, where: _Where, mode: ImportMode, *, dry_run: bool
) -> Report:
    keyring = Keyring(settings.secret_key)
    async with _opened(settings, keyring) as (graph, lists):
        policy = (await PolicyRepository(graph).get_current()).policy

        def spell(value: str) -> tuple[str, bool]:
            found = normalise(namespace, value, settings.phone_region, policy)
            return found.value, found.reason is None

        if dry_run:
            for segment in (await SegmentRepository(graph).get_many([key])).values():
                check_importable(segment)
        round = None if dry_run else await lists.begin(key, name, AUTHOR, mode)
        done = ListImport(lists, keyring, spell, key=key, namespace=namespace, mode=mode, round=round)
        for row in rows_of(where.path, [where.column], where.layout):
            await done.add(row.number, "" if row.fault is not None else text_in(cell(row.cells, where.column)))
        return await done.finish()


@asynccontextmanager
async def _opened(settings: Settings, keyring: Keyring) -> AsyncIterator[tuple[GraphClient, SegmentLists]]:
    graph = GraphClient.of(settings)
    redis = connect(settings.redis_url)
    try:
        live = LiveContext(keyring, ZoneInfo(settings.time_zone))
        yield graph, SegmentLists(graph, ChangePublisher(redis, graph), live)
    finally:
        await redis.aclose()
        await graph.close()


def _show(report: Report, dry_run: bool) -> None:
    console = Console(highlight=False)
    table = Table("would be found" if dry_run else "found", "unknown", "malformed", "duplicates")
    table.add_row(*(str(n) for n in (report.found, report.unknown, report.malformed, report.duplicates)))
    console.print(table)
    for one in report.faulty:
        console.print(f"  row {one.row}: {one.fault}")
    if report.unknown + report.malformed > len(report.faulty):
        console.print(f"The first {len(report.faulty)} of them are shown.")
