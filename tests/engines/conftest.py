"""A store on each engine, empty before every test."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from analytics.engines.clickhouse.place import ClickHousePlace
from analytics.engines.local import FileStore
from analytics.engines.port import Store
from analytics.store.file import ColumnFile
from tests.support.clickhouse_server import ClickHouseServer, clickhouse_server


@pytest.fixture(scope="session")
async def clickhouse(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ClickHouseServer]:
    """A server; each test that opens a place in it begins an empty store of its own."""
    async with clickhouse_server(tmp_path_factory.mktemp("clickhouse")) as server:
        yield server


@pytest.fixture(params=["DuckDB", "ClickHouse"])
def store(request: pytest.FixtureRequest) -> Iterator[Store]:
    if request.param == "DuckDB":
        made: Store = FileStore(ColumnFile())
    else:
        place = ClickHousePlace.of(request.getfixturevalue("clickhouse").url)
        place.open()
        made = place.begin()
    yield made
    made.close()
