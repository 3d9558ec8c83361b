"""The tracking API for tests: in this process by ASGI, or as a real server on loopback."""

from __future__ import annotations

import asyncio
import socket
from base64 import b64encode
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from threading import Event, Thread

import httpx
import uvicorn
from redis.asyncio import Redis
from starlette.applications import Starlette

from base.keys import Keyring
from base.settings import Settings
from base.valkey import INGEST_STREAM, connect
from ingest.calls import Call, decode_calls
from ingest.gateway import routes, write_keys
from ingest.stream import Entry, IngestStream

START_TIMEOUT_S = 10.0


def basic(key: str) -> dict[str, str]:
    """The header in which SDKs send a write key."""
    return {"authorization": "Basic " + b64encode(f"{key}:".encode()).decode()}


@asynccontextmanager
async def api(stream: IngestStream, settings: Settings, **headers: str) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the API, without a server between."""
    transport = httpx.ASGITransport(app=Starlette(routes=routes(stream, settings, write_keys(settings))))
    async with httpx.AsyncClient(transport=transport, base_url="http://api", headers=headers) as client:
        yield client


@contextmanager
def serving(settings: Settings, keyring: Keyring) -> Iterator[str]:
    """A real server in a thread with its own event loop and connection; yields its address."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        server = _Server(settings, keyring, listener)
        thread = Thread(target=lambda: asyncio.run(server.run()))
        thread.start()
        try:
            assert server.started.wait(START_TIMEOUT_S)
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.stop()
            thread.join(START_TIMEOUT_S)


class _Server:
    def __init__(self, settings: Settings, keyring: Keyring, listener: socket.socket):
        self._settings = settings
        self._keyring = keyring
        self._listener = listener
        self._uvicorn: uvicorn.Server | None = None
        self.started = Event()

    async def run(self) -> None:
        redis = connect(self._settings.redis_url)
        app = Starlette(routes=routes(IngestStream(redis, self._keyring), self._settings, write_keys(self._settings)))
        self._uvicorn = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off"))
        # The socket listens before the server accepts, so a client may come at once.
        self._listener.listen()
        self.started.set()
        await self._uvicorn.serve(sockets=[self._listener])
        await redis.aclose()

    def stop(self) -> None:
        if self._uvicorn is not None:
            self._uvicorn.should_exit = True


async def drain(stream: IngestStream, consumer: str = "test") -> list[Entry]:
    """Every entry that waits, acknowledged."""
    entries: list[Entry] = []
    while found := await stream.read(consumer, 1_000, 0):
        entries += found
        await stream.ack([entry.id for entry in found])
    return entries


def calls_of(entries: list[Entry]) -> list[Call]:
    """The calls of entries, none rejected."""
    calls: list[Call] = []
    for entry in entries:
        decoded = decode_calls(entry.body, entry.kind, entry.received_at_ms, entry.source, entry.id)
        assert not decoded.rejected
        calls += decoded.calls
    return calls


async def length(redis: Redis) -> int:
    """How many entries are in the stream."""
    return int(await redis.xlen(INGEST_STREAM))
