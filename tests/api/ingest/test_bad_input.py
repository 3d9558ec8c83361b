"""Bad input over HTTP: the right code, nothing kept, memory as before."""

from __future__ import annotations

import gzip
import json
from typing import Any

import httpx
import psutil
import pytest
from redis.asyncio import Redis

from base.settings import Settings
from ingest.stream import IngestStream
from tests.support.calls import make_batch, make_call
from tests.support.tracking import api, basic, length

BOMB = gzip.compress(b"\0" * (64 * 1024 * 1024))
GZIP = {"content-encoding": "gzip"}
DEEP = b'{"type":"track","userId":"u","event":"e","properties":{"a":%s}}'
MANY_NAMES = {f"n{number}": 1 for number in range(2_000)}

# Path, body, further headers, status, code.
CASES: list[Any] = [
    pytest.param("track", b"{", {}, 400, "MALFORMED_JSON", id="malformed JSON"),
    pytest.param("batch", b'{"batch":[{]}', {}, 400, "MALFORMED_JSON", id="a malformed batch"),
    pytest.param("track", b"\xff\xfe{}", {}, 400, "MALFORMED_JSON", id="another encoding"),
    pytest.param("batch", b'{"batch":{}}', {}, 400, "WRONG_TYPE", id="an object as batch"),
    pytest.param("batch", b'{"batch":[1,null]}', {}, 400, "WRONG_TYPE", id="numbers as calls"),
    pytest.param("track", json.dumps(make_call(userId=[1])).encode(), {}, 400, "WRONG_TYPE", id="a list as id"),
    pytest.param("track", b"null", {}, 400, "WRONG_TYPE", id="null"),
    pytest.param("track", b'{"event":"e","userId":null}', {}, 400, "MISSING_IDENTITY", id="null ids"),
    pytest.param("track", b'{"event":"e"}', {}, 400, "MISSING_IDENTITY", id="missing ids"),
    pytest.param("track", DEEP % (b"[" * 1000 + b"]" * 1000), {}, 400, "TOO_DEEP", id="1,000 lists deep"),
    pytest.param("track", DEEP % (b'{"a":' * 1000 + b"1" + b"}" * 1000), {}, 400, "TOO_DEEP", id="1,000 objects deep"),
    pytest.param(
        "batch", b'{"batch":[%s]}' % (DEEP % (b"[" * 100_000 + b"]" * 100_000)), {}, 400, "TOO_DEEP", id="100,000 deep"
    ),
    pytest.param(
        "track", json.dumps(make_call(properties={"a": "x" * 40_000})).encode(), {}, 413, "TOO_LARGE", id="a large call"
    ),
    pytest.param(
        "batch",
        make_batch(make_call(), make_call(properties={"a": "x" * 40_000})),
        {},
        413,
        "TOO_LARGE",
        id="a large call in a batch",
    ),
    pytest.param("batch", b"x" * 2_000_000, {}, 413, "TOO_LARGE", id="a large body"),
    pytest.param("batch", BOMB, GZIP, 413, "TOO_LARGE", id="a gzip bomb"),
    pytest.param("batch", BOMB[:1000], GZIP, 413, "TOO_LARGE", id="a cut gzip bomb"),
    pytest.param("batch", b"{}", GZIP, 400, "MALFORMED_GZIP", id="no gzip"),
    pytest.param(
        "track",
        json.dumps(make_call(timestamp="1066-10-14T00:00:00Z")).encode(),
        {},
        400,
        "TIME_OUT_OF_RANGE",
        id="far past",
    ),
    pytest.param(
        "track",
        json.dumps(make_call(timestamp="9999-01-01T00:00:00Z")).encode(),
        {},
        400,
        "TIME_OUT_OF_RANGE",
        id="far future",
    ),
    pytest.param(
        "track",
        json.dumps(make_call(context={"consent": {"categoryPreferences": {"Ads": "yes"}}})).encode(),
        {},
        400,
        "INVALID_CONSENT",
        id="a consent that is no boolean",
    ),
    pytest.param(
        "identify",
        json.dumps(make_call(traits={"$consent/ads/*": [0, None, None, None]})).encode(),
        {},
        400,
        "RESERVED_NAME",
        id="a consent as a trait",
    ),
    pytest.param("track", json.dumps(make_call(timestamp="soon")).encode(), {}, 400, "INVALID_TIME", id="no time"),
    pytest.param(
        "track", json.dumps(make_call(properties=MANY_NAMES)).encode(), {}, 400, "TOO_MANY_NAMES", id="2,000 names"
    ),
    pytest.param(
        "track",
        json.dumps(make_call(properties={f"n{number}": 1 for number in range(10_000)})).encode(),
        {},
        413,
        "TOO_LARGE",
        id="10,000 names",
    ),
    pytest.param("batch", make_batch(*[make_call()] * 2_501), {}, 413, "TOO_MANY_CALLS", id="too many calls"),
    pytest.param("track", b'{"userId":"u","event":"e","a":1e400}', {}, 400, "WRONG_TYPE", id="a number out of range"),
    pytest.param("track", b'{"userId":"u","event":"e","a":NaN}', {}, 400, "MALFORMED_JSON", id="NaN"),
]


@pytest.mark.parametrize(("path", "body", "headers", "status", "code"), CASES)
async def test_bad_input_gets_its_code_and_nothing_is_kept(
    path: str,
    body: bytes,
    headers: dict[str, str],
    status: int,
    code: str,
    stream: IngestStream,
    settings: Settings,
    redis: Redis,
) -> None:
    async with api(stream, settings, **basic(settings.write_key)) as client:
        answer = await client.post(f"/v1/{path}", content=body, headers=headers)

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.json()["success"] is False
    assert await length(redis) == 0


async def test_bad_input_leaves_no_memory_behind(stream: IngestStream, settings: Settings) -> None:
    async with api(stream, settings, **basic(settings.write_key)) as client:
        await _send_all(client)
        process, rounds = psutil.Process(), 10
        before_bytes = process.memory_info().rss
        for _ in range(rounds):
            await _send_all(client)

    grown_bytes = process.memory_info().rss - before_bytes
    assert grown_bytes < 20 * 1024 * 1024


async def _send_all(client: httpx.AsyncClient) -> None:
    for case in CASES:
        path, body, headers, status, _ = case.values
        assert (await client.post(f"/v1/{path}", content=body, headers=headers)).status_code == status
