"""The log on the suite's servers."""

from __future__ import annotations

import pytest
from redis.asyncio import Redis

from base.keys import Keyring
from graph.client import GraphClient
from tests.support.audit import Audit


@pytest.fixture
def audit(graph: GraphClient, redis: Redis, keyring: Keyring) -> Audit:
    return Audit(graph, redis, keyring)
