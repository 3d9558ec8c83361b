"""A strange page in somebody's browser gets nowhere: no cookies, no simple requests, no origin but those listed."""

from __future__ import annotations

import json

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Subprotocol

from tests.attacks.conftest import SHOP
from tests.support.api import Api

QUERY = {"query": "{__typename}"}
EVIL = "https://evil.example"
STRANGE = [EVIL, "null", "http://shop.example", SHOP + ".evil.example", SHOP + "@evil.example", "https://[", ""]


async def test_nothing_sets_or_reads_a_cookie(api: Api, stranger: httpx.AsyncClient) -> None:
    with_cookie = {"cookie": f"authorization=Bearer {api.token}; token={api.token}"}
    for path in ("/graphql", "/v1/track", "/healthz", "/metrics", "/nowhere"):
        for headers in ({}, with_cookie):
            reply = await stranger.post(path, json=QUERY, headers=headers)
            assert "set-cookie" not in reply.headers
            if path == "/graphql":
                assert reply.status_code == 401


@pytest.mark.parametrize(
    "content_type", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=a", "text/plain", "", "*/*"]
)
async def test_what_a_form_can_send_is_no_request(api: Api, content_type: str) -> None:
    """These are the types that a page may send to anywhere without asking first."""
    reply = await api.http.post("/graphql", content=json.dumps(QUERY), headers={"content-type": content_type})

    assert reply.status_code == 415


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE"])
async def test_only_post_changes_anything(api: Api, method: str) -> None:
    mutation = {"query": 'mutation {deleteSegment(key: "a") {__typename}}'}
    reply = await api.http.request(method, "/graphql", params=mutation)

    assert reply.status_code == 405
    assert "POST" in reply.headers["allow"]


@pytest.mark.parametrize("accept", ["application/json", "text/event-stream"])
@pytest.mark.parametrize("origin", STRANGE)
async def test_pages_of_other_origins_are_refused_even_with_a_token(api: Api, origin: str, accept: str) -> None:
    for reply in (
        await api.http.post("/graphql", json=QUERY, headers={"origin": origin, "accept": accept}),
        await api.http.get("/graphql", params=QUERY, headers={"origin": origin, "accept": accept}),
    ):
        assert reply.status_code == 403
        assert reply.json()["errors"][0]["extensions"]["code"] == "FORBIDDEN"
        assert "access-control-allow-origin" not in reply.headers


@pytest.mark.parametrize("accept", ["application/json", "text/event-stream"])
async def test_listed_and_own_pages_may_ask(api: Api, accept: str) -> None:
    listed = await api.http.post("/graphql", json=QUERY, headers={"origin": SHOP, "accept": accept})
    own = await api.http.post("/graphql", json=QUERY, headers={"origin": api.url, "accept": accept})

    assert (listed.status_code, own.status_code) == (200, 200)
    assert listed.headers["access-control-allow-origin"] == SHOP
    assert "access-control-allow-credentials" not in listed.headers
    assert "access-control-allow-origin" not in own.headers


@pytest.mark.parametrize("path", ["/graphql", "/v1/track"])
async def test_a_preflight_tells_strangers_nothing(stranger: httpx.AsyncClient, path: str) -> None:
    asking = {"access-control-request-method": "POST", "access-control-request-headers": "authorization"}
    strange = await stranger.options(path, headers={"origin": EVIL, **asking})
    listed = await stranger.options(path, headers={"origin": SHOP, **asking})

    assert strange.status_code in (400, 403)
    assert "access-control-allow-origin" not in strange.headers
    assert (listed.status_code, listed.headers["access-control-allow-origin"]) == (200, SHOP)


@pytest.mark.parametrize("origin", [one for one in STRANGE if one])
async def test_a_websocket_of_another_page_is_not_opened(api: Api, origin: str) -> None:
    url = api.url.replace("http", "ws", 1) + "/graphql"
    protocols = [Subprotocol("graphql-transport-ws")]
    with pytest.raises(InvalidStatus) as refused:
        async with connect(url, subprotocols=protocols, additional_headers={"origin": origin}, proxy=None):
            pass
    assert refused.value.response.status_code == 403
