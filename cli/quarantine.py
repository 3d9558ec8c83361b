"""`kith quarantine`: calls that could not be applied, why, and another try."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Annotated, TypeVar

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from audit.entry import Entry
from base.clock import iso
from base.keys import Keyring
from base.settings import load_settings
from base.valkey import connect
from cli.recorded import command_entry, run_recorded
from graph.client import GraphClient
from graph.repositories.quarantine import QuarantinedCall, QuarantineRepository
from ingest.masking import mask_body, plain_body
from ingest.quarantine import Outcome, Quarantine, Try
from ingest.stream import IngestStream

PAGE_ROWS = 500
# An idle worker applies a call within a tenth of a second; a busy one says WAITING, and nothing is lost.
WAIT_S = 15.0

T = TypeVar("T")

app = typer.Typer(help="Calls that could not be applied: why, and another try.", no_args_is_help=True)

Reason = Annotated[str | None, typer.Option(help="Only calls put aside for this reason.")]


@app.command("list")
def list_rows(
    reason: Reason = None, limit: Annotated[int, typer.Option(min=1, help="At most so many calls.")] = 50
) -> None:
    """List calls that were put aside, newest first, and how many there are by reason."""

    async def work(quarantine: Quarantine) -> None:
        await quarantine.settle(await quarantine.rows.list_replayed(PAGE_ROWS))
        counts = await quarantine.rows.count_reasons()
        console = Console()
        if not counts:
            console.print("The quarantine is empty.")
            return
        console.print(_table(await _rows(quarantine, reason, limit)))
        console.print(", ".join(f"{count} {name}" for name, count in counts.items()), highlight=False)

    _run(work)


@app.command()
def show(
    ids: Annotated[list[str], typer.Argument(help="Ids as `list` shows them.")],
    reveal: Annotated[bool, typer.Option("--reveal", help="Show personal values in plain text.")] = False,
) -> None:
    """Show calls with what they hold; personal values are masked."""

    async def work(quarantine: Quarantine) -> None:
        console = Console(highlight=False, soft_wrap=True)
        found = await quarantine.get_many(ids)
        for id in ids:
            if id not in found:
                console.print(f"{escape(id)}: no such call in the quarantine")
                continue
            row, body = found[id]
            console.print(_table([row]))
            console.print(escape(row.detail))
            if body is None:
                console.print("The call cannot be opened: it is damaged, or was sealed with another KITH_SECRET_KEY.")
            else:
                console.print(plain_body(body) if reveal else mask_body(body), markup=False)
        if not all(one in found for one in ids):
            raise typer.Exit(1)

    _run(work, command_entry("ingest", "quarantine show --reveal", _told(ids)) if reveal else None)


@app.command()
def replay(
    ids: Annotated[list[str] | None, typer.Argument(help="Ids as `list` shows them.")] = None,
    all_rows: Annotated[bool, typer.Option("--all", help="Every call, or every one with --reason.")] = False,
    reason: Reason = None,
) -> None:
    """Send calls again under their own message ids; those that are applied leave the quarantine."""
    if bool(ids) == all_rows:
        raise typer.BadParameter("name ids, or --all")

    async def work(quarantine: Quarantine) -> None:
        chosen = [row.id for row in await _rows(quarantine, reason, None)] if all_rows else list(ids or ())
        sent = [await quarantine.replay(id) for id in chosen]
        waiting = [one.id for one in sent if one.outcome is Outcome.WAITING]
        settled = {one.id: one for one in await quarantine.wait(waiting, WAIT_S)}
        if not _report([settled.get(one.id, one) for one in sent]):
            raise typer.Exit(1)

    what = _told(ids) if ids else reason
    _run(work, command_entry("ingest", "quarantine replay", what))


def _told(ids: Sequence[str]) -> str:
    """Some ids, as a log names them."""
    return f"{ids[0]} and {len(ids) - 1} more" if len(ids) > 1 else ids[0]


def _report(tries: Sequence[Try]) -> bool:
    """Print what became of each; whether all were applied."""
    console = Console(highlight=False)
    for one in tries:
        console.print(f"{escape(one.id)}  {one.outcome.value}" + (f"  {escape(one.reason)}" if one.reason else ""))
    if any(one.outcome is Outcome.WAITING for one in tries):
        console.print("What is WAITING is in the ingest stream; `kith quarantine list` looks again.")
    return all(one.outcome is Outcome.APPLIED for one in tries)


async def _rows(quarantine: Quarantine, reason: str | None, limit: int | None) -> list[QuarantinedCall]:
    rows: list[QuarantinedCall] = []
    while limit is None or len(rows) < limit:
        count = PAGE_ROWS if limit is None else min(PAGE_ROWS, limit - len(rows))
        page = await quarantine.rows.list_page(count, reason, rows[-1] if rows else None)
        rows += page
        if len(page) < count:
            break
    return rows


def _table(rows: Sequence[QuarantinedCall]) -> Table:
    table = Table()
    # An id that is wrapped or cut cannot be copied.
    table.add_column("id", no_wrap=True)
    for header in ("received", "source", "kind", "reason", "message id", "times", "sent again"):
        table.add_column(header)
    for row in rows:
        table.add_row(
            row.id,
            iso(row.at_ms),
            escape(row.source),
            row.kind,
            row.reason,
            escape(row.message_id),
            str(row.times),
            iso(row.replayed_at_ms) if row.replayed_at_ms is not None else "",
        )
    return table


def _run(work: Callable[[Quarantine], Awaitable[T]], entry: Entry | None = None) -> T:
    """Do something with the quarantine; with an entry, it stands in the operation log."""

    async def main() -> T:
        async with _opened() as quarantine:
            return await work(quarantine)

    return asyncio.run(main()) if entry is None else run_recorded(load_settings(), entry, main)


@asynccontextmanager
async def _opened() -> AsyncIterator[Quarantine]:
    settings = load_settings()
    keyring = Keyring(settings.secret_key)
    graph = GraphClient.of(settings)
    redis = connect(settings.redis_url)
    try:
        stream = IngestStream(redis, keyring)
        yield Quarantine(QuarantineRepository(graph), stream, keyring, settings.phone_region)
    finally:
        await redis.aclose()
        await graph.close()
