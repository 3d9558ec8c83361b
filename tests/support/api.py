"""The API under test: the real application behind a real server, and a client that speaks GraphQL."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import httpx
import uvicorn

from access.gate import Directory
from base.settings import Settings
from cli.connections import BoundedHttp
from server import create_app

START_S = 10.0


@dataclass(frozen=True)
class Api:
    """A running API. `http` carries the admin token."""

    url: str
    http: httpx.AsyncClient
    token: str

    async def ask(self, query: str, variables: Mapping[str, object] | None = None, **headers: str) -> dict[str, Any]:
        """The whole answer to one operation, `data` and `errors`."""
        reply = await self.http.post("/graphql", json={"query": query, "variables": variables}, headers=headers)
        answer: dict[str, Any] = reply.json()
        return answer

    async def data(self, query: str, variables: Mapping[str, object] | None = None) -> dict[str, Any]:
        """The data of an operation that must succeed."""
        answer = await self.ask(query, variables)
        assert "errors" not in answer, answer["errors"]
        data: dict[str, Any] = answer["data"]
        return data

    async def error(self, query: str, variables: Mapping[str, object] | None = None) -> dict[str, Any]:
        """The first error of an operation that must fail."""
        answer = await self.ask(query, variables)
        error: dict[str, Any] = answer["errors"][0]
        return error


@asynccontextmanager
async def holding(api: Api, token: str) -> AsyncIterator[Api]:
    """The same API for whoever holds another token."""
    headers = {"authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(base_url=api.url, headers=headers, timeout=30) as http:
        yield replace(api, http=http, token=token)


@asynccontextmanager
async def running_api(settings: Settings, directory: Directory | None = None, **changes: object) -> AsyncIterator[Api]:
    """The API in this process, on a free port; `changes` are settings by field name."""
    settings = settings.model_copy(update=changes)
    config = uvicorn.Config(
        create_app(settings, directory),
        host="127.0.0.1",
        port=0,
        log_config=None,
        http=BoundedHttp,
        ws="websockets-sansio",
        lifespan="on",
        server_header=False,
    )
    server = uvicorn.Server(config)
    # The suite owns the signals.
    server.capture_signals = _no_signals  # type: ignore[assignment,method-assign]
    serving = asyncio.create_task(server.serve())
    try:
        async with asyncio.timeout(START_S):
            while not server.started:
                assert not serving.done(), "the server did not start"
                await asyncio.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        url = f"http://127.0.0.1:{port}"
        headers = {"authorization": f"Bearer {settings.admin_token}"}
        async with httpx.AsyncClient(base_url=url, headers=headers, timeout=30) as http:
            yield Api(url, http, settings.admin_token)
    finally:
        server.should_exit = True
        await serving


class _no_signals:
    def __enter__(self) -> None: ...
    def __exit__(self, *_: object) -> None: ...
