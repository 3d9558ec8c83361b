"""Processes before, in and after a rotation."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from redis.asyncio import Redis

from base.keys import Keyring
from base.settings import Settings
from graph.client import GraphClient
from tests.support.line import Line
from tests.support.turning import RING, client_of


@pytest.fixture
def old(graph: GraphClient, redis: Redis, keyring: Keyring) -> Line:
    """An ingest worker before the rotation."""
    return Line.of(graph, redis, keyring)


@pytest_asyncio.fixture(loop_scope="session")
async def turning(settings: Settings) -> AsyncIterator[GraphClient]:
    """The graph as processes with both versions see it."""
    client = client_of(settings, RING)
    yield client
    await client.close()


@pytest.fixture
def new(turning: GraphClient, redis: Redis) -> Line:
    """An ingest worker that has both versions."""
    return Line.of(turning, redis, Keyring(RING))
