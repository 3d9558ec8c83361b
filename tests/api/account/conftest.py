"""Somebody who has signed in, against a real Neo4j and Valkey."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from base.keys import Keyring
from base.settings import Settings
from graph.client import GraphClient
from tests.support.api import Api, running_api
from tests.support.users import Person, hash_cheaply, make_user


@pytest.fixture(autouse=True)
def _cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    hash_cheaply(monkeypatch)


@pytest_asyncio.fixture(loop_scope="session")
async def api(settings: Settings, clean_stores: None) -> AsyncIterator[Api]:
    async with running_api(settings) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="session")
async def person(api: Api, graph: GraphClient, keyring: Keyring) -> Person:
    """Somebody who has signed in and chosen a password; operator."""
    made = await make_user(graph, keyring)
    someone = Person(api.http)
    await someone.settle(made.first_password)
    return someone
