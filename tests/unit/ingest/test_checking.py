"""What the gateway refuses before anything is kept, and with which code."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ingest.calls import decode_calls
from ingest.checking import check_body
from ingest.faults import STATUS, IngestCode, Refused
from ingest.limits import MAX_BATCH_BYTES, MAX_BATCH_CALLS, MAX_CALL_BYTES, MAX_DEPTH, MAX_NAMES
from tests.support.calls import NOW_MS, make_batch, make_call, nested

DAY_MS = 24 * 3600 * 1000


def refusal(body: bytes, kind: str = "track") -> Refused:
    with pytest.raises(Refused) as caught:
        check_body(body, kind, NOW_MS)
    return caught.value


def deep(depth: int) -> bytes:
    return b'{"userId":"u","event":"e","properties":{"a":' + b"[" * depth + b"]" * depth + b"}}"


BAD_BODIES = [
    pytest.param(b"", IngestCode.MALFORMED_JSON, id="an empty body"),
    pytest.param(b'{"userId":', IngestCode.MALFORMED_JSON, id="cut off"),
    pytest.param(b'{"userId":"u","event":"e"} x', IngestCode.MALFORMED_JSON, id="something after the end"),
    pytest.param(b'{"userId":"u","event":"e","x":NaN}', IngestCode.MALFORMED_JSON, id="NaN"),
    pytest.param(b'{"userId":"u","event":"e","x":Infinity}', IngestCode.MALFORMED_JSON, id="Infinity"),
    pytest.param(b'{"userId":"u","event":"e","x":"\x00"}', IngestCode.MALFORMED_JSON, id="a bare NUL byte"),
    pytest.param(b'{"userId":"u","event":"e","x":"\xff"}', IngestCode.MALFORMED_JSON, id="no UTF-8, in a skipped key"),
    pytest.param(
        b'{"userId":"u","event":"e","x":"\xed\xa0\x80"}', IngestCode.MALFORMED_JSON, id="a surrogate in UTF-8"
    ),
    pytest.param(b'{"userId":"u","event":"e","x":1e999}', IngestCode.WRONG_TYPE, id="a number no double can hold"),
    pytest.param(b"[1]", IngestCode.WRONG_TYPE, id="a list instead of a call"),
    pytest.param(b"null", IngestCode.WRONG_TYPE, id="null instead of a call"),
    pytest.param(deep(1_000), IngestCode.TOO_DEEP, id="nested 1,000 deep"),
    pytest.param(deep(15_000), IngestCode.TOO_DEEP, id="nested as deep as a call can be"),
    pytest.param(deep(100_000), IngestCode.TOO_LARGE, id="nested 100,000 deep"),
    pytest.param(b" " * (MAX_CALL_BYTES + 1), IngestCode.TOO_LARGE, id="a call over its size"),
]


@pytest.mark.parametrize(("body", "code"), BAD_BODIES)
def test_a_body_that_cannot_be_read_is_refused_with_its_code(body: bytes, code: IngestCode) -> None:
    assert refusal(body).code is code


BAD_FIELDS = [
    pytest.param({"userId": ["u"]}, IngestCode.WRONG_TYPE, id="a list as user id"),
    pytest.param({"userId": {"a": 1}}, IngestCode.WRONG_TYPE, id="an object as user id"),
    pytest.param({"userId": True}, IngestCode.WRONG_TYPE, id="a boolean as user id"),
    pytest.param({"userId": 1.5}, IngestCode.WRONG_TYPE, id="a fraction as user id"),
    pytest.param({"userId": None}, IngestCode.MISSING_IDENTITY, id="no id at all"),
    pytest.param({"userId": "", "anonymousId": " "}, IngestCode.MISSING_IDENTITY, id="blank ids"),
    pytest.param({"userId": "u" * 256}, IngestCode.TOO_LONG, id="an endless user id"),
    pytest.param({"messageId": "m" * 256}, IngestCode.TOO_LONG, id="an endless message id"),
    pytest.param({"event": None}, IngestCode.MISSING_FIELD, id="no event name"),
    pytest.param({"event": " "}, IngestCode.MISSING_FIELD, id="a blank event name"),
    pytest.param({"event": 7}, IngestCode.WRONG_TYPE, id="a number as event name"),
    pytest.param({"event": "e" * 201}, IngestCode.TOO_LONG, id="an endless event name"),
    pytest.param({"properties": [1]}, IngestCode.WRONG_TYPE, id="a list as properties"),
    pytest.param({"properties": "x"}, IngestCode.WRONG_TYPE, id="text as properties"),
    pytest.param({"properties": {"p" * 256: 1}}, IngestCode.TOO_LONG, id="an endless property name"),
    pytest.param(
        {"properties": {f"p{n}": 1 for n in range(MAX_NAMES + 1)}}, IngestCode.TOO_MANY_NAMES, id="too many names"
    ),
    pytest.param({"properties": {f"p{n}": 1 for n in range(10_000)}}, IngestCode.TOO_LARGE, id="10,000 names"),
    pytest.param({"properties": {"a": nested(MAX_DEPTH - 1)}}, IngestCode.TOO_DEEP, id="one level too deep"),
    pytest.param({"unknown": nested(MAX_DEPTH)}, IngestCode.TOO_DEEP, id="too deep under an unknown key"),
    pytest.param({"context": [1]}, IngestCode.WRONG_TYPE, id="a list as context"),
    pytest.param({"context": {"device": "x"}}, IngestCode.WRONG_TYPE, id="text as device"),
    pytest.param({"context": {"traits": [1]}}, IngestCode.WRONG_TYPE, id="a list as traits"),
    pytest.param({"context": {"externalIds": {"id": 1}}}, IngestCode.WRONG_TYPE, id="an object as external ids"),
    pytest.param({"context": {"externalIds": ["x"]}}, IngestCode.WRONG_TYPE, id="text as external id"),
    pytest.param({"context": {"externalIds": [{}] * 65}}, IngestCode.TOO_LONG, id="too many external ids"),
    pytest.param({"timestamp": "yesterday"}, IngestCode.INVALID_TIME, id="no time"),
    pytest.param({"timestamp": 1_800_000_000}, IngestCode.WRONG_TYPE, id="a number as time"),
    pytest.param({"timestamp": "2027-13-01"}, IngestCode.INVALID_TIME, id="a thirteenth month"),
    pytest.param({"timestamp": "1969-12-31T23:59:59Z"}, IngestCode.TIME_OUT_OF_RANGE, id="before 1970"),
    pytest.param({"timestamp": "0001-01-01T00:00:00+14:00"}, IngestCode.TIME_OUT_OF_RANGE, id="the first year"),
    pytest.param({"timestamp": "9999-12-31T23:59:59-14:00"}, IngestCode.TIME_OUT_OF_RANGE, id="the last year"),
    pytest.param({"timestamp": "2027-01-16T08:00:00.001Z"}, IngestCode.TIME_OUT_OF_RANGE, id="more than a day ahead"),
]


@pytest.mark.parametrize(("fields", "code"), BAD_FIELDS)
def test_a_field_that_cannot_be_is_refused_alone_and_in_a_batch(fields: dict[str, Any], code: IngestCode) -> None:
    call = make_call(**fields)
    if "userId" in fields and fields["userId"] is None:
        call.pop("userId", None)

    assert refusal(json.dumps(call).encode()).code is code
    in_batch = refusal(make_batch(make_call(), call), "batch")
    assert in_batch.code is code
    if code is not IngestCode.TOO_LARGE or "call 1" in in_batch.message:
        assert "call 1 of the batch" in in_batch.message


@pytest.mark.parametrize("kind", ["identify", "track", "page", "screen", "group", "alias"])
def test_every_kind_of_call_is_taken_alone_and_in_a_batch(kind: str) -> None:
    call = make_call(kind)

    assert check_body(json.dumps(call).encode(), kind, NOW_MS).message_ids == ["m-1"]
    assert check_body(make_batch(call), "batch", NOW_MS).calls_count == 1


def test_nulls_count_as_absent() -> None:
    nulls = dict.fromkeys(
        ["anonymousId", "properties", "traits", "context", "timestamp", "sentAt", "originalTimestamp", "messageId"]
    )

    checked = check_body(json.dumps(make_call() | nulls).encode(), "track", NOW_MS)

    assert (checked.calls_count, checked.message_ids) == (1, [])


def test_a_call_at_the_limits_is_taken() -> None:
    # The call, its properties and 30 lists are 32 levels.
    call = make_call(properties={"deep": nested(MAX_DEPTH - 2)} | {f"p{n}": n for n in range(MAX_NAMES - 1)})

    assert check_body(json.dumps(call).encode(), "track", NOW_MS).calls_count == 1


def test_a_batch_is_bounded_in_calls_and_bytes() -> None:
    tiny = {"type": "page", "userId": "u"}

    assert check_body(make_batch(*[tiny] * MAX_BATCH_CALLS), "batch", NOW_MS).calls_count == MAX_BATCH_CALLS
    assert refusal(make_batch(*[tiny] * (MAX_BATCH_CALLS + 1)), "batch").code is IngestCode.TOO_MANY_CALLS
    assert refusal(b" " * (MAX_BATCH_BYTES + 1), "batch").code is IngestCode.TOO_LARGE


def test_a_batch_needs_its_list_and_may_be_empty() -> None:
    assert refusal(b"{}", "batch").code is IngestCode.MISSING_FIELD
    assert refusal(b'{"batch":null}', "batch").code is IngestCode.MISSING_FIELD
    assert check_body(b'{"batch":[]}', "batch", NOW_MS).calls_count == 0


@pytest.mark.parametrize("kind", ["Track", "import", "", 7, None, ["track"]])
def test_a_batched_call_of_no_known_kind_is_refused(kind: object) -> None:
    fault = refusal(make_batch({"type": kind, "userId": "u"}), "batch")

    assert fault.code in (IngestCode.UNKNOWN_KIND, IngestCode.WRONG_TYPE)


def test_messages_never_hold_values() -> None:
    secret = "13912345678"
    for fields in (
        {"userId": [secret]},
        {"timestamp": secret},
        {"properties": secret},
        {"context": {"device": secret}},
    ):
        assert secret not in refusal(json.dumps(make_call(**fields)).encode()).message


def test_what_the_gateway_takes_the_worker_decodes_and_what_it_refuses_the_worker_rejects() -> None:
    bodies = [json.dumps(make_call(**case.values[0])).encode() for case in BAD_FIELDS]
    bodies += [case.values[0] for case in BAD_BODIES]
    for body in bodies:
        decoded = decode_calls(body, "track", NOW_MS, "default", "1-0")
        if decoded.calls:
            assert check_body(body, "track", NOW_MS).calls_count == 1
        else:
            assert refusal(body).code == decoded.rejected[0].reason


def test_every_code_but_the_late_ones_has_a_status() -> None:
    late = {IngestCode.CONFLICTING_IDENTIFIERS, IngestCode.NO_USABLE_IDENTIFIER, IngestCode.TYPE_CONFLICT}

    assert set(STATUS) == set(IngestCode) - late
