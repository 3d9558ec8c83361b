"""`kith status`: is everything running, how far behind is it, how big is it, what went wrong last."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Mapping
from typing import cast

import msgspec
from redis.exceptions import RedisError
from rich.console import Console
from rich.table import Table

from base import logs
from base.clock import iso, now_ms
from base.errors import Unavailable
from base.keys import Keyring
from base.settings import RUNTIME_FILE, Settings, load_settings
from base.valkey import CHANGES_STREAM, HEARTBEATS_HASH, connect
from cli.projection import line_of
from graph.client import GraphClient
from graph.repositories import system
from ingest.stream import Backlog, IngestStream
from workers.projection.state import ProjectionState
from workers.projection.state import find as find_projection

# Roles beat every few seconds; one that was silent for this long hangs, or is gone without a word.
SILENT_MS = 30_000


class Heartbeat(msgspec.Struct, frozen=True):
    """What a role says of itself in `HEARTBEATS_HASH`; fields of later versions are ignored."""

    role: str
    pid: int
    started_ms: int
    beat_ms: int
    last_error: str | None = None


class Status(msgspec.Struct, frozen=True):
    """Everything that `show` prints; `changes` is the number of changes that subscribers can still read."""

    heartbeats: list[Heartbeat]
    backlog: Backlog
    changes: int
    sizes: Mapping[str, int]
    unready: list[system.UnreadySegment]
    columns: ProjectionState | None


def show_status() -> None:
    """Print the status of the service that the settings name.

    Raises:
        Unavailable: Neo4j or Redis cannot be reached.
    """
    settings = load_settings()
    named = os.environ.get("NEO4J_URI") and os.environ.get("REDIS_URL")
    if not named and not (settings.data_dir / RUNTIME_FILE).is_file():
        raise Unavailable(f"Kith is not running on {settings.data_dir.resolve()}.", hint="Start it with `make run`.")
    logs.configure("ERROR", "cli")
    show(asyncio.run(read_status(settings)), Console(highlight=False, soft_wrap=True))


async def read_status(settings: Settings) -> Status:
    """Ask Redis and Neo4j; a few small reads each."""
    graph = GraphClient.of(settings)
    redis = connect(settings.redis_url)
    try:
        beats = await cast("Awaitable[dict[bytes, bytes]]", redis.hgetall(HEARTBEATS_HASH))
        return Status(
            heartbeats=[msgspec.json.decode(beat, type=Heartbeat) for beat in beats.values()],
            backlog=await IngestStream(redis, Keyring(settings.secret_key)).backlog(),
            changes=await redis.xlen(CHANGES_STREAM),
            sizes=await system.count_sizes(graph),
            unready=await system.list_unready_segments(graph),
            columns=await find_projection(redis),
        )
    except (RedisError, OSError) as fault:
        raise Unavailable("Redis cannot be reached.", hint="`kith doctor` tells more.") from fault
    finally:
        await redis.aclose()
        await graph.close()


def show(status: Status, console: Console) -> None:
    """Print it as three tables and the errors."""
    console.print(_roles(status.heartbeats))
    console.print(
        f"\nwaiting to be applied  {status.backlog.entries_count:,} requests, "
        f"the oldest for {status.backlog.lag_ms / 1000:.1f} s"
    )
    console.print(f"changes to read        {status.changes:,}")
    console.print(f"columnar store         {'nobody owns it' if status.columns is None else line_of(status.columns)}\n")
    console.print(_sizes(status.sizes))
    if status.unready:
        console.print(_unready(status.unready))


def _roles(heartbeats: list[Heartbeat]) -> Table:
    table = Table(box=None, title="Roles", title_justify="left")
    for heading in ("role", "pid", "since", "state", "last error"):
        table.add_column(heading)
    now = now_ms()
    for beat in sorted(heartbeats, key=lambda one: (one.role, one.pid)):
        silent_ms = now - beat.beat_ms
        state = "up" if silent_ms < SILENT_MS else f"silent for {silent_ms // 1000} s"
        table.add_row(beat.role, str(beat.pid), iso(beat.started_ms), state, beat.last_error or "-")
    if not heartbeats:
        table.add_row("none has reported", "", "", "", "")
    return table


def _sizes(sizes: Mapping[str, int]) -> Table:
    table = Table(box=None, title="Graph", title_justify="left", show_header=False)
    table.add_column()
    table.add_column(justify="right")
    for label, count in sizes.items():
        table.add_row(label, f"{count:,}")
    return table


def _unready(segments: list[system.UnreadySegment]) -> Table:
    table = Table(box=None, title="\nSegments that are not live", title_justify="left")
    for heading in ("segment", "status", "progress", "last error"):
        table.add_column(heading)
    for one in segments:
        progress = "-" if one.progress is None else f"{one.progress:.0%}"
        table.add_row(one.key, one.status, progress, one.last_error or "-")
    return table
