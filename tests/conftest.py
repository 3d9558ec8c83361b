"""Real Neo4j and Valkey for the suite: started once, small, on free ports, in a directory that goes away."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from redis.asyncio import Redis

from base.keys import Keyring
from base.settings import Settings
from base.valkey import connect
from graph.client import GraphClient
from graph.migrate import migrate
from tests.support.clickhouse_server import ClickHouseServer, clickhouse_server
from tests.support.stores import Stores, borrowed_stores, started_stores, wipe

# A suite must not depend on the shell that it was started from, nor touch the servers that the shell names.
for _name in list(os.environ):
    if _name.startswith(("NEO4J_", "REDIS_", "KITH_")) and not _name.startswith("KITH_TEST_"):
        del os.environ[_name]


@pytest.fixture(scope="session")
def stores(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stores]:
    """Both servers: the suite's own, or the ones that `KITH_TEST_NEO4J_URI` and `KITH_TEST_REDIS_URL` name.

    A named server is wiped too: name none whose data you need.
    """
    with borrowed_stores() or started_stores(tmp_path_factory.mktemp("stores")) as found:
        yield found


@pytest.fixture(scope="session")
def neo4j(stores: Stores) -> Stores:
    """A running Neo4j: `neo4j.settings["NEO4J_URI"]`, `…USER`, `…PASSWORD`."""
    return stores


@pytest.fixture(scope="session")
def valkey(stores: Stores) -> str:
    """The address of a running Valkey, password included."""
    return stores.settings["REDIS_URL"]


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def clickhouse(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ClickHouseServer]:
    """A ClickHouse server; each place in it that is opened and begun has an empty store of its own."""
    async with clickhouse_server(tmp_path_factory.mktemp("clickhouse")) as server:
        yield server


@pytest.fixture(scope="session")
def settings(stores: Stores, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings as a local deployment has them, with fixed keys, pointing at the suite's servers."""
    values = {
        "KITH_DATA_DIR": str(tmp_path_factory.mktemp("data")),
        "KITH_WRITE_KEY": "test-write-key",
        "KITH_ADMIN_TOKEN": "test-admin-token",
        "KITH_SECRET_KEY": "0f" * 32,
        "KITH_MODE": "local",
        **stores.settings,
    }
    return Settings.model_validate(values)


@pytest.fixture(scope="session")
def keyring(settings: Settings) -> Keyring:
    """The keys of the test deployment."""
    return Keyring(settings.secret_key)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def graph(settings: Settings) -> AsyncIterator[GraphClient]:
    """A client of the migrated test graph."""
    client = GraphClient.of(settings)
    await migrate(client)
    yield client
    await client.close()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def redis(settings: Settings) -> AsyncIterator[Redis]:
    """A client of the test Valkey; bytes in, bytes out."""
    client = connect(settings.redis_url)
    yield client
    await client.aclose()


@pytest_asyncio.fixture(loop_scope="session")
async def clean_stores(graph: GraphClient, redis: Redis) -> None:
    """Both stores empty, the graph's schema kept. Automatic below the folders named in `NEEDS_CLEAN_STORES`."""
    await wipe(graph, redis)


NEEDS_CLEAN_STORES = (Path("graph"), Path("workers"), Path("api"), Path("attacks"), Path("property/graph"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give the tests of those folders `clean_stores`: a conftest in each would say the same three times."""
    here = Path(__file__).parent
    for item in items:
        inside = any(item.path.is_relative_to(here / folder) for folder in NEEDS_CLEAN_STORES)
        if inside and isinstance(item, pytest.Function):
            item.fixturenames.insert(0, "clean_stores")
