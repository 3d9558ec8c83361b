"""A store on each engine, empty before every test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from analytics.engines.clickhouse.place import ClickHousePlace
from analytics.engines.local import FileStore
from analytics.engines.port import Store
from analytics.store.file import ColumnFile


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
