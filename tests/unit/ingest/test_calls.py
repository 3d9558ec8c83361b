"""What the worker gets: kinds, names, times, merged contexts, documents, rejections."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from ingest.calls import Call, Rejected, decode_calls
from ingest.checking import check_body
from tests.support.calls import NOW_MS, make_batch, make_call


def decode_one(call: dict[str, Any] | bytes, **around: Any) -> Call:
    body = call if isinstance(call, bytes) else make_batch(call, **around)
    kind = "track" if isinstance(call, bytes) else "batch"
    decoded = decode_calls(body, kind, NOW_MS, "default", "7-0")
    assert not decoded.rejected
    return decoded.calls[0]


def reject_one(call: dict[str, Any], **around: Any) -> Rejected:
    decoded = decode_calls(make_batch(call, **around), "batch", NOW_MS, "default", "7-0")
    assert not decoded.calls
    return decoded.rejected[0]


def test_a_track_call_is_an_event_with_its_properties() -> None:
    call = decode_one(make_call(properties={"商品": "鞋", "amount": 12.5, "tags": ["a", {"b": None}]}))

    assert (call.kind, call.name, call.message_id, call.source) == ("track", "Order Completed", "m-1", "default")
    assert call.properties == '{"商品":"鞋","amount":12.5,"tags":["a",{"b":null}]}'.encode()
    assert call.values == {"商品": "鞋", "amount": 12.5, "tags": ["a", {"b": None}]}


@pytest.mark.parametrize(("kind", "name"), [("page", "Page Viewed"), ("screen", "Screen Viewed")])
def test_pages_and_screens_are_events_with_name_and_category_as_properties(kind: str, name: str) -> None:
    call = decode_one(make_call(kind, name="Home", category="Shop", properties={"name": "old", "url": "/"}))

    assert call.name == name
    assert call.values == {"name": "Home", "category": "Shop", "url": "/"}


def test_identify_takes_traits_from_both_places_and_the_calls_own_win() -> None:
    call = decode_one(
        make_call(
            "identify",
            traits={"name": "李雷", "email": "A@B.cn"},
            context={"traits": {"name": "old", "city": "上海", "phone": "13912345678"}},
        )
    )

    assert call.name is None
    assert call.traits == {"name": "李雷", "city": "上海"}
    assert {(seen.namespace, seen.value) for seen in call.identifiers} == {
        ("user_id", "member-1"),
        ("email", "a@b.cn"),
        ("phone", "+8613912345678"),
    }


def test_other_calls_take_identifiers_but_no_attributes_from_the_contexts_traits() -> None:
    call = decode_one(make_call(context={"traits": {"email": "a@b.cn", "city": "上海"}}))

    assert call.traits == {}
    assert ("email", "a@b.cn") in {(seen.namespace, seen.value) for seen in call.identifiers}


def test_a_groups_traits_describe_the_group_and_identify_nobody() -> None:
    call = decode_one(make_call("group", traits={"name": "Acme", "email": "office@acme.cn"}))

    assert (call.group_id, call.traits) == ("company-1", {"name": "Acme", "email": "office@acme.cn"})
    assert [seen.namespace for seen in call.identifiers] == ["user_id"]


def test_an_alias_names_the_visitor_and_the_member() -> None:
    call = decode_one(make_call("alias"))

    assert [(seen.namespace, seen.value) for seen in call.identifiers] == [
        ("user_id", "member-1"),
        ("anonymous_id", "visitor-1"),
    ]


def test_a_batchs_context_is_merged_into_each_call_and_the_calls_own_wins() -> None:
    body = make_batch(
        make_call(context={"ip": "1.2.3.4"}),
        make_call(messageId="m-2"),
        context={"ip": "9.9.9.9", "library": {"name": "x"}, "device": {"id": "d-1", "type": "ios"}},
    )

    first, second = decode_calls(body, "batch", NOW_MS, "default", "7-0").calls

    assert json.loads(first.context) == {"ip": "1.2.3.4", "library": {"name": "x"}, "device": {"type": "ios"}}
    assert json.loads(second.context)["ip"] == "9.9.9.9"
    assert all(("device_id", "d-1") in {(s.namespace, s.value) for s in one.identifiers} for one in (first, second))


def test_kept_documents_hold_no_identifier_and_no_write_key() -> None:
    secrets = ["13912345678", "a@b.cn", "device-77", "adv-77", "openid-77", "key-77"]
    call = decode_one(
        make_call(
            "identify",
            traits={"phone": secrets[0], "email": secrets[1]},
            writeKey=secrets[5],
            context={
                "traits": {"phone": secrets[0]},
                "device": {"id": secrets[2], "advertisingId": secrets[3]},
                "externalIds": [{"type": "wx_openid:wx1", "id": secrets[4]}],
            },
        )
    )

    kept = call.context + call.extra + call.properties + msgspec.json.encode(call.traits)
    assert not [secret for secret in secrets if secret.encode() in kept]


def test_unknown_keys_are_kept() -> None:
    assert json.loads(decode_one(make_call(channel="web", version=2)).extra) == {"channel": "web", "version": 2}


TIMES = [
    pytest.param({}, NOW_MS, id="no time: when it was received"),
    pytest.param({"timestamp": "2027-01-15T07:59:00.123Z"}, NOW_MS - 59_877, id="the timestamp"),
    pytest.param({"timestamp": "2027-01-15T15:59:00+08:00"}, NOW_MS - 60_000, id="the timestamp with a zone"),
    pytest.param({"timestamp": "2027-01-15T07:59:00"}, NOW_MS - 60_000, id="without a zone it is UTC"),
    pytest.param({"originalTimestamp": "2027-01-15T07:00:00Z"}, NOW_MS - 3_600_000, id="the original time alone"),
    pytest.param(
        {"originalTimestamp": "2001-01-01T00:00:00Z", "sentAt": "2001-01-01T00:00:05Z"},
        NOW_MS - 5_000,
        id="a wrong clock cancels out",
    ),
    pytest.param(
        {
            "originalTimestamp": "2088-01-01T00:00:00Z",
            "sentAt": "2088-01-01T00:00:05Z",
            "timestamp": "2027-01-01T00:00:00Z",
        },
        NOW_MS - 5_000,
        id="the corrected time wins over the timestamp",
    ),
    pytest.param({"sentAt": "2001-01-01T00:00:05Z"}, NOW_MS, id="the sending time alone says nothing"),
]


@pytest.mark.parametrize(("fields", "at_ms"), TIMES)
def test_the_time_of_a_call(fields: dict[str, str], at_ms: int) -> None:
    assert decode_one(make_call(**fields)).at_ms == at_ms


def test_the_batchs_sending_time_corrects_its_calls() -> None:
    call = decode_one(make_call(originalTimestamp="2001-01-01T00:00:00Z"), sentAt="2001-01-01T00:01:00Z")

    assert call.at_ms == NOW_MS - 60_000


def test_halves_of_surrogate_pairs_and_nul_are_replaced_everywhere() -> None:
    body = (
        rb'{"userId":"u","event":"a\ud83d","properties":{"\ude00k":"\u0000x","pair":"\ud83d\ude00",'
        rb'"plain":"\\ud800","twice":"\ud83d\ud83d\ude00"}}'
    )

    call = decode_one(body)

    assert call.name == "a\ufffd"
    assert call.values == {
        "\ufffdk": "\ufffdx",
        "pair": "\U0001f600",
        "plain": "\\ud800",
        "twice": "\ufffd\U0001f600",
    }
    call.properties.decode()


def test_repeated_names_are_kept_once() -> None:
    assert decode_one(b'{"userId":"u","event":"e","properties":{"a":1,"a":2}}').properties == b'{"a":2}'


def test_integer_ids_are_text() -> None:
    call = decode_one(make_call(userId=42, messageId=7))

    assert (call.message_id, call.identifiers[0].value) == ("7", "42")


def test_a_missing_message_id_is_the_same_at_every_delivery_of_an_entry() -> None:
    body = make_batch(make_call(messageId=None), make_call(messageId=" "))

    first = [call.message_id for call in decode_calls(body, "batch", NOW_MS, "default", "7-0").calls]
    again = [call.message_id for call in decode_calls(body, "batch", NOW_MS + 99, "default", "7-0").calls]
    other = [call.message_id for call in decode_calls(body, "batch", NOW_MS, "default", "7-1").calls]

    assert first == again
    assert len(set(first + other)) == 4


def test_two_members_in_one_call_go_to_quarantine_and_the_rest_of_the_batch_is_applied() -> None:
    two = make_call(messageId="bad", context={"externalIds": [{"type": "user_id", "id": "member-2"}]})
    body = make_batch(make_call(), two)

    assert check_body(body, "batch", NOW_MS).calls_count == 2
    decoded = decode_calls(body, "batch", NOW_MS, "default", "7-0")

    assert [call.message_id for call in decoded.calls] == ["m-1"]
    assert [(one.message_id, one.reason, one.index) for one in decoded.rejected] == [
        ("bad", "CONFLICTING_IDENTIFIERS", 1)
    ]


def test_a_call_of_placeholders_alone_goes_to_quarantine_with_what_was_blocked() -> None:
    rejected = reject_one(make_call(userId="null", anonymousId="undefined"))

    assert rejected.reason == "NO_USABLE_IDENTIFIER"
    assert [one.value for one in rejected.blocked] == ["null", "undefined"]


def test_a_rejected_call_can_be_sent_again_by_itself() -> None:
    rejected = reject_one(
        make_call(messageId=None, userId="null", originalTimestamp="2027-01-15T07:00:00Z", writeKey="key-78"),
        context={"ip": "1.2.3.4"},
        sentAt="2027-01-15T07:30:00Z",
        writeKey="key-77",
    )

    repaired = rejected.raw.replace(b'"null"', b'"member-9"')
    call = decode_calls(repaired, rejected.kind, NOW_MS, "default", "8-0").calls[0]

    assert b"key-7" not in rejected.raw
    assert (call.message_id, call.at_ms) == (rejected.message_id, NOW_MS - 1_800_000)
    assert json.loads(call.context) == {"ip": "1.2.3.4"}


def test_an_applied_call_can_be_sent_again_by_itself() -> None:
    call = decode_one(make_call(messageId=None), context={"ip": "1.2.3.4"})

    again = decode_calls(call.standalone(), call.kind, NOW_MS, "default", "8-0").calls[0]

    assert (again.message_id, again.properties, again.context, again.at_ms) == (
        call.message_id,
        call.properties,
        call.context,
        call.at_ms,
    )


def test_a_body_that_cannot_be_read_is_rejected_as_a_whole() -> None:
    decoded = decode_calls(b"{", "batch", NOW_MS, "default", "7-0")

    assert [(one.kind, one.reason, one.raw) for one in decoded.rejected] == [("batch", "MALFORMED_JSON", b"{")]


def test_a_call_that_is_too_large_with_its_batchs_context_is_sent_again_as_a_batch() -> None:
    rejected = reject_one(
        make_call(userId="null", properties={"a": "x" * 20_000}), context={"b": "y" * 20_000, "ip": "1.2.3.4"}
    )

    again = decode_calls(rejected.raw.replace(b'"null"', b'"u"'), rejected.kind, NOW_MS, "default", "8-0").calls[0]

    assert rejected.kind == "batch"
    assert (again.message_id, json.loads(again.context)["ip"]) == ("m-1", "1.2.3.4")
