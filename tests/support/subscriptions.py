"""Subscriptions of any kind through the public API, over both transports."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, TypeAlias

from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from tests.support.api import Api

WITHIN_S = 10.0
# The payload of the next event: `data`, or `errors`.
Hear: TypeAlias = Callable[[], Awaitable[dict[str, Any]]]


@asynccontextmanager
async def by_events(api: Api, query: str, variables: Mapping[str, object]) -> AsyncIterator[Hear]:
    """A subscription over server-sent events."""
    request = {"query": query, "variables": variables}
    headers = {"accept": "text/event-stream"}
    async with api.http.stream("POST", "/graphql", json=request, headers=headers) as reply:
        lines = reply.aiter_lines()

        async def hear() -> dict[str, Any]:
            async with asyncio.timeout(WITHIN_S):
                async for line in lines:
                    if line.startswith("data:") and (text := line.removeprefix("data:").strip()):
                        payload: dict[str, Any] = json.loads(text)
                        return payload
            raise AssertionError("the stream ended")

        yield hear


@asynccontextmanager
async def by_socket(api: Api, query: str, variables: Mapping[str, object]) -> AsyncIterator[Hear]:
    """The same over graphql-transport-ws."""
    url = api.url.replace("http", "ws", 1) + "/graphql"
    async with connect(url, subprotocols=[Subprotocol("graphql-transport-ws")], proxy=None) as socket:
        init = {"type": "connection_init", "payload": {"authorization": f"Bearer {api.token}"}}
        await socket.send(json.dumps(init))
        assert json.loads(await socket.recv())["type"] == "connection_ack"
        payload = {"query": query, "variables": variables}
        await socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": payload}))

        async def hear() -> dict[str, Any]:
            async with asyncio.timeout(WITHIN_S):
                while (message := json.loads(await socket.recv()))["type"] == "ping":
                    await socket.send(json.dumps({"type": "pong"}))
            if message["type"] == "error":
                return {"errors": message["payload"]}
            assert message["type"] == "next", message
            heard: dict[str, Any] = message["payload"]
            return heard

        yield hear


async def subscribers(api: Api, count: int) -> None:
    """Wait until so many subscriptions are served: one that has begun misses nothing from then on."""
    async with asyncio.timeout(WITHIN_S):
        while f"kith_subscribers {count:.1f}\n" not in (await api.http.get("/metrics")).text:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
