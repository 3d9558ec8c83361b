"""What commands change stands in the operation log, under the name that the operating system knows their user by."""

from __future__ import annotations

import asyncio
import getpass
import os
from collections.abc import Awaitable, Callable
from typing import TypeVar

import typer

from audit.entry import Actor, Entry, named
from audit.log import LONGEST_COMMAND_MS, AuditLog
from base.clock import now_ms
from base.keys import Keyring
from base.settings import Settings
from base.valkey import connect
from graph.client import GraphClient

T = TypeVar("T")


def user() -> Actor:
    """Who runs this command."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):
        # A container may run as a number that has no name.
        name = f"uid {os.getuid()}"
    return Actor("cli", name)


def command_entry(module: str, action: str, about: object = None, *, dry_run: bool = False) -> Entry:
    """The entry of a command that begins now."""
    actor = user()
    return Entry(
        at_ms=now_ms(),
        module=module,
        action=action,
        user=actor.id,
        user_name=actor.name,
        object=named(about),
        dry_run=dry_run,
    )


def run_recorded(settings: Settings, entry: Entry, work: Callable[[], Awaitable[T]]) -> T:
    """Run a command, noted in the log before and after.

    Raises:
        Unavailable: it cannot be noted; nothing was done.
    """

    async def run() -> T:
        graph, redis = GraphClient.of(settings), connect(settings.redis_url)
        try:
            log = AuditLog(graph, redis, Keyring(settings.secret_key))
            async with log.change(entry, LONGEST_COMMAND_MS):
                try:
                    return await work()
                except typer.Exit as end:
                    # It was done, and something of it is to be looked at.
                    ended = end
            raise ended
        finally:
            await redis.aclose()
            await graph.close()

    return asyncio.run(run())
