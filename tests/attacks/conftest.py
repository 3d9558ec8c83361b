"""The API as it stands in production, and who tries what on it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest_asyncio

from base.settings import Settings
from graph.client import GraphClient
from tests.support.api import Api, running_api

SHOP = "https://shop.example"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def api(settings: Settings, graph: GraphClient) -> AsyncIterator[Api]:
    """A running API in production mode, which pages of one shop may use."""
    async with running_api(settings, mode="production", allowed_origins=SHOP) as running:
        yield running


@pytest_asyncio.fixture
async def stranger(api: Api) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody without any token."""
    async with httpx.AsyncClient(base_url=api.url, timeout=10) as http:
        yield http
