"""What measurements ask of a service: GraphQL, segments, subscriptions, and how much has been applied."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from bench.load import post
from bench.service import BenchService

CREATE_SEGMENT = """mutation ($input: CreateSegmentInput!) {
  createSegment(input: $input) { __typename ... on ValidationError { problems { message field } } }
}"""
CREATE_TAG = """mutation ($input: CreateTagInput!) {
  createTag(input: $input) { __typename ... on ValidationError { problems { message field } } }
}"""
UPDATES = """subscription ($segments: [String!]) {
  segmentUpdates(segments: $segments) { kind customerId occurredAt publishedAt cause { eventId } segment { key } }
}"""


class Client:
    """Asks one service."""

    def __init__(self, service: BenchService):
        self.service = service

    def track_request(self, path: str, body: bytes) -> bytes:
        """A request of the tracking API."""
        key = base64.b64encode(f"{self.service.write_key}:".encode()).decode()
        return post(self.service.host, path, body, {"Authorization": f"Basic {key}"})

    def graphql_request(self, query: str, variables: Mapping[str, object], port_host: str = "") -> bytes:
        """A GraphQL request."""
        body = json.dumps({"query": query, "variables": variables}).encode()
        headers = {"Authorization": f"Bearer {self.service.admin_token}", "Accept": "application/json"}
        return post(port_host or self.service.host, "/graphql", body, headers)

    async def graphql(self, query: str, variables: Mapping[str, object] | None = None) -> dict[str, Any]:
        """The `data` of an answer.

        Raises:
            RuntimeError: the answer has errors.
        """
        async with httpx.AsyncClient(trust_env=False, timeout=60) as client:
            response = await client.post(
                f"{self.service.url}/graphql",
                json={"query": query, "variables": dict(variables or {})},
                headers={"Authorization": f"Bearer {self.service.admin_token}"},
            )
        answer = response.json()
        if answer.get("errors"):
            raise RuntimeError(str(answer["errors"]))
        data: dict[str, Any] = answer["data"]
        return data

    async def create_segments(self, rules: Mapping[str, Mapping[str, object]]) -> None:
        """Create those that do not exist, and wait until they are live."""
        for key, rule in rules.items():
            if (await self.graphql("query ($key: String!) { segment(key: $key) { key } }", {"key": key}))["segment"]:
                continue
            result = await self.graphql(CREATE_SEGMENT, {"input": {"key": key, "name": key, "rule": rule}})
            if result["createSegment"]["__typename"] != "Segment":
                raise RuntimeError(str(result))
        await self._live("segment", rules)

    async def create_tags(self, definitions: Mapping[str, Mapping[str, object]]) -> None:
        """Create live tags that do not exist, and wait until they are computed."""
        for key, definition in definitions.items():
            if (await self.graphql("query ($key: String!) { tag(key: $key) { key } }", {"key": key}))["tag"]:
                continue
            result = await self.graphql(CREATE_TAG, {"input": {"key": key, "name": key, "definition": definition}})
            if result["createTag"]["__typename"] != "Tag":
                raise RuntimeError(str(result))
        await self._live("tag", definitions)

    async def _live(self, what: str, keys: Iterable[str]) -> None:
        for key in keys:
            while True:
                found = await self.graphql(f"query ($key: String!) {{ {what}(key: $key) {{ status }} }}", {"key": key})
                if found[what]["status"] == "LIVE":
                    break
                await asyncio.sleep(0.1)

    async def settled(self, timeout_s: float = 600.0) -> None:
        """Wait until everything accepted is applied."""
        async with asyncio.timeout(timeout_s):
            quiet = 0
            while quiet < 2:
                waiting = await asyncio.to_thread(self.service.metric, "ingest", "kith_ingest_backlog_entries")
                quiet = quiet + 1 if waiting == 0 else 0
                # The gauge is renewed every 2 s.
                await asyncio.sleep(2.5 if waiting == 0 else 1.0)

    async def applied(self) -> float:
        """Calls applied since the ingest worker started."""
        return await self._outcome("applied")

    async def taken_in(self) -> float:
        """The same with those that had been applied before: a fill that goes on sends them again."""
        return await self.applied() + await self._outcome("repeated")

    async def _outcome(self, outcome: str) -> float:
        return await asyncio.to_thread(self.service.metric, "ingest", "kith_applied_total", f'outcome="{outcome}"')

    @asynccontextmanager
    async def updates(self, segments: list[str]) -> AsyncIterator[asyncio.Queue[tuple[float, dict[str, Any]]]]:
        """A subscription over graphql-transport-ws: (wall clock in ms at arrival, update), in order."""
        arrived: asyncio.Queue[tuple[float, dict[str, Any]]] = asyncio.Queue()
        url = f"ws://{self.service.host}:{self.service.port}/graphql"
        async with connect(url, subprotocols=[Subprotocol("graphql-transport-ws")], max_queue=None, proxy=None) as ws:
            token = {"authorization": f"Bearer {self.service.admin_token}"}
            await ws.send(json.dumps({"type": "connection_init", "payload": token}))
            assert json.loads(await ws.recv())["type"] == "connection_ack"
            payload = {"query": UPDATES, "variables": {"segments": segments}}
            await ws.send(json.dumps({"id": "1", "type": "subscribe", "payload": payload}))

            async def read() -> None:
                async for text in ws:
                    message = json.loads(text)
                    if message["type"] == "next" and message["payload"].get("data"):
                        arrived.put_nowait((_now_ms(), message["payload"]["data"]["segmentUpdates"]))
                    elif message["type"] == "ping":
                        await ws.send('{"type":"pong"}')
                    else:
                        raise RuntimeError(text)

            reading = asyncio.create_task(read())
            # The server does not say when a subscription stands.
            await asyncio.sleep(0.5)
            try:
                yield arrived
            finally:
                reading.cancel()
                await asyncio.gather(reading, return_exceptions=True)


def _now_ms() -> float:
    return time.time_ns() / 1e6
