"""An API for each file; its stores are emptied between tests, as everywhere below tests/api."""

from __future__ import annotations

from collections.abc import AsyncIterator
from itertools import count

import pytest_asyncio

from base.settings import Settings
from graph.client import GraphClient, Transaction
from graph.queries import parse
from tests.support.api import Api, running_api


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def api(settings: Settings, graph: GraphClient) -> AsyncIterator[Api]:
    """A running API in local mode, on the suite's migrated stores."""
    async with running_api(settings) as running:
        yield running


SET_CATALOGUE = parse(
    "tests/set_catalogue",
    """
// Purpose: Another value for the counter of segment definitions.
// Mode: WRITE
// Param: value INTEGER
MERGE (n:Counter {name: 'catalogue'}) SET n.value = $value
""",
)
_catalogues = count(1_000, 1_000)


@pytest_asyncio.fixture(autouse=True, loop_scope="session")
async def other_catalogue(clean_stores: None, graph: GraphClient) -> None:
    """Emptying the stores sets the counter back, which cannot happen to a deployment; the API would see no change."""

    async def work(tx: Transaction) -> None:
        await tx.run(SET_CATALOGUE, value=next(_catalogues))

    await graph.write("tests/set_catalogue", work)
