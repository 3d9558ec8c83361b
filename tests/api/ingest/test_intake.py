"""How much one source may send."""

from __future__ import annotations

import httpx
from redis.asyncio import Redis
from starlette.applications import Starlette

from access.bucket import BURST_S
from access.meter import Meter
from base.settings import Settings
from base.valkey import connect
from ingest.gateway import routes, write_keys
from ingest.stream import IngestStream
from tests.support.calls import make_batch, make_call
from tests.support.tracking import basic, length

PER_S = 2
MOST = PER_S * BURST_S


def client(stream: IngestStream, settings: Settings, meter: Meter, **headers: str) -> httpx.AsyncClient:
    limited = settings.model_copy(update={"tracking_rate": PER_S})
    transport = httpx.ASGITransport(app=Starlette(routes=routes(stream, limited, write_keys(limited), meter)))
    return httpx.AsyncClient(transport=transport, base_url="http://api", headers=headers)


async def test_calls_are_counted_and_not_requests(stream: IngestStream, settings: Settings, redis: Redis) -> None:
    batch = make_batch(*(make_call(messageId=f"m-{n}") for n in range(MOST - 1)))
    async with client(stream, settings, Meter(redis), **basic(settings.write_key)) as http:
        statuses = [(await http.post("/v1/batch", content=batch)).status_code]
        refused = await http.post("/v1/batch", content=batch)
        statuses.append((await http.post("/v1/track", json=make_call())).status_code)

    assert statuses == [200, 200]
    assert refused.status_code == 429
    assert refused.json()["code"] == "RATE_LIMITED"
    assert 1 <= int(refused.headers["retry-after"]) <= BURST_S
    assert await length(redis) == 2


async def test_who_has_sent_too_much_is_refused_before_the_body_is_read(
    stream: IngestStream, settings: Settings, redis: Redis
) -> None:
    meter = Meter(redis)
    async with client(stream, settings, meter, **basic(settings.write_key)) as http:
        for _ in range(MOST + 2):
            last = await http.post("/v1/track", json=make_call())
        malformed = await http.post("/v1/track", content=b"{")

    assert last.status_code == malformed.status_code == 429


async def test_a_key_in_the_body_is_counted_as_the_same_source(
    stream: IngestStream, settings: Settings, redis: Redis
) -> None:
    batch = make_batch(*(make_call(messageId=f"m-{n}") for n in range(MOST)))
    meter = Meter(redis)
    async with client(stream, settings, meter) as http:
        first = await http.post("/v1/batch", content=batch, headers=basic(settings.write_key))
        second = await http.post("/v1/track", json=make_call(writeKey=settings.write_key))

    assert (first.status_code, second.status_code) == (200, 429)


async def test_a_wrong_key_uses_nothing_up(stream: IngestStream, settings: Settings, redis: Redis) -> None:
    async with client(stream, settings, Meter(redis)) as http:
        for _ in range(MOST + 2):
            wrong = await http.post("/v1/track", json=make_call(), headers=basic("guessed"))
        right = await http.post("/v1/track", json=make_call(), headers=basic(settings.write_key))

    assert (wrong.status_code, right.status_code) == (401, 200)


async def test_counting_does_not_add_a_fault_of_its_own(stream: IngestStream, settings: Settings) -> None:
    nowhere = connect("redis://127.0.0.1:9/0")
    async with client(stream, settings, Meter(nowhere), **basic(settings.write_key)) as http:
        answer = await http.post("/v1/track", json=make_call())

    assert answer.status_code == 200
    await nowhere.aclose()
