"""A client of a running service, as patient as a good one is: it asks again while the service is not available."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

import httpx
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

TIMEOUT_S = 60.0
# A fresh Neo4j compiles its first statements for many seconds on a busy machine.
PATIENCE_S = 120.0
PAUSE_S = 0.2
MAX_STATUS_IDS = 100
CREATE_SEGMENT = """mutation ($input: CreateSegmentInput!) {
  createSegment(input: $input) { __typename ... on ValidationError { problems { message } } } }"""
SEGMENT = "query ($key: String!) { segment(key: $key) { status lastError count version } }"
STATUS = "query ($ids: [String!]!) { ingestStatus(messageIds: $ids) { messageId state reason } }"
UPDATES = """subscription ($segments: [String!], $after: String) {
  segmentUpdates(segments: $segments, after: $after) {
    cursor id kind segment { key } segmentVersion customerId sequence
    occurredAt publishedAt cause { kind eventId } } }"""


class Client:
    """Speaks to one service; an async context manager."""

    def __init__(self, url: str, write_key: str, admin_token: str):
        self.url = url
        self.write_key = write_key
        self.admin_token = admin_token
        self._http = httpx.AsyncClient(base_url=url, timeout=TIMEOUT_S, trust_env=False)

    async def __aenter__(self) -> Client:
        return self

    async def __aexit__(self, *fault: object) -> None:
        await self._http.aclose()

    @property
    def bearer(self) -> dict[str, str]:
        """The header of GraphQL requests."""
        return {"authorization": f"Bearer {self.admin_token}"}

    async def track(self, *calls: Mapping[str, object]) -> None:
        """Send a batch; it is acknowledged on return."""
        answer = await self._http.post("/v1/batch", json={"batch": calls}, auth=(self.write_key, ""))
        assert answer.status_code == httpx.codes.OK, answer.text

    async def ask(self, query: str, **variables: object) -> Any:
        """The value of the only root field of an operation that must succeed in the end."""
        deadline_s = time.monotonic() + PATIENCE_S
        while True:
            reply = await self._http.post(
                "/graphql", json={"query": query, "variables": variables}, headers=self.bearer
            )
            body: dict[str, Any] = reply.json()
            if not body.get("errors"):
                (value,) = body["data"].values()
                return value
            assert body["errors"][0]["extensions"]["code"] == "UNAVAILABLE", body["errors"]
            assert time.monotonic() < deadline_s, body["errors"]
            await asyncio.sleep(PAUSE_S)

    async def create_segments(self, rules: Mapping[str, Mapping[str, object]]) -> None:
        """Create segments and wait until they are live."""
        for key, rule in rules.items():
            # A try that timed out may have made it.
            if await self.ask(SEGMENT, key=key) is None:
                made = await self.ask(CREATE_SEGMENT, input={"key": key, "name": key, "rule": rule})
                assert made["__typename"] == "Segment", made
        for key in rules:
            await self.wait_until_live(key)

    async def wait_until_live(self, key: str) -> dict[str, Any]:
        """The segment, once its build is finished."""
        deadline_s = time.monotonic() + PATIENCE_S
        while (found := await self.ask(SEGMENT, key=key))["status"] != "LIVE":
            assert found["status"] != "FAILED", found
            assert time.monotonic() < deadline_s, found
            await asyncio.sleep(PAUSE_S)
        return dict(found)

    async def wait_until_applied(self, message_ids: Sequence[str], timeout_s: float = PATIENCE_S) -> None:
        """Return when all of these calls have taken effect."""
        deadline_s = time.monotonic() + timeout_s
        waiting = list(message_ids)
        while waiting:
            states = await self.ask(STATUS, ids=waiting[:MAX_STATUS_IDS])
            assert not [one for one in states if one["state"] == "QUARANTINED"], states
            applied = {one["messageId"] for one in states if one["state"] == "APPLIED"}
            waiting = [one for one in waiting if one not in applied]
            assert time.monotonic() < deadline_s, f"{len(waiting)} calls are not applied, e.g. {waiting[0]}"
            if not applied:
                await asyncio.sleep(PAUSE_S)

    async def updates(self, segments: Sequence[str] | None = None, after: str | None = None) -> AsyncIterator[Any]:
        """Segment updates over server-sent events until the caller leaves; a fault fails the test."""
        request = {"query": UPDATES, "variables": {"segments": segments, "after": after}}
        headers = {**self.bearer, "accept": "text/event-stream"}
        async with self._http.stream("POST", "/graphql", json=request, headers=headers) as stream:
            async for line in stream.aiter_lines():
                # Comments keep the connection alive; the last event has no data.
                if line.startswith("data:") and (text := line.removeprefix("data:").strip()):
                    answer = json.loads(text)
                    assert not answer.get("errors"), answer
                    yield answer["data"]["segmentUpdates"]

    async def updates_by_socket(
        self, segments: Sequence[str] | None = None, after: str | None = None
    ) -> AsyncIterator[Any]:
        """The same over graphql-transport-ws."""
        address = self.url.replace("http", "ws", 1) + "/graphql"
        async with connect(address, subprotocols=[Subprotocol("graphql-transport-ws")], proxy=None) as socket:
            await socket.send(json.dumps({"type": "connection_init", "payload": self.bearer}))
            assert json.loads(await socket.recv())["type"] == "connection_ack"
            payload = {"query": UPDATES, "variables": {"segments": segments, "after": after}}
            await socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": payload}))
            async for text in socket:
                message = json.loads(text)
                if message["type"] == "ping":
                    await socket.send('{"type": "pong"}')
                    continue
                assert message["type"] == "next", message
                assert not message["payload"].get("errors"), message
                yield message["payload"]["data"]["segmentUpdates"]
