"""Connections that send little, for long, or too much are cut off; others do not notice."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import pytest
from starlette.responses import Response
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from cli import connections
from schema.transport import reading
from tests.support.api import Api

SOON_S = 0.3
# The suite shares its machine; what matters is that the end comes.
WITHIN_S = 5.0
HEAD = b"POST /graphql HTTP/1.1\r\nhost: kith\r\n"


@asynccontextmanager
async def opened(api: Api) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection("127.0.0.1", urlsplit(api.url).port)
    try:
        yield reader, writer
    finally:
        writer.close()


async def rest(reader: asyncio.StreamReader) -> bytes:
    """What comes until the server closes."""
    async with asyncio.timeout(WITHIN_S):
        try:
            return await reader.read()
        except ConnectionResetError:
            return b""


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "HEAD_TIMEOUT_S", SOON_S)
    monkeypatch.setattr(reading, "BODY_TIMEOUT_S", SOON_S)


@pytest.mark.usefixtures("soon")
@pytest.mark.parametrize("sent", [b"", b"PO", HEAD, HEAD + b"x-a: ", b"\r\n\r\n"])
async def test_a_head_that_does_not_end_is_cut_off(api: Api, sent: bytes) -> None:
    async with opened(api) as (reader, writer):
        writer.write(sent)
        assert b" 408 " in await rest(reader)


@pytest.mark.usefixtures("soon")
async def test_a_trickle_of_headers_does_not_buy_time(api: Api) -> None:
    async with opened(api) as (reader, writer):
        writer.write(HEAD)

        async def trickle() -> None:
            while True:
                writer.write(b"x: y\r\n")
                await asyncio.sleep(SOON_S / 10)

        trickling = asyncio.create_task(trickle())
        answer = await rest(reader)
        trickling.cancel()
    assert b" 408 " in answer


@pytest.mark.usefixtures("soon")
@pytest.mark.parametrize("next_", [b"POST /gr", b"\r\n", b"GET /healthz HTTP/1.1\r\nx: y\r\n"])
async def test_a_further_request_on_a_connection_is_bounded_too(api: Api, next_: bytes) -> None:
    async with opened(api) as (reader, writer):
        writer.write(b"GET /healthz HTTP/1.1\r\nhost: kith\r\n\r\n")
        assert b"200 OK" in await reader.readuntil(b"\r\n\r\n")
        writer.write(next_)
        assert b" 408 " in await rest(reader)


@pytest.mark.usefixtures("soon")
async def test_a_body_that_does_not_end_is_cut_off(api: Api) -> None:
    async with opened(api) as (reader, writer):
        auth = f"authorization: Bearer {api.token}\r\ncontent-type: application/json\r\ncontent-length: 50\r\n\r\n"
        writer.write(HEAD + auth.encode() + b"{")
        async with asyncio.timeout(WITHIN_S):
            assert b" 408 " in await reader.readuntil(b"\r\n")


@pytest.mark.parametrize("line", [b"x: " + b"y" * 1_000_000, b"x: y\r\n" * 100_000, b"y" * 1_000_000])
async def test_endless_headers_are_cut_off(api: Api, line: bytes) -> None:
    async with opened(api) as (reader, writer):
        writer.write(HEAD + line)
        # Cut off while more is on its way, a client may see a reset instead of the answer.
        answer = await rest(reader)
    assert answer == b"" or b" 431 " in answer or b" 400 " in answer


async def test_a_head_that_is_slow_but_in_time_is_served(api: Api) -> None:
    async with opened(api) as (reader, writer):
        for piece in (b"GET /hea", b"lthz HTTP/1.1\r\n", b"host: kith\r\n", b"\r\n"):
            writer.write(piece)
            await asyncio.sleep(0.05)
        async with asyncio.timeout(WITHIN_S):
            assert b"200 OK" in await reader.readuntil(b"\r\n\r\n")


@pytest.mark.usefixtures("soon")
async def test_an_answer_may_take_longer_than_a_head(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    async def slow(*_: object) -> Response:
        await asyncio.sleep(SOON_S * 3)
        return Response()

    monkeypatch.setattr("server._readiness", slow)
    assert (await api.http.get("/readyz")).status_code == 200


@pytest.mark.usefixtures("soon")
async def test_an_open_websocket_is_not_cut_off(api: Api) -> None:
    url = api.url.replace("http", "ws", 1) + "/graphql"
    async with connect(url, subprotocols=[Subprotocol("graphql-transport-ws")], proxy=None) as socket:
        await asyncio.sleep(SOON_S * 2)
        await socket.send('{"type": "ping"}')
        assert await socket.recv() == '{"type":"pong"}'


async def test_requests_that_disagree_about_their_length_are_refused(api: Api) -> None:
    """Two readings of where a body ends let one request hide in another (request smuggling)."""
    both = b"content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\nGET /metrics HTTP/1.1\r\nhost: a\r\n\r\n"
    twice = b"content-length: 5\r\ncontent-length: 6\r\n\r\nabcdef"
    for smuggled in (both, twice):
        async with opened(api) as (reader, writer):
            writer.write(HEAD + smuggled)
            async with asyncio.timeout(WITHIN_S):
                answer = await reader.read(65_536)
        assert b" 400 " in answer
        assert b"200 OK" not in answer
