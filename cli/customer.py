"""`kith customer`: everything about one person as a file, and the proof that nothing is left of one."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, NamedTuple

import msgspec
import typer
from rich.console import Console

from audit.log import AuditLog
from base import logs
from base.clock import iso
from base.errors import BadInput, NotFound
from base.keys import Keyring
from base.settings import Settings, load_settings
from base.valkey import connect
from cli.exits import EXIT_FAULT
from cli.recorded import user
from graph.client import GraphClient
from graph.repositories.registry import RegistryRepository
from resolvers.identity.erasure import ErasureReport, report
from resolvers.subject.access import Form, entry_of, open_access
from resolvers.subject.reading import SubjectReader

app = typer.Typer(help="One customer: what somebody may ask for who asks about themselves.", no_args_is_help=True)


class _Opened(NamedTuple):
    graph: GraphClient
    keyring: Keyring
    log: AuditLog


@app.callback()
def _group() -> None:
    """Commands below `kith customer`."""


@app.command()
def export(
    customer: Annotated[str, typer.Argument(help="The id, a retired one too.")],
    purpose: Annotated[str, typer.Option(help="What it is for; it stands in the operation log.")],
    form: Annotated[Form, typer.Option("--format", case_sensitive=False)] = Form.JSON,
    out: Annotated[Path | None, typer.Option(help="The file; else `<id>.<format>` here.")] = None,
) -> None:
    """Write everything about one person to a file, all of it in clear, readable for its owner alone."""
    logs.configure("ERROR", "cli")
    if not purpose.strip():
        raise BadInput("A purpose is needed.", hint='For example --purpose "she asked for her data on 3 May".')
    path = asyncio.run(_export(load_settings(), customer, purpose.strip(), form, out))
    Console(stderr=True, highlight=False, soft_wrap=True).print(f"written to {path}", markup=False)


@app.command("erasure")
def show_erasure(decision: Annotated[str, typer.Argument(help="The id that eraseCustomer gave.")]) -> None:
    """Print the report of an erasure as JSON: what was removed where. Ends with 1 while a place is open."""
    logs.configure("ERROR", "cli")
    settings = load_settings()
    found = asyncio.run(_report(settings, decision))
    if found is None:
        raise NotFound(
            "There is no erasure of this id.", hint="`eraseCustomer` gives it, and the operation log has it."
        )
    told = {
        "decision": found.decision_id,
        "customers": found.customer_ids,
        "requestedAt": iso(found.requested_at_ms),
        "author": found.author,
        "reason": found.reason,
        "state": found.state,
        "doneAt": _time(found.done_at_ms),
        "places": [
            {"place": one.place, "removed": one.removed, "doneAt": _time(one.done_at_ms)} for one in found.places
        ],
        "idsToldUntil": iso(found.ids_told_until_ms),
    }
    typer.echo(msgspec.json.format(msgspec.json.encode(told), indent=2).decode())
    if any(one.done_at_ms is None for one in found.places):
        raise typer.Exit(EXIT_FAULT)


async def _report(settings: Settings, decision: str) -> ErasureReport | None:
    graph = GraphClient.of(settings)
    try:
        return await report(graph, decision, settings.change_retention_days)
    finally:
        await graph.close()


def _time(at_ms: int | None) -> str | None:
    return None if at_ms is None else iso(at_ms)


async def _export(settings: Settings, customer: str, purpose: str, form: Form, out: Path | None) -> Path:
    async with _opened(settings) as (graph, keyring, log):
        reader = SubjectReader(graph, keyring, settings.phone_region)
        opened = await open_access(reader, RegistryRepository(graph), customer, form)
        await log.write(entry_of(opened, user(), purpose))
        path = out or Path(opened.filename)
        await _write(path, opened.pieces())
        return path


async def _write(path: Path, pieces: AsyncIterator[bytes]) -> None:
    """A whole file or none: what was begun and not ended has another name, and goes."""
    begun = path.with_name(path.name + ".part")
    begun.unlink(missing_ok=True)
    try:
        with os.fdopen(os.open(begun, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            async for piece in pieces:
                file.write(piece)
        begun.replace(path)
    finally:
        begun.unlink(missing_ok=True)


@asynccontextmanager
async def _opened(settings: Settings) -> AsyncIterator[_Opened]:
    graph, redis = GraphClient.of(settings), connect(settings.redis_url)
    try:
        keyring = Keyring(settings.secret_key)
        yield _Opened(graph, keyring, AuditLog(graph, redis, keyring))
    finally:
        await redis.aclose()
        await graph.close()
