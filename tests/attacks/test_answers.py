"""What answers say besides their content, whatever the route and however it went."""

from __future__ import annotations

import httpx
import pytest

from base.settings import Settings
from graph.repositories.segment import SegmentRepository
from tests.support.api import Api, running_api

EVERYWHERE = {
    "x-content-type-options": "nosniff",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
}
ROUTES = [
    ("POST", "/graphql"),
    ("GET", "/graphql"),
    ("DELETE", "/graphql"),
    ("POST", "/v1/track"),
    ("OPTIONS", "/v1/track"),
    ("GET", "/v1/track"),
    ("GET", "/v1/openapi.json"),
    ("GET", "/v1/nothing"),
    ("GET", "/healthz"),
    ("POST", "/healthz"),
    ("GET", "/readyz"),
    ("GET", "/metrics"),
    ("GET", "/"),
    ("GET", "/nowhere"),
]


@pytest.mark.parametrize(("method", "path"), ROUTES)
async def test_every_answer_carries_the_security_headers(stranger: httpx.AsyncClient, method: str, path: str) -> None:
    reply = await stranger.request(method, path)

    for name, value in EVERYWHERE.items():
        assert reply.headers[name] == value, name
    assert reply.headers["cache-control"] == "no-store"
    assert "server" not in reply.headers
    assert "x-powered-by" not in reply.headers
    assert "strict-transport-security" not in reply.headers


async def test_a_stream_carries_them_too(api: Api) -> None:
    headers = {"accept": "text/event-stream"}
    reply = await api.http.post("/graphql", json={"query": "{__typename}"}, headers=headers)

    assert reply.headers["x-content-type-options"] == "nosniff"
    assert len(reply.headers.get_list("cache-control")) == 1


async def test_browsers_are_told_to_insist_on_tls_where_a_setting_says_so(settings: Settings) -> None:
    async with running_api(settings, hsts_s=3600) as api:
        reply = await api.http.get("/healthz")
    assert reply.headers["strict-transport-security"] == "max-age=3600; includeSubDomains"


async def test_a_fault_anywhere_shows_no_stack(
    api: Api, stranger: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object) -> None:
        raise ZeroDivisionError("secret detail")

    monkeypatch.setattr(SegmentRepository, "list_page", broken)
    monkeypatch.setattr("server._readiness", broken)
    inside = await api.http.post("/graphql", json={"query": "{segments {edges {cursor}}}"})
    outside = await stranger.get("/readyz")

    assert outside.status_code == 500
    assert outside.headers["x-content-type-options"] == "nosniff"
    for text in (inside.text, outside.text):
        for word in ("Traceback", "secret detail", "ZeroDivisionError", ".py"):
            assert word not in text


@pytest.mark.parametrize(
    "path",
    [
        "/v1/../graphql/..%2f..%2fetc/passwd",
        "/..%2f..%2f..%2fetc%2fpasswd",
        "/v1/%2e%2e/%2e%2e/etc/passwd",
        "/metrics/../../etc/passwd",
        "/v1/openapi.json%00.html",
        "//etc/passwd",
        "/v1/track%0d%0aset-cookie:%20a=b",
        "/graphql/%ff%fe",
    ],
)
async def test_no_path_leads_out_of_the_routes(stranger: httpx.AsyncClient, path: str) -> None:
    """No route serves files; a path is compared as a whole or not at all."""
    reply = await stranger.get(httpx.URL(str(stranger.base_url).rstrip("/") + path))

    assert reply.status_code in (400, 401, 404, 405)
    assert "root:" not in reply.text
    assert "set-cookie" not in reply.headers


@pytest.mark.parametrize(
    "given", ["a\tb", "a b", "x" * 65, "ä", "a;b", "../../etc", '"><script>', "%0d%0aset-cookie:a=b"]
)
async def test_a_request_id_comes_back_only_if_it_is_harmless(api: Api, given: str) -> None:
    headers = [(b"x-request-id", given.encode())]
    reply = await api.http.post("/graphql", json={"query": "{__typename}"}, headers=headers)

    assert reply.headers["x-request-id"] != given
    assert len(reply.headers["x-request-id"]) == 16
    assert "set-cookie" not in reply.headers
