"""A stream object of its own for each test: what it remembers of the server must not outlive a wipe."""

from __future__ import annotations

import pytest
from redis.asyncio import Redis

from base.keys import Keyring
from ingest.stream import IngestStream


@pytest.fixture
def stream(redis: Redis, keyring: Keyring) -> IngestStream:
    """The ingest stream on the test Valkey."""
    return IngestStream(redis, keyring)
