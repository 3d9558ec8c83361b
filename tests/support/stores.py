"""Starts, borrows and empties the servers that the suite runs against."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from redis.asyncio import Redis

from graph.client import GraphClient
from local.memory import SMALL
from local.services import LocalServices

# The directory is thrown away, so a server that is slow to stop is simply killed.
GRACE_S = 3.0
WIPE_STATEMENT = "MATCH (n) CALL (n) { DETACH DELETE n } IN TRANSACTIONS OF 5000 ROWS"


@dataclass(frozen=True, slots=True)
class Stores:
    """Where the servers are, as settings by name; `services` is None when they were borrowed."""

    settings: Mapping[str, str]
    services: LocalServices | None


def borrowed_stores() -> AbstractContextManager[Stores] | None:
    """Servers that a developer keeps running for short runs; None when none is named."""
    uri, url = os.environ.get("KITH_TEST_NEO4J_URI"), os.environ.get("KITH_TEST_REDIS_URL")
    if not uri or not url:
        return None
    return _borrowed(
        {
            "NEO4J_URI": uri,
            "NEO4J_USER": "neo4j",
            "NEO4J_PASSWORD": os.environ.get("KITH_TEST_NEO4J_PASSWORD", ""),
            "REDIS_URL": url,
        }
    )


@contextmanager
def _borrowed(settings: Mapping[str, str]) -> Iterator[Stores]:
    yield Stores(settings, None)


@contextmanager
def started_stores(folder: Path) -> Iterator[Stores]:
    """Servers of the suite's own, stopped at the end."""
    services = LocalServices(folder, {}, memory=SMALL, grace_s=GRACE_S)
    try:
        with services as values:
            named = {name: value for name, value in values.items() if not name.startswith("KITH_")}
            yield Stores(named, services)
    finally:
        # pytest keeps the directories of the last three runs, and each of these holds 200 MB.
        shutil.rmtree(folder, ignore_errors=True)


async def wipe(graph: GraphClient, redis: Redis) -> None:
    """Delete every node, relationship and key; constraints and indexes stay. 10 ms when there is little."""
    await graph.run_schema(WIPE_STATEMENT)
    await redis.flushdb()
