"""One whole service for this folder, as `kith run` starts it. Tests keep apart by names: nothing is wiped."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from tests.support.client import Client
from tests.support.service import Service, Stores, running, stores_of


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """All of it, ready."""
    with running(Service(tmp_path_factory.mktemp("service") / "data")) as started:
        yield started


@pytest_asyncio.fixture(loop_scope="session")
async def behind(service: Service) -> AsyncIterator[Stores]:
    """Connections to the service's servers."""
    async with stores_of(service) as stores:
        yield stores


@pytest_asyncio.fixture(loop_scope="session")
async def client(service: Service) -> AsyncIterator[Client]:
    """A client of the service."""
    settings = service.settings
    async with Client(service.url, settings.write_key, settings.admin_token) as opened:
        yield opened
