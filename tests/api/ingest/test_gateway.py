"""The tracking API over HTTP, down to what lies in the stream."""

from __future__ import annotations

import gzip
import json
from contextlib import suppress

import pytest
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisConnectionError

from base.errors import ConfigurationFault
from base.keys import Keyring
from base.settings import Settings
from base.valkey import INGEST_STREAM, connect
from ingest import reading
from ingest.gateway import write_keys
from ingest.stream import IngestStream
from ingest.wire import BODY_KINDS
from tests.support.calls import make_batch, make_call
from tests.support.tracking import api, basic, calls_of, drain, length


def body_of(kind: str) -> bytes:
    return make_batch(make_call()) if kind == "batch" else json.dumps(make_call(kind)).encode()


@pytest.mark.parametrize("slash", ["", "/"])
@pytest.mark.parametrize("kind", BODY_KINDS)
async def test_every_path_keeps_the_call_and_answers_200(
    stream: IngestStream, settings: Settings, kind: str, slash: str
) -> None:
    async with api(stream, settings, **basic(settings.write_key)) as client:
        answer = await client.post(f"/v1/{kind}{slash}", content=body_of(kind))

    assert (answer.status_code, answer.json()) == (200, {"success": True})
    entries = await drain(stream)
    assert [(entry.kind, entry.source, entry.body) for entry in entries] == [(kind, "default", body_of(kind))]
    assert [call.message_id for call in calls_of(entries)] == ["m-1"]


async def test_a_gzipped_batch_is_kept_unpacked(stream: IngestStream, settings: Settings) -> None:
    body = make_batch(make_call())
    headers = basic(settings.write_key) | {"content-encoding": "gzip", "content-type": "application/json"}

    async with api(stream, settings, **headers) as client:
        answer = await client.post("/v1/batch", content=gzip.compress(body))

    assert answer.status_code == 200
    assert [entry.body for entry in await drain(stream)] == [body]


@pytest.mark.parametrize("kind", ["track", "batch"])
async def test_the_write_key_may_stand_in_the_body(stream: IngestStream, settings: Settings, kind: str) -> None:
    body = json.loads(body_of(kind)) | {"writeKey": settings.write_key}

    async with api(stream, settings) as client:
        assert (await client.post(f"/v1/{kind}", json=body)).status_code == 200
        assert (await client.post(f"/v1/{kind}", json=body | {"writeKey": "wrong"})).status_code == 401
        assert (await client.post(f"/v1/{kind}", json=body | {"writeKey": None})).status_code == 401

    assert len(await drain(stream)) == 1


async def test_a_wrong_or_missing_key_is_refused_and_nothing_kept(
    stream: IngestStream, settings: Settings, redis: Redis
) -> None:
    async with api(stream, settings) as client:
        for headers in ({}, basic("wrong"), basic(""), {"authorization": "Bearer " + settings.write_key}):
            answer = await client.post("/v1/track", json=make_call(), headers=headers)
            assert (answer.status_code, answer.json()["code"]) == (401, "UNAUTHENTICATED")
            assert "www-authenticate" in answer.headers

    assert await length(redis) == 0


def test_without_a_write_key_the_server_does_not_start(stream: IngestStream, settings: Settings) -> None:
    with pytest.raises(ConfigurationFault):
        write_keys(settings.model_copy(update={"write_key": ""}))


async def test_one_bad_call_refuses_the_batch_and_names_it(
    stream: IngestStream, settings: Settings, redis: Redis
) -> None:
    async with api(stream, settings, **basic(settings.write_key)) as client:
        answer = await client.post("/v1/batch", content=make_batch(make_call(), make_call(event=None)))

    assert answer.status_code == 400
    assert answer.json()["code"] == "MISSING_FIELD"
    assert answer.json()["message"].startswith("call 1 of the batch")
    assert await length(redis) == 0


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        (None, 200),
        ("application/json", 200),
        ("application/json; charset=utf-8", 200),
        ("text/plain;charset=UTF-8", 200),
        ("application/vnd.api+json", 200),
        ("multipart/form-data; boundary=x", 415),
        ("application/x-www-form-urlencoded", 415),
    ],
)
async def test_content_types(stream: IngestStream, settings: Settings, content_type: str | None, status: int) -> None:
    headers = basic(settings.write_key) | ({"content-type": content_type} if content_type else {})

    async with api(stream, settings, **headers) as client:
        assert (await client.post("/v1/track", content=body_of("track"))).status_code == status


async def test_other_paths_and_methods_get_json_errors_and_no_redirect(
    stream: IngestStream, settings: Settings
) -> None:
    async with api(stream, settings, **basic(settings.write_key)) as client:
        assert (await client.post("/v1/other", json={})).json()["code"] == "NOT_FOUND"
        assert (await client.post("/v1/track//", json=make_call())).status_code == 404
        answer = await client.get("/v1/track")

    assert (answer.status_code, answer.json()["code"], answer.headers["allow"]) == (
        405,
        "METHOD_NOT_ALLOWED",
        "POST, OPTIONS",
    )


async def test_the_description_is_served(stream: IngestStream, settings: Settings) -> None:
    async with api(stream, settings) as client:
        answer = await client.get("/v1/openapi.json")

    assert (answer.status_code, answer.json()["openapi"]) == (200, "3.1.0")


async def test_pages_of_allowed_origins_may_send_and_others_may_not(stream: IngestStream, settings: Settings) -> None:
    allowed = settings.model_copy(update={"allowed_origins": "https://shop.cn, https://app.cn"})
    async with api(stream, allowed, **basic(settings.write_key)) as client:
        ask = {"origin": "https://app.cn", "access-control-request-method": "POST"}
        preflight = await client.options("/v1/batch", headers=ask)
        answer = await client.post("/v1/track", json=make_call(), headers={"origin": "https://app.cn"})
        refused = await client.post("/v1/track", json=[], headers={"origin": "https://app.cn"})
        foreign = await client.options("/v1/batch", headers=ask | {"origin": "https://evil.cn"})
        foreign_post = await client.post("/v1/track", json=make_call(), headers={"origin": "https://evil.cn"})

    assert preflight.status_code == 200
    assert "authorization" in preflight.headers["access-control-allow-headers"]
    for one in (preflight, answer, refused):
        assert one.headers["access-control-allow-origin"] == "https://app.cn"
    assert foreign.status_code == 403
    assert "access-control-allow-origin" not in foreign_post.headers


async def test_a_star_allows_every_origin(stream: IngestStream, settings: Settings) -> None:
    async with api(stream, settings.model_copy(update={"allowed_origins": "*"})) as client:
        answer = await client.options("/v1/batch", headers={"origin": "https://any.cn"})

    assert answer.headers["access-control-allow-origin"] == "https://any.cn"


async def test_nothing_personal_lies_in_the_stream_in_plain_text(
    stream: IngestStream, settings: Settings, redis: Redis
) -> None:
    call = make_call("identify", userId="member-77", messageId="m-77", traits={"email": "li.lei@shop.cn"})
    async with api(stream, settings, **basic(settings.write_key)) as client:
        await client.post("/v1/identify", json=call)

    stored = repr(await redis.xrange(INGEST_STREAM))
    assert not [text for text in ("member-77", "m-77", "li.lei", "identify", "default") if text in stored]


async def test_without_room_the_answer_is_429_with_retry_after(
    stream: IngestStream, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading.InFlight.__init__, "__defaults__", (10,))
    async with api(stream, settings, **basic(settings.write_key)) as client:
        answer = await client.post("/v1/track", json=make_call())

    assert (answer.status_code, answer.json()["code"], answer.headers["retry-after"]) == (429, "RATE_LIMITED", "1")


async def test_a_full_backlog_is_503_and_nothing_is_kept(redis: Redis, keyring: Keyring, settings: Settings) -> None:
    stream = IngestStream(redis, keyring, max_entries=2)
    async with api(stream, settings, **basic(settings.write_key)) as client:
        answers = [await client.post("/v1/track", json=make_call()) for _ in range(3)]
        assert [answer.status_code for answer in answers] == [200, 200, 503]
        assert answers[2].json()["code"] == "UNAVAILABLE"
        await drain(stream)
        await stream.trim()
        assert (await client.post("/v1/track", json=make_call())).status_code == 200


async def test_a_server_out_of_memory_is_503_until_it_has_some(
    stream: IngestStream, settings: Settings, redis: Redis
) -> None:
    limit = (await redis.config_get("maxmemory"))["maxmemory"]
    async with api(stream, settings, **basic(settings.write_key)) as client:
        await redis.config_set("maxmemory", "1mb")
        try:
            answer = await client.post("/v1/track", json=make_call())
        finally:
            await redis.config_set("maxmemory", limit)
        assert (answer.status_code, answer.json()["code"]) == (503, "UNAVAILABLE")
        assert await length(redis) == 0
        assert (await client.post("/v1/track", json=make_call())).status_code == 200


async def test_a_server_that_is_away_is_503(keyring: Keyring, settings: Settings) -> None:
    nowhere = connect("redis://127.0.0.1:9/0")
    async with api(IngestStream(nowhere, keyring), settings, **basic(settings.write_key)) as client:
        answer = await client.post("/v1/track", json=make_call())

    assert answer.status_code == 503
    assert "127.0.0.1" not in answer.text
    await nowhere.aclose()


async def test_a_connection_that_died_in_the_pool_costs_no_call(
    stream: IngestStream, settings: Settings, redis: Redis
) -> None:
    async with api(stream, settings, **basic(settings.write_key)) as client:
        assert (await client.post("/v1/track", json=make_call())).status_code == 200
        with suppress(RedisConnectionError):
            await redis.client_kill_filter(_type="normal", skipme=False)
        assert (await client.post("/v1/track", json=make_call(messageId="m-2"))).status_code == 200

    assert {call.message_id for call in calls_of(await drain(stream))} == {"m-1", "m-2"}
