"""`kith tag`: values from files into tags."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, NamedTuple
from zoneinfo import ZoneInfo

import typer
from redis.asyncio import Redis
from rich.console import Console
from rich.table import Table

from base.keys import Keyring
from base.settings import Settings, load_settings
from base.valkey import connect
from cli.files import rows_of, text_in
from cli.recorded import command_entry, run_recorded
from delivery.publisher import ChangePublisher
from graph.client import GraphClient
from graph.identity.policy import IdentityPolicy
from graph.repositories.policy import PolicyRepository
from ingest.imports.mapping import Csv
from ingest.imports.tag_values import tag_value
from ingest.imports.values import cell
from ingest.normalising import normalise
from rules.type_problems import ValueType
from workers.lists.addressing import Addressing, ByAttribute, ByIdentifier, check_address
from workers.lists.lists import ImportMode
from workers.lists.tagging import TagImport, TagReport
from workers.lists.values import TagValues
from workers.live.context import LiveContext
from workers.projection.client import ColumnStore

AUTHOR = "command line"

app = typer.Typer(help="Values from files into tags.", no_args_is_help=True)


@app.callback()
def tag() -> None:
    """Keep `import` a command of its own name: typer runs a single one without it."""


@app.command("import")
def import_values(
    key: Annotated[str, typer.Argument(help="Of a tag of kind IMPORTED.")],
    file: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, help="CSV, JSON lines (each also .gz) or Parquet.")
    ],
    identifier: Annotated[
        str | None, typer.Option(help="What the ids are: email, phone, user_id, wx_openid:<app>, …")
    ] = None,
    attribute: Annotated[str | None, typer.Option(help="Or the attribute that they are values of.")] = None,
    column: Annotated[str | None, typer.Option(help="Where the ids are; otherwise called like what they are.")] = None,
    value_column: Annotated[str, typer.Option(help="Where the values are.")] = "value",
    mode: Annotated[
        ImportMode, typer.Option(case_sensitive=False, help="What becomes of earlier values.")
    ] = ImportMode.ADD,
    encoding: Annotated[str, typer.Option(help='Of a CSV file, e.g. "gb18030".')] = Csv().encoding,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Look who would get what, change nothing.")] = False,
) -> None:
    """Give people of a file the values of a tag; a run that was cut off is run again.

    Raises:
        typer.Exit: 1 when there were rows that were not taken.
    """
    namespace, attribute = check_address(identifier, attribute)
    where = _Where(file, column or identifier or attribute or "", value_column, Csv(encoding=encoding))
    settings = load_settings()
    report = run_recorded(
        settings,
        command_entry("tag", "tag import", key, dry_run=dry_run),
        lambda: _run(settings, key, namespace, attribute, where, mode, dry_run=dry_run),
    )
    _show(report, dry_run)
    if report.unknown + report.ambiguous + report.malformed + report.bad_values:
        raise typer.Exit(1)


@dataclass(frozen=True, slots=True)
class _Where:
    """Where ids and values are."""

    path: Path
    column: str
    value_column: str
    layout: Csv


class _Opened(NamedTuple):
    graph: GraphClient
    redis: Redis
    values: TagValues


async def _run(
    settings: Settings,
    key: str,
    namespace: str | None,
    attribute: str | None,
    where: _Where,
    mode: ImportMode,
    *,
    dry_run: bool,
) -> TagReport:
    keyring = Keyring(settings.secret_key)
    async with _opened(settings, keyring) as opened:
        tag = await opened.values.find(key)
        of_type, zone = ValueType(tag.value_type), ZoneInfo(tag.zone or settings.time_zone)
        policy = (await PolicyRepository(opened.graph).get_current()).policy
        addressing = _addressing(settings, opened, keyring, policy, namespace, attribute)
        done = TagImport(
            opened.values,
            addressing,
            lambda value: tag_value(value, of_type, zone),
            key=key,
            mode=mode,
            round=None if dry_run else await opened.values.begin(key, AUTHOR),
        )
        columns = [where.column] if mode is ImportMode.REMOVE else [where.column, where.value_column]
        for row in rows_of(where.path, columns, where.layout):
            readable = row.fault is None
            who = text_in(cell(row.cells, where.column)) if readable else ""
            await done.add(row.number, who, cell(row.cells, where.value_column) if readable else None)
        return await done.finish()


def _addressing(
    settings: Settings,
    opened: _Opened,
    keyring: Keyring,
    policy: IdentityPolicy,
    namespace: str | None,
    attribute: str | None,
) -> Addressing:
    if namespace is None:
        return ByAttribute(opened.graph, ColumnStore(opened.redis, keyring), policy, attribute or "")

    def spell(value: str) -> tuple[str, bool]:
        found = normalise(namespace, value, settings.phone_region, policy)
        return found.value, found.reason is None

    return ByIdentifier(keyring, namespace, spell)


@asynccontextmanager
async def _opened(settings: Settings, keyring: Keyring) -> AsyncIterator[_Opened]:
    graph = GraphClient.of(settings)
    redis = connect(settings.redis_url)
    try:
        live = LiveContext(keyring, ZoneInfo(settings.time_zone))
        yield _Opened(graph, redis, TagValues(graph, ChangePublisher(redis, graph), live))
    finally:
        await redis.aclose()
        await graph.close()


def _show(report: TagReport, dry_run: bool) -> None:
    console = Console(highlight=False)
    counts = {
        "would be found" if dry_run else "found": report.found,
        "unknown": report.unknown,
        "ambiguous": report.ambiguous,
        "malformed": report.malformed,
        "bad values": report.bad_values,
        "conflicts": report.conflicts,
        "duplicates": report.duplicates,
    }
    table = Table(*counts)
    table.add_row(*map(str, counts.values()))
    console.print(table)
    for one in report.faulty:
        console.print(f"  row {one.row}: {one.fault}")
    rest = report.unknown + report.ambiguous + report.malformed + report.bad_values + report.conflicts
    if rest > len(report.faulty):
        console.print(f"The first {len(report.faulty)} of them are shown.")
