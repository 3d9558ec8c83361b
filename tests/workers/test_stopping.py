"""A loop that lives on Redis ends when it is cancelled, at whatever instant."""

from __future__ import annotations

import asyncio

import pytest
from redis.asyncio import Redis
from redis.asyncio.client import Pipeline
from redis.exceptions import TimeoutError as RedisTimeout

from base.valkey import connect
from workers.queue import _arq_client

# A command takes some ten turns of the event loop, and the pause after it the rest.
TURNS = 40


async def test_no_cancellation_is_lost(redis: Redis) -> None:
    async def forever() -> None:
        while True:
            await redis.ping()
            await asyncio.sleep(0.01)

    for turns in range(TURNS):
        loop = asyncio.create_task(forever())
        for _ in range(turns):
            await asyncio.sleep(0)
        loop.cancel()
        await asyncio.wait([loop], timeout=1)
        assert loop.done(), f"cancelled after {turns} turns of the event loop, and went on"
    assert await redis.ping()


async def test_a_queue_gives_its_connection_back_when_it_is_stopped(redis: Redis) -> None:
    for turns in range(TURNS):
        pipeline = _arq_client(redis).pipeline()

        async def watch(pipeline: Pipeline = pipeline) -> None:
            async with pipeline:
                await pipeline.watch("k")

        watching = asyncio.create_task(watch())
        for _ in range(turns):
            await asyncio.sleep(0)
        watching.cancel()
        await asyncio.wait([watching])
        assert pipeline.connection is None, f"cancelled after {turns} turns of the event loop"
    assert await redis.ping()


@pytest.mark.parametrize("scheme", ["redis", "rediss", "unix"])
def test_every_kind_of_address_hears_a_cancellation(scheme: str) -> None:
    assert connect(f"{scheme}://nowhere").connection_pool.connection_class.__module__ == "base.valkey"


async def test_a_command_that_cannot_be_sent_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    reading = asyncio.Event()

    async def deaf(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reading.wait()
        writer.close()

    server = await asyncio.start_server(deaf, "127.0.0.1", 0)
    monkeypatch.setattr("base.valkey.SOCKET_TIMEOUT_S", 0.2)
    client = connect(f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}")
    try:
        with pytest.raises(RedisTimeout, match="writing"):
            await client.set("k", bytes(64_000_000))
    finally:
        await client.aclose()
        reading.set()
        server.close()
        await server.wait_closed()
