"""GraphQL over HTTP: media types, methods, statuses, request ids, server-sent events."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from redis.asyncio import Redis

from base.settings import Settings
from graph.client import GraphClient
from tests.support.api import Api, running_api
from tests.support.segments import create_segment
from tests.support.updates import publish

QUERY = "{__typename}"
GRAPHQL = "application/graphql-response+json"


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        (None, "application/json"),
        ("*/*", "application/json"),
        ("application/json", "application/json"),
        (GRAPHQL, GRAPHQL),
        (f"application/json;q=0.5, {GRAPHQL}", GRAPHQL),
        ("application/json; charset=utf-8", "application/json"),
        ("text/html, application/json", "application/json"),
    ],
)
async def test_the_answer_has_the_media_type_that_was_asked_for(
    api: Api, accept: str | None, content_type: str
) -> None:
    headers = {"accept": accept} if accept else {}
    reply = await api.http.post("/graphql", json={"query": QUERY}, headers=headers)

    assert reply.status_code == 200
    assert reply.headers["content-type"] == f"{content_type}; charset=utf-8"
    assert reply.json() == {"data": {"__typename": "Query"}}


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        ({"method": "POST", "content": "{", "headers": {"content-type": "application/json"}}, 400),
        ({"method": "POST", "content": "[]", "headers": {"content-type": "application/json"}}, 400),
        ({"method": "POST", "json": {"query": 1}}, 400),
        ({"method": "POST", "json": {"query": QUERY, "variables": "x"}}, 400),
        ({"method": "POST", "json": [{"query": QUERY}]}, 400),
        ({"method": "POST", "content": b"\xff\xfe", "headers": {"content-type": "application/json"}}, 400),
        ({"method": "POST", "json": {"query": QUERY}, "headers": {"accept": "text/html"}}, 406),
        ({"method": "POST", "data": {"query": QUERY}}, 415),
        ({"method": "POST", "content": QUERY, "headers": {"content-type": "text/plain"}}, 415),
        ({"method": "POST", "content": "{}", "headers": {"content-type": "application/json; charset=latin1"}}, 415),
        ({"method": "PUT", "json": {"query": QUERY}}, 405),
        ({"method": "GET", "params": {"query": 'mutation {deleteSegment(key: "a") {__typename}}'}}, 405),
        ({"method": "GET", "params": {}}, 400),
        ({"method": "GET", "params": {"query": QUERY, "variables": "{"}}, 400),
        ({"method": "GET", "params": {"query": QUERY}}, 200),
        ({"method": "POST", "json": {"query": "{nothing}"}, "headers": {"accept": GRAPHQL}}, 400),
        ({"method": "POST", "json": {"query": "{"}, "headers": {"accept": GRAPHQL}}, 400),
        ({"method": "POST", "json": {"query": "{nothing}"}}, 200),
        ({"method": "POST", "json": {"query": "subscription {segmentUpdates {id}}"}}, 406),
    ],
)
async def test_statuses(api: Api, request_: dict[str, Any], status: int) -> None:
    reply = await api.http.request(url="/graphql", **request_)

    assert reply.status_code == status
    if status != 200:
        (error,) = reply.json()["errors"]
        assert error["extensions"]["code"] == "BAD_USER_INPUT"
        assert error["extensions"]["hint"]


async def test_variables_and_operation_names_travel_in_a_url(api: Api) -> None:
    query = "query A($k: String!) {segment(key: $k) {id}} query B {__typename}"
    params = {"query": query, "variables": json.dumps({"k": "none"}), "operationName": "A"}

    assert (await api.http.get("/graphql", params=params)).json() == {"data": {"segment": None}}
    missing = (await api.http.get("/graphql", params={"query": query})).json()
    assert missing["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


async def test_a_request_id_comes_back(api: Api) -> None:
    given = await api.http.post("/graphql", json={"query": QUERY}, headers={"x-request-id": "abc-1"})
    made = await api.http.post("/graphql", json={"query": QUERY}, headers={"x-request-id": "a b\tc"})

    assert given.headers["x-request-id"] == "abc-1"
    assert len(made.headers["x-request-id"]) == 16


async def test_an_internal_error_shows_its_request_id_and_nothing_else(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    from graph.repositories.segment import SegmentRepository

    async def broken(*_: object) -> None:
        raise ZeroDivisionError("secret detail")

    monkeypatch.setattr(SegmentRepository, "list_page", broken)
    reply = await api.http.post(
        "/graphql", json={"query": "{segments {edges {cursor}}}"}, headers={"x-request-id": "r1"}
    )

    error = reply.json()["errors"][0]
    assert error["extensions"]["code"] == "INTERNAL"
    assert error["extensions"]["requestId"] == "r1"
    assert "secret" not in reply.text


async def test_without_neo4j_and_redis_it_says_unavailable(settings: Settings) -> None:
    nowhere = {"neo4j_uri": "bolt://127.0.0.1:9", "redis_url": "redis://127.0.0.1:9/0"}
    async with running_api(settings, **nowhere) as api:
        error = await api.error('{segment(key: "a") {id}}')
        ready = await api.http.get("/readyz")
        health = await api.http.get("/healthz")

    assert error["extensions"]["code"] == "UNAVAILABLE"
    assert (ready.status_code, ready.json()["neo4j"], ready.json()["redis"]) == (503, "unavailable", "unavailable")
    assert health.status_code == 200


async def test_health_and_metrics_answer(api: Api) -> None:
    assert (await api.http.get("/readyz")).json() == {"status": "ready", "neo4j": "ok", "redis": "ok"}
    assert "kith_request_seconds_bucket" in (await api.http.get("/metrics")).text


async def events(reply: httpx.Response) -> AsyncIterator[tuple[str, dict[str, Any] | None]]:
    name = ""
    async for line in reply.aiter_lines():
        if line.startswith("event: "):
            name = line.removeprefix("event: ")
        elif line.startswith("data:"):
            data = line.removeprefix("data:").strip()
            yield name, json.loads(data) if data else None


def stream(api: Api, query: str, variables: dict[str, object] | None = None) -> Any:
    return api.http.stream(
        "POST",
        "/graphql",
        json={"query": query, "variables": variables},
        headers={"accept": "text/event-stream"},
    )


async def test_a_query_over_server_sent_events_is_one_event(api: Api) -> None:
    async with stream(api, QUERY) as reply:
        assert reply.headers["content-type"] == "text/event-stream; charset=utf-8"
        found = [event async for event in events(reply)]

    assert found == [("next", {"data": {"__typename": "Query"}}), ("complete", None)]


async def test_updates_come_as_events_and_resume_behind_a_cursor(api: Api, graph: GraphClient, redis: Redis) -> None:
    await create_segment(graph, "buyers")
    query = """subscription S($after: String) {segmentUpdates(segments: ["buyers"], after: $after) {
      cursor kind sequence segmentVersion customerId cause {kind eventId} segment {key name} customer {id}}}"""
    await publish(graph, redis, "buyers", ["cus_1", "cus_2"])

    async with stream(api, query, {"after": "0"}) as reply:
        seen = []
        async for name, body in events(reply):
            assert name == "next"
            assert body is not None
            seen.append(body["data"]["segmentUpdates"])
            if len(seen) == 2:
                break
    assert [one["customerId"] for one in seen] == ["cus_1", "cus_2"]
    assert seen[0]["segment"] == {"key": "buyers", "name": "Buyers"}
    assert seen[0]["customer"] is None

    async with stream(api, query, {"after": seen[0]["cursor"]}) as reply:
        following = events(reply)
        async with asyncio.timeout(5):
            _, body = await anext(following)
            assert body is not None
            assert body["data"]["segmentUpdates"]["customerId"] == "cus_2"
            await publish(graph, redis, "buyers", ["cus_3"])
            _, body = await anext(following)
            assert body is not None
            assert body["data"]["segmentUpdates"]["customerId"] == "cus_3"


async def test_a_subscription_that_cannot_start_says_why_and_completes(api: Api) -> None:
    query = 'subscription {segmentUpdates(after: "forged") {id}}'
    async with stream(api, query) as reply:
        found = [event async for event in events(reply)]

    assert [name for name, _ in found] == ["next", "complete"]
    assert found[0][1] is not None
    assert found[0][1]["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
