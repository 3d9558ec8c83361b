"""The graphql-transport-ws protocol, and that nothing else is spoken."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from redis.asyncio import Redis
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Subprotocol

from base.errors import Unavailable
from graph.client import GraphClient
from graph.repositories.segment import SegmentRepository
from schema.execution import executor
from schema.execution.update_shape import update_writer
from tests.support.api import Api
from tests.support.segments import create_segment
from tests.support.updates import publish

PROTOCOL = Subprotocol("graphql-transport-ws")
FRAGMENTS = {"F": " fragment F on SegmentUpdate { kind }", "G": " fragment G on Segment { id key }"}


class Socket:
    """A connection that speaks JSON."""

    def __init__(self, inner: ClientConnection):
        self.inner = inner

    async def say(self, **message: Any) -> None:
        await self.inner.send(json.dumps(message))

    async def hear(self) -> dict[str, Any]:
        async with asyncio.timeout(5):
            message: dict[str, Any] = json.loads(await self.inner.recv())
            return message

    async def closed(self) -> int:
        async with asyncio.timeout(5):
            try:
                while True:
                    await self.inner.recv()
            except ConnectionClosed as closed:
                return closed.rcvd.code if closed.rcvd else 0


@asynccontextmanager
async def socket(api: Api, *protocols: str, origin: str | None = None, ready: bool = True) -> AsyncIterator[Socket]:
    url = api.url.replace("http", "ws") + "/graphql"
    given = [Subprotocol(one) for one in protocols or (PROTOCOL,)]
    async with connect(url, subprotocols=given, additional_headers={"origin": origin} if origin else None) as inner:
        opened = Socket(inner)
        if ready:
            await opened.say(type="connection_init", payload={"authorization": f"Bearer {api.token}"})
            assert (await opened.hear())["type"] == "connection_ack"
        yield opened


async def test_a_query_answers_and_completes(api: Api) -> None:
    async with socket(api) as ws:
        await ws.say(id="1", type="subscribe", payload={"query": "{__typename}"})

        assert await ws.hear() == {"id": "1", "type": "next", "payload": {"data": {"__typename": "Query"}}}
        assert await ws.hear() == {"id": "1", "type": "complete"}
        await ws.say(type="ping")
        assert await ws.hear() == {"type": "pong"}


async def test_updates_flow_until_the_client_completes(api: Api, graph: GraphClient, redis: Redis) -> None:
    await create_segment(graph, "buyers")
    query = 'subscription {segmentUpdates(after: "0") {cursor customerId publishedAt occurredAt}}'
    async with socket(api) as ws:
        await ws.say(id="1", type="subscribe", payload={"query": query})
        await publish(graph, redis, "buyers", ["cus_1"])
        update = (await ws.hear())["payload"]["data"]["segmentUpdates"]
        assert update["customerId"] == "cus_1"

        await ws.say(id="1", type="complete")
        await ws.say(type="ping")
        assert await ws.hear() == {"type": "pong"}
        await publish(graph, redis, "buyers", ["cus_2"])
        resumed = query.replace('"0"', json.dumps(update["cursor"]))
        await ws.say(id="1", type="subscribe", payload={"query": resumed})
        assert (await ws.hear())["payload"]["data"]["segmentUpdates"]["customerId"] == "cus_2"


WHOLE = "cursor id kind segmentVersion customerId sequence occurredAt publishedAt cause { kind eventId } __typename"


@pytest.mark.parametrize(
    ("selection", "is_short"),
    [
        (WHOLE + " segment { id key __typename }", True),
        ("a: id segment { k: key } ...F ... on SegmentUpdate { s: sequence }", True),
        (WHOLE + " segment { key name }", False),
        ("id segment { ...G }", True),
        ("id customer { id }", False),
        ("id @include(if: true) kind", False),
    ],
)
async def test_updates_are_written_in_one_step_as_graphql_would_write_them(
    api: Api, graph: GraphClient, redis: Redis, selection: str, is_short: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    await create_segment(graph, "buyers")
    fragments = "".join(text for name, text in FRAGMENTS.items() if f"...{name}" in selection)
    query = f'subscription {{ segmentUpdates(after: "0") {{ {selection} }} }}{fragments}'
    writers: list[bool] = []

    def watched(*asked: Any) -> Any:
        found = update_writer(*asked)
        writers.append(found is not None)
        return found

    await publish(graph, redis, "buyers", ["cus_1"])
    monkeypatch.setattr(executor, "update_writer", watched)
    short = await first_update(api, query)
    monkeypatch.setattr(executor, "update_writer", lambda *asked: None)
    whole = await first_update(api, query)

    assert short == whole
    assert list(short) == list(whole)
    assert writers[0] is is_short


async def test_a_plain_update_needs_no_graph(
    api: Api, graph: GraphClient, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    await create_segment(graph, "buyers")
    await publish(graph, redis, "buyers", ["cus_1"])

    async def away(*asked: Any) -> Any:
        raise Unavailable("The graph database cannot be reached now.")

    monkeypatch.setattr(SegmentRepository, "get_many", away)
    update = await first_update(api, 'subscription { segmentUpdates(after: "0") { segment { key } } }')
    assert update == {"segment": {"key": "buyers"}}


async def first_update(api: Api, query: str) -> dict[str, Any]:
    async with socket(api) as ws:
        await ws.say(id="1", type="subscribe", payload={"query": query})
        update: dict[str, Any] = (await ws.hear())["payload"]["data"]["segmentUpdates"]
        return update


@pytest.mark.parametrize("query", ["{nothing}", "{", 'subscription {segmentUpdates(after: "x") {id}}'])
async def test_what_cannot_run_is_an_error_and_the_id_is_free_again(api: Api, query: str) -> None:
    async with socket(api) as ws:
        for _ in range(2):
            await ws.say(id="1", type="subscribe", payload={"query": query})
            message = await ws.hear()
            assert message["type"] == "error"
            assert message["payload"][0]["extensions"]["code"] == "BAD_USER_INPUT"


async def test_the_token_in_connection_init_is_checked(api: Api) -> None:
    for payload in (None, {}, {"authorization": "Bearer wrong"}, {"authorization": 1}):
        async with socket(api, ready=False) as ws:
            await ws.say(type="connection_init", payload=payload)
            assert await ws.closed() == 4403


async def test_nothing_runs_before_the_connection_is_acknowledged(api: Api) -> None:
    async with socket(api, ready=False) as ws:
        await ws.say(id="1", type="subscribe", payload={"query": "{__typename}"})
        assert await ws.closed() == 4401


async def test_a_second_connection_init_is_too_many(api: Api) -> None:
    async with socket(api) as ws:
        await ws.say(type="connection_init", payload={"authorization": f"Bearer {api.token}"})
        assert await ws.closed() == 4429


async def test_an_id_in_use_is_refused(api: Api) -> None:
    async with socket(api) as ws:
        for _ in range(2):
            await ws.say(id="1", type="subscribe", payload={"query": "subscription {segmentUpdates {id}}"})
        assert await ws.closed() == 4409


@pytest.mark.parametrize("text", ["", "{", "[]", '{"type": "start"}', '{"type": "subscribe"}', "[" * 100_000])
async def test_what_is_no_message_closes_the_connection(api: Api, text: str) -> None:
    async with socket(api) as ws:
        await ws.inner.send(text)
        assert await ws.closed() == 4400


async def test_the_old_protocol_is_not_spoken(api: Api) -> None:
    async with socket(api, "graphql-ws", ready=False) as ws:
        assert ws.inner.subprotocol is None
        assert await ws.closed() == 4406


async def test_a_client_that_never_initialises_is_let_go(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    from schema.transport import websocket

    monkeypatch.setattr(websocket, "INIT_TIMEOUT_S", 0.1)
    async with socket(api, ready=False) as ws:
        assert await ws.closed() == 4408


async def test_a_foreign_page_may_not_connect(api: Api) -> None:
    with pytest.raises(InvalidStatus) as refused:
        async with socket(api, origin="https://evil.example"):
            pass
    assert refused.value.response.status_code == 403
    async with socket(api, origin=api.url):
        pass
