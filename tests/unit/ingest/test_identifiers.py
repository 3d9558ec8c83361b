"""Which values identify, in which spelling, and which never do."""

from __future__ import annotations

from typing import Any

import pytest

from ingest.calls import decode_calls
from ingest.identifiers import BlockedIdentifier, SeenIdentifier
from ingest.namespaces import parse_namespace
from ingest.normalising import BlockReason, normalise
from tests.support.calls import NOW_MS, make_batch, make_call

PLACEHOLDERS = [
    "", " ", "null", "NULL", '"null"', "'none'", "“undefined”", "NaN", "0", "-1", "anonymous", "Guest", "unknown",
    "[object Object]", "00000", "11111111", '"0"', "`null`", "nil", "n/a", "(null)",
]  # fmt: skip


@pytest.mark.parametrize(
    "namespace", ["user_id", "anonymous_id", "device_id", "phone", "email", "crm:pos", "wx_unionid"]
)
@pytest.mark.parametrize("value", PLACEHOLDERS)
def test_placeholders_identify_nobody_in_any_namespace(namespace: str, value: str) -> None:
    assert normalise(namespace, value, "CN").reason is BlockReason.BLOCKED


@pytest.mark.parametrize(
    ("namespace", "value"),
    [
        ("phone", "13800000000"),
        ("phone", "+86 138 0000 0000"),
        ("phone", "18888888888"),
        ("phone", "12345678901"),
        ("phone", "+1 555-555-5555"),
        ("email", "test@test.com"),
        ("email", "NoReply@shop.cn"),
        ("email", "no-reply@shop.cn"),
        ("idfa", "00000000-0000-0000-0000-000000000000"),
        ("device_id", "9774d56d682e549c"),
    ],
)
def test_known_fillers_identify_nobody(namespace: str, value: str) -> None:
    assert normalise(namespace, value, "CN").reason is BlockReason.BLOCKED


@pytest.mark.parametrize(
    ("namespace", "value", "normal"),
    [
        ("phone", "13912345678", "+8613912345678"),
        ("phone", " 139-1234-5678 ", "+8613912345678"),
        ("phone", "0086 139 1234 5678", "+8613912345678"),
        ("phone", "+86 139 1234 5678", "+8613912345678"),
        ("phone", "１３９１２３４５６７８", "+8613912345678"),
        ("phone", "(010) 6552 9988", "+861065529988"),
        ("phone", "+1 650 253 0000", "+16502530000"),
        ("email", " Li.Lei@Example.COM ", "li.lei@example.com"),
        ("user_id", " A-17 ", "A-17"),
        ("user_id", "7", "7"),
        ("user_id", "22", "22"),
        ("user_id", "Null Island", "Null Island"),
        ("wx_openid:wx1", "oABC", "oABC"),
    ],
)
def test_a_value_has_one_spelling(namespace: str, value: str, normal: str) -> None:
    assert normalise(namespace, value, "CN") == (normal, None)


@pytest.mark.parametrize(
    ("namespace", "value"),
    [
        ("phone", "12345"),
        ("phone", "call me"),
        ("phone", "65529988"),
        ("phone", "98" * 200),
        ("email", "li.lei"),
        ("email", "li@lei@x.cn"),
        ("email", "li lei@x.cn"),
        ("email", "li@localhost"),
        ("email", "x" * 250 + "@x.cn"),
        ("user_id", "u" * 256),
        ("user_id", "a\tb\nc"),
        ("user_id", "half \ufffd"),
    ],
)
def test_a_value_that_cannot_be_one_is_invalid(namespace: str, value: str) -> None:
    assert normalise(namespace, value, "CN").reason is BlockReason.INVALID


def test_a_phone_without_a_country_code_is_of_the_settings_region() -> None:
    assert normalise("phone", "650 253 0000", "US").value == "+16502530000"


@pytest.mark.parametrize(
    ("text", "namespace"),
    [
        ("user_id", "user_id"),
        ("Phone", "phone"),
        ("wx_openid:wxAbC1", "wx_openid:wxAbC1"),
        ("WX_OpenID:wxAbC1", "wx_openid:wxAbC1"),
        ("crm:pos-1", "crm:pos-1"),
        ("ios.idfa", "idfa"),
        ("android.idfa", "gaid"),
        ("unionid", "wx_unionid"),
        ("ga_client_id", "ga_client_id"),
        ("crm", None),
        ("wx_openid", None),
        ("", None),
        ("a b", None),
        ("1a", None),
        ("a:b:c", None),
        ("a|b", None),
        ("x" * 40, None),
    ],
)
def test_the_name_of_a_namespace(text: str, namespace: str | None) -> None:
    assert parse_namespace(text) == namespace


def identifiers(**fields: Any) -> tuple[set[SeenIdentifier], list[BlockedIdentifier]]:
    call = decode_calls(make_batch(make_call(**fields)), "batch", NOW_MS, "default", "1-0").calls[0]
    return set(call.identifiers), list(call.blocked)


def test_identifiers_are_taken_from_every_place() -> None:
    seen, blocked = identifiers(
        anonymousId="visitor-1",
        context={
            "traits": {"email": "a@b.cn", "phone": 13912345678},
            "device": {"id": "d-1", "advertisingId": "AD-1", "type": "Android"},
            "externalIds": [
                {"type": "wx_openid:wx1", "id": "o-1", "collection": "users", "encoding": "none"},
                {"type": "crm:pos", "id": 77},
                {"type": "b@d", "id": "x"},
                {"type": "crm:pos", "id": None},
                {"id": "x"},
            ],
        },
    )

    assert {(one.namespace, one.value) for one in seen} == {
        ("user_id", "member-1"),
        ("anonymous_id", "visitor-1"),
        ("email", "a@b.cn"),
        ("phone", "+8613912345678"),
        ("device_id", "d-1"),
        ("gaid", "AD-1"),
        ("wx_openid:wx1", "o-1"),
        ("crm:pos", "77"),
    }
    assert [one.reason for one in blocked] == [BlockReason.UNKNOWN_NAMESPACE] * 2


@pytest.mark.parametrize(
    ("context", "namespace"),
    [
        ({"device": {"advertisingId": "AD-1", "type": "ios"}}, "idfa"),
        ({"device": {"advertisingId": "AD-1"}, "os": {"name": "iPadOS"}}, "idfa"),
        ({"device": {"advertisingId": "AD-1", "type": 7}}, "advertising_id"),
    ],
)
def test_an_advertising_id_is_of_its_platform(context: dict[str, Any], namespace: str) -> None:
    seen, _ = identifiers(context=context)

    assert SeenIdentifier(namespace, "AD-1", True) in seen


def test_the_same_identifier_twice_is_one() -> None:
    seen, _ = identifiers(
        context={"traits": {"phone": "139 1234 5678"}, "externalIds": [{"type": "phone", "id": "+8613912345678"}]}
    )

    assert len([one for one in seen if one.namespace == "phone"]) == 1


@pytest.mark.parametrize(("value", "verified"), [(False, False), (True, True), (None, True), ("no", True)])
def test_contacts_count_as_verified_unless_the_call_says_otherwise(value: object, verified: bool) -> None:
    seen, _ = identifiers(context={"verified": value, "traits": {"email": "a@b.cn"}})

    assert SeenIdentifier("email", "a@b.cn", verified) in seen
    assert SeenIdentifier("user_id", "member-1", True) in seen


@pytest.mark.parametrize("phone", ["13800000000", "null", "0", "-1", "", "undefined", '"null"', 0, ["x"], 1.5, True])
def test_a_blocked_phone_is_counted_and_is_neither_identifier_nor_attribute(phone: object) -> None:
    body = make_batch(make_call("identify", traits={"phone": phone, "name": "x"}))

    call = decode_calls(body, "batch", NOW_MS, "default", "1-0").calls[0]

    assert [one.namespace for one in call.identifiers] == ["user_id"]
    assert [one.namespace for one in call.blocked] == ["phone"]
    assert call.traits == {"name": "x"}


@pytest.mark.parametrize("namespace", ["user_id", "crm:pos", "wx_unionid"])
def test_two_values_of_a_one_a_person_namespace_are_two_people(namespace: str) -> None:
    ids = [{"type": namespace, "id": "a-1"}, {"type": namespace, "id": "a-2"}]
    body = make_batch(make_call(userId="a-1", context={"externalIds": ids}))

    decoded = decode_calls(body, "batch", NOW_MS, "default", "1-0")

    assert [one.reason for one in decoded.rejected] == ["CONFLICTING_IDENTIFIERS"]


def test_two_phones_or_devices_in_one_call_are_no_conflict() -> None:
    ids = [{"type": kind, "id": value} for kind, value in [("phone", "13912345678"), ("phone", "13912345679")]]

    seen, _ = identifiers(context={"externalIds": [*ids, {"type": "device_id", "id": "d"}]})

    assert len(seen) == 4
