"""`kith audit`: is the operation log what was written, and the log as a file."""

from __future__ import annotations

import asyncio
import csv
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from enum import StrEnum
from typing import Annotated, NamedTuple

import msgspec
import typer
from redis.asyncio import Redis
from redis.exceptions import RedisError
from rich.console import Console

from audit.entry import Entry, Stored
from audit.export import read_range
from audit.verify import Report, Verifier
from base import logs
from base.clock import iso, parse_iso_ms
from base.errors import BadInput, Unavailable
from base.keys import Keyring
from base.settings import Settings, load_settings
from base.valkey import connect
from cli.exits import EXIT_FAULT
from cli.recorded import command_entry, run_recorded
from graph.client import GraphClient

app = typer.Typer(help="The operation log: who did what.", no_args_is_help=True)

COLUMNS = ("number", "at", *(name for name in Entry.__struct_fields__ if name != "at_ms"), "hash")
# Spreadsheets take what begins so for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class Format(StrEnum):
    """How entries are written."""

    CSV = "csv"
    JSONL = "jsonl"


class _Opened(NamedTuple):
    graph: GraphClient
    redis: Redis
    keyring: Keyring


Expected = Annotated[
    list[str] | None, typer.Option("--expect", help="A mark that an earlier run printed: number:hash.")
]


@app.command()
def verify(expect: Expected = None) -> None:
    """Read the whole chain and say where it is not what was written. Ends with 1 when something is wrong."""
    logs.configure("ERROR", "cli")
    marks = dict(_mark(one) for one in expect or ())
    report = asyncio.run(_verify(load_settings(), marks, Console(stderr=True, highlight=False)))
    show(report, Console(highlight=False, soft_wrap=True))
    if report.fault is not None:
        raise typer.Exit(EXIT_FAULT)


@app.command()
def export(
    since: Annotated[str | None, typer.Option("--from", help="ISO 8601; without a zone it is UTC.")] = None,
    until: Annotated[str | None, typer.Option("--to", help="Likewise, excluded.")] = None,
    how: Annotated[Format, typer.Option("--format", case_sensitive=False)] = Format.JSONL,
) -> None:
    """Write the entries of a time to standard output, oldest first."""
    logs.configure("ERROR", "cli")
    from_ms, to_ms = _instant(since, "--from"), _instant(until, "--to")
    settings = load_settings()
    write = _csv_writer() if how is Format.CSV else _write_json

    async def work() -> None:
        async with _opened(settings) as opened:
            async for one in read_range(opened.graph, opened.keyring, from_ms, to_ms):
                write(one)

    run_recorded(settings, command_entry("audit", "audit export"), work)


def show(report: Report, console: Console) -> None:
    """Print a report."""
    for seq, remark in report.remarks.items():
        console.print(f"entry {seq}: the writer found something wrong before it: {remark}")
    if not report.marked:
        console.print("Valkey has no record of the end: whether it was cut together with the head cannot be said.")
    if report.fault is not None:
        console.print(f"entry {report.fault.seq}: {report.fault.text}")
        return
    console.print(f"{report.entries:,} entries verified, the last is {report.head.seq}:{report.head.hash.hex()}")


async def _verify(settings: Settings, marks: Mapping[int, bytes], progress: Console) -> Report:
    shown = 0

    def tell(done: float) -> None:
        nonlocal shown
        if int(10 * done) > shown:
            shown = int(10 * done)
            progress.print(f"{10 * shown} % verified")

    async with _opened(settings) as opened:
        try:
            return await Verifier(opened.graph, opened.redis, opened.keyring).run(marks, tell)
        except (RedisError, OSError) as fault:
            raise Unavailable("Redis cannot be reached.", hint="`kith doctor` tells more.") from fault


@asynccontextmanager
async def _opened(settings: Settings) -> AsyncIterator[_Opened]:
    graph, redis = GraphClient.of(settings), connect(settings.redis_url)
    try:
        yield _Opened(graph, redis, Keyring(settings.secret_key))
    finally:
        await redis.aclose()
        await graph.close()


def _mark(text: str) -> tuple[int, bytes]:
    number, _, hash_ = text.partition(":")
    try:
        return int(number), bytes.fromhex(hash_)
    except ValueError:
        raise BadInput("A mark is number:hash.", hint="As `kith audit verify` prints it.") from None


def _instant(text: str | None, option: str) -> int | None:
    if text is None:
        return None
    try:
        return parse_iso_ms(text)
    except ValueError:
        raise BadInput(f"{option} is no time.", hint="For example 2026-07-01 or 2026-07-01T08:30:00Z.") from None


def _write_json(one: Stored) -> None:
    body = {"number": one.seq, "at": iso(one.entry.at_ms), **msgspec.structs.asdict(one.entry), "hash": one.hash}
    del body["at_ms"]
    sys.stdout.write(msgspec.json.encode(body).decode() + "\n")


def _csv_writer() -> Callable[[Stored], None]:
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(COLUMNS)

    def write(one: Stored) -> None:
        told = msgspec.structs.asdict(one.entry)
        cells = [_cell(told[name]) for name in Entry.__struct_fields__ if name != "at_ms"]
        writer.writerow([one.seq, iso(one.entry.at_ms), *cells, one.hash])

    return write


def _cell(value: object) -> str:
    if isinstance(value, tuple):
        return " ".join(map(str, value))
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text
