"""One API for the folder; its stores are emptied between tests, as everywhere below tests/api."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from base.settings import Settings
from graph.client import GraphClient
from tests.support.api import Api, running_api


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def api(settings: Settings, graph: GraphClient) -> AsyncIterator[Api]:
    """A running API in local mode, on the suite's migrated stores."""
    async with running_api(settings) as running:
        yield running
