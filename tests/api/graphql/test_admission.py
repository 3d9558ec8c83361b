"""Limits of callers and trusted documents, on every transport."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from redis.asyncio import Redis
from websockets.asyncio.client import ClientConnection
from websockets.asyncio.client import connect as connect_socket
from websockets.typing import Subprotocol

from access.bucket import BURST_S
from access.meter import Meter
from base.errors import ConfigurationFault
from base.settings import Settings
from schema.execution.admission import Admission
from schema.execution.trusted import hash_of
from tests.support.api import Api, running_api

QUERY = "{__typename}"
GRAPHQL = "application/graphql-response+json"


@asynccontextmanager
async def connect(api: Api) -> AsyncIterator[ClientConnection]:
    """A WebSocket that has said who it is."""
    url = api.url.replace("http", "ws", 1) + "/graphql"
    async with connect_socket(url, subprotocols=[Subprotocol("graphql-transport-ws")], proxy=None) as socket:
        payload = {"authorization": f"Bearer {api.token}"}
        await socket.send(json.dumps({"type": "connection_init", "payload": payload}))
        assert json.loads(await socket.recv())["type"] == "connection_ack"
        yield socket


async def use_up(api: Api, per_s: int) -> None:
    """Take all that the bucket of the token holds."""
    for _ in range(per_s * BURST_S):
        await api.ask(QUERY)


async def test_whoever_asks_for_too_much_is_told_when_to_come_back(settings: Settings) -> None:
    async with running_api(settings, rate_limits="admin-token=1") as api:
        await use_up(api, 1)
        for accept in ("application/json", GRAPHQL, "text/event-stream"):
            reply = await api.http.post("/graphql", json={"query": QUERY}, headers={"accept": accept})
            extensions = reply.json()["errors"][0]["extensions"]

            assert reply.status_code == 429
            assert extensions["code"] == "RATE_LIMITED"
            assert reply.headers["retry-after"] == str(extensions["retryAfter"])
            assert 1 <= extensions["retryAfter"] <= BURST_S


async def test_a_websocket_is_counted_like_a_request_and_stays_open(settings: Settings) -> None:
    async with running_api(settings, rate_limits="admin-token=1") as api:
        await use_up(api, 1)
        async with connect(api) as socket:
            await socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": {"query": QUERY}}))
            message = json.loads(await socket.recv())

            assert message["type"] == "error"
            assert message["payload"][0]["extensions"]["code"] == "RATE_LIMITED"
            assert message["payload"][0]["extensions"]["retryAfter"] >= 1
            await socket.send(json.dumps({"type": "ping"}))
            assert json.loads(await socket.recv())["type"] == "pong"


async def test_what_is_refused_counts_too(settings: Settings) -> None:
    async with running_api(settings, rate_limits="admin-token=1") as api:
        for _ in range(BURST_S):
            await api.ask("{nothing}")
        assert (await api.http.post("/graphql", json={"query": "{nothing}"})).status_code == 429


async def test_a_document_weighs_what_it_may_bring(settings: Settings) -> None:
    async with running_api(settings, rate_limits="admin-token=20") as api:
        assert "data" in await api.ask("{customers(first: 100) {edges {cursor}}}")
        assert "data" in await api.ask("{customers(first: 90) {edges {cursor}}}")
        refused = await api.error("{customers(first: 100) {edges {cursor}}}")
        assert refused["extensions"]["code"] == "RATE_LIMITED"


async def test_the_limit_of_one_operation_says_which_it_is(settings: Settings) -> None:
    async with running_api(settings, cost_limits="admin-token=50") as api:
        error = await api.error("{customers(first: 51) {edges {cursor}}}")
        assert "data" in await api.ask("{customers(first: 50) {edges {cursor}}}")

    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert "51 objects; the limit of the role admin-token is 50" in error["message"]
    assert "KITH_COST_LIMITS" in error["extensions"]["hint"]


async def test_only_trusted_documents_are_run(settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "documents.json"
    path.write_text(json.dumps({hash_of(QUERY): QUERY}), encoding="utf-8")
    apollo = json.dumps({"persistedQuery": {"version": 1, "sha256Hash": hash_of(QUERY)}})
    async with running_api(settings, trusted_documents=str(path)) as api:
        for params in ({"documentId": f"sha256:{hash_of(QUERY)}"}, {"extensions": apollo}, {"query": QUERY}):
            assert (await api.http.get("/graphql", params=params)).json() == {"data": {"__typename": "Query"}}
        by_hash = await api.http.post("/graphql", json={"documentId": f"sha256:{hash_of(QUERY)}"})
        assert by_hash.json() == {"data": {"__typename": "Query"}}
        assert (await api.error("{__typename __typename}"))["extensions"]["code"] == "FORBIDDEN"
        assert (await api.http.post("/graphql", json={"documentId": "sha256:00"})).json()["errors"][0]["message"] == (
            "PersistedQueryNotFound"
        )
        assert (await api.http.post("/graphql", json={"variables": {}})).status_code == 400
        async with connect(api) as socket:
            for payload, answered in (
                ({"documentId": hash_of(QUERY)}, "next"),
                ({"query": "{a: __typename}"}, "error"),
            ):
                await socket.send(json.dumps({"id": answered, "type": "subscribe", "payload": payload}))
                assert json.loads(await socket.recv())["type"] == answered
                if answered == "next":
                    await socket.recv()


@pytest.mark.parametrize("setting", ["rate_limits", "cost_limits", "time_limits"])
async def test_a_wrong_limit_stops_the_start(settings: Settings, redis: Redis, setting: str) -> None:
    with pytest.raises(ConfigurationFault, match="KITH_"):
        Admission.of(settings.model_copy(update={setting: "sales:3"}), Meter(redis))
