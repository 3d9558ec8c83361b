"""Consents, purposes and restrictions through the public API."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis

from base import clock
from base.clock import iso, now_ms
from base.keys import Keyring
from base.settings import Settings
from delivery.consent import Consented, Consenting
from graph.client import GraphClient
from tests.support.answering import answering
from tests.support.api import Api
from tests.support.dump import dump
from tests.support.line import Line

PUT = """mutation P($key: String!, $input: PurposeInput!) { putPurpose(key: $key, input: $input) {
  ... on Purpose {key nameZh nameEn granted required} ... on ValidationError {field hint} }}"""
RECORD = """mutation R($input: RecordConsentInput!, $reason: String!) { recordConsent(input: $input, reason: $reason) {
  ... on PrivacyEffect {customerId decisionId} ... on ValidationError {field message hint} }}"""
RESTRICT = """mutation R($id: ID!, $dry: Boolean) { restrictCustomer(id: $id, reason: "art. 18", dryRun: $dry) {
  ... on PrivacyEffect {customerId decisionId restrictedSince} ... on ValidationError {field message} }}"""
LIFT = """mutation L($id: ID!) { liftRestriction(id: $id, reason: "settled") {
  ... on PrivacyEffect {customerId restrictedSince} ... on ValidationError {field message} }}"""
PROFILE = """query C($id: ID!) { customer(id: $id) { id restrictedSince attributes {name}
  consents {purpose channel state version proof expiresAt at source}
  consentHistory {complete records {purpose channel state source}} }}"""
UNDO = """mutation U($decision: ID!) { undo(decision: $decision, reason: "mistake") {
  ... on IdentityEffect {decisionId} ... on ValidationError {message} }}"""
LIST = """query L($where: RuleInput, $purpose: String, $channel: String) {
  customers(where: $where, purpose: $purpose, channel: $channel) {withheld edges {node {id}}} }"""
ESTIMATE = """query E($where: RuleInput!, $purpose: String, $channel: String) {
  estimate(where: $where, purpose: $purpose, channel: $channel) {count withheld} }"""
MEMBERS = """query M($purpose: String, $channel: String) { segment(key: "all") {
  members(purpose: $purpose, channel: $channel, first: 2) {withheld edges {node {id}} pageInfo {hasNextPage}}} }"""
MERGE = """mutation M($a: ID!, $b: ID!) { mergeCustomers(a: $a, b: $b, reason: "one") {
  ... on IdentityEffect {decisionId} ... on ValidationError {message} }}"""
ERASE = """mutation E($id: ID!) { eraseCustomer(id: $id, reason: "asked") {
  ... on IdentityEffect {decisionId} ... on ValidationError {message} }}"""


def call(user: str, *said: dict[str, Any], at: str | None = None, **more: Any) -> dict[str, Any]:
    sent = {"type": "track", "event": "Seen", "userId": user, "context": {"consent": {"records": list(said)}}}
    sent["messageId"] = f"{user} {said} {at}"
    return sent | ({} if at is None else {"timestamp": at}) | more


def says(state: str, channel: str | None = "email", **more: Any) -> dict[str, Any]:
    return {"purpose": "marketing", "state": state, "channel": channel} | more


@pytest.fixture
def line(graph: GraphClient, redis: Redis, keyring: Keyring) -> Line:
    return Line.of(graph, redis, keyring)


@pytest.fixture
async def purpose(api: Api) -> None:
    made = (await api.data(PUT, {"key": "marketing", "input": {"nameEn": "Marketing", "nameZh": "营销"}}))["putPurpose"]
    assert made == {"key": "marketing", "nameEn": "Marketing", "nameZh": "营销", "granted": False, "required": False}


async def profile(api: Api, id: str | None) -> dict[str, Any]:
    found: dict[str, Any] = (await api.data(PROFILE, {"id": id}))["customer"]
    return found


async def states(api: Api, id: str | None) -> dict[str, str]:
    return {f"{one['purpose']}/{one['channel']}": one["state"] for one in (await profile(api, id))["consents"]}


async def reached(graph: GraphClient, ids: list[str]) -> Consented:
    consenting = Consenting(graph)
    return await consenting.kept(ids, await consenting.aim("marketing", "email"))


async def kept(graph: GraphClient, *ids: str | None) -> list[str]:
    return (await reached(graph, [str(one) for one in ids])).kept


async def test_a_call_says_what_a_person_agreed_to(api: Api, line: Line) -> None:
    until = iso(now_ms() + 100_000)
    await line.apply(
        call("u", says("granted", version="2", proof="form", expiresAt=until), at="2026-01-01T00:00:00Z"),
        {
            "type": "page",
            "userId": "u",
            "messageId": "p",
            "timestamp": "2026-01-02T00:00:00Z",
            "context": {"consent": {"categoryPreferences": {"Advertising": True, "Analytics": False}}},
        },
    )
    found = await profile(api, await line.customer("user_id", "u"))
    # The reserved names are no attributes.
    assert found["attributes"] == []
    assert found["consents"][2] == {
        "purpose": "marketing",
        "channel": "email",
        "state": "GRANTED",
        "version": "2",
        "proof": "form",
        "expiresAt": until,
        "at": "2026-01-01T00:00:00.000Z",
        "source": "default",
    }
    assert [(one["purpose"], one["channel"], one["state"]) for one in found["consents"][:2]] == [
        ("advertising", "*", "GRANTED"),
        ("analytics", "*", "DENIED"),
    ]


async def test_history_leaves_out_what_a_browser_repeats(api: Api, line: Line) -> None:
    for day, state in enumerate(("granted", "granted", "withdrawn", "withdrawn", "granted"), 1):
        await line.apply(call("u", says(state), at=f"2026-01-0{day}T00:00:00Z"))
    found = (await profile(api, await line.customer("user_id", "u")))["consentHistory"]
    assert found["complete"]
    assert [one["state"] for one in found["records"]] == ["GRANTED", "WITHDRAWN", "GRANTED"]


@pytest.mark.usefixtures("purpose")
async def test_a_grant_ends_at_its_millisecond(
    api: Api, line: Line, graph: GraphClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    end_ms = now_ms() + 50_000
    await line.apply(call("u", says("granted", expiresAt=iso(end_ms))))
    customer = await line.customer("user_id", "u")
    for at_ms, state, may in ((end_ms - 1, "GRANTED", [customer]), (end_ms, "EXPIRED", [])):
        monkeypatch.setattr(clock, "now_ms", lambda at_ms=at_ms: at_ms)
        monkeypatch.setattr("resolvers.consent.consents.now_ms", lambda at_ms=at_ms: at_ms)
        assert await states(api, customer) == {"marketing/email": state}
        assert await kept(graph, customer) == may


@pytest.mark.usefixtures("purpose")
async def test_somebody_notes_a_consent_and_takes_it_back(api: Api, line: Line, graph: GraphClient) -> None:
    await line.apply({"type": "identify", "userId": "u", "messageId": "m", "traits": {"email": "u@shop.example"}})
    customer = await line.customer("user_id", "u")
    said = {"customer": customer, "purpose": "marketing", "channel": "email", "state": "GRANTED", "proof": "letter"}
    noted = (await api.data(RECORD, {"input": said, "reason": "by letter"}))["recordConsent"]
    assert noted["customerId"] == customer
    assert await kept(graph, customer) == [customer]

    assert (await api.data(UNDO, {"decision": noted["decisionId"]}))["undo"]["decisionId"]
    assert await states(api, customer) == {}
    assert await kept(graph, customer) == []


@pytest.mark.usefixtures("purpose")
async def test_a_consent_about_a_phone_is_of_whoever_had_it_then(api: Api, line: Line) -> None:
    for day, user in ((1, "first"), (20, "second")):
        identify = {"type": "identify", "userId": user, "messageId": user, "traits": {"phone": "+8613912345678"}}
        await line.apply(identify | {"timestamp": f"2026-01-{day:02d}T00:00:00Z"})
    await line.apply({"type": "identify", "anonymousId": "x", "messageId": "x", "traits": {"phone": "+8613912345678"}})
    named = {"identifier": {"namespace": "phone", "value": "+8613912345678"}, "purpose": "marketing"}
    said = named | {"state": "GRANTED", "at": "2026-01-10T00:00:00Z"}
    noted = (await api.data(RECORD, {"input": said, "reason": "r"}))["recordConsent"]
    # Of the identifier it is whoever had it then.
    assert noted["customerId"] == await line.customer("user_id", "first")
    assert await states(api, await line.customer("user_id", "second")) == {}


@pytest.mark.usefixtures("purpose")
async def test_an_identifier_that_nobody_has_is_somebody_new(api: Api, line: Line) -> None:
    said = {"identifier": {"namespace": "phone", "value": "139 1234 5678"}, "purpose": "marketing", "state": "DENIED"}
    noted = (await api.data(RECORD, {"input": said, "reason": "on the phone"}))["recordConsent"]
    assert await line.customer("phone", "+8613912345678") == noted["customerId"]
    assert await states(api, noted["customerId"]) == {"marketing/*": "DENIED"}


@pytest.mark.usefixtures("purpose")
@pytest.mark.parametrize(
    ("change", "reason", "field"),
    [
        ({"customer": None}, "r", "input"),
        ({"customer": None, "identifier": {"namespace": "a b", "value": "x"}}, "r", "input.identifier.namespace"),
        ({"customer": None, "identifier": {"namespace": "phone", "value": "1"}}, "r", "input.identifier.value"),
        ({"purpose": "other"}, "r", "input.purpose"),
        ({"purpose": "a/b"}, "r", "input"),
        ({"channel": "x" * 41}, "r", "input"),
        ({"proof": "x" * 501}, "r", "input"),
        ({"at": "2999-01-01T00:00:00Z"}, "r", "input.at"),
        ({}, " ", "reason"),
    ],
)
async def test_a_wrong_consent_is_refused(
    api: Api, line: Line, change: dict[str, Any], reason: str, field: str
) -> None:
    await line.apply({"type": "identify", "userId": "u", "messageId": "m"})
    said = {"customer": await line.customer("user_id", "u"), "purpose": "marketing", "state": "GRANTED"} | change
    assert (await api.data(RECORD, {"input": said, "reason": reason}))["recordConsent"]["field"] == field


@pytest.mark.usefixtures("purpose")
async def test_unknown_names_are_told(api: Api) -> None:
    said = {"customer": "cus_nobody", "purpose": "marketing", "state": "GRANTED"}
    error = await api.error(RECORD, {"input": said, "reason": "r"})
    assert error["extensions"]["code"] == "NOT_FOUND"
    for variables, field in (
        ({"purpose": "other"}, "purpose"),
        ({"channel": "email"}, "channel"),
        ({"purpose": "marketing", "channel": "a/b"}, "channel"),
    ):
        error = await api.error(LIST, variables)
        assert (error["extensions"]["code"], error["extensions"]["field"]) == ("BAD_USER_INPUT", field)
    assert (await api.data(PUT, {"key": "A b", "input": {}}))["putPurpose"]["field"] == "key"


@pytest.mark.usefixtures("purpose")
async def test_lists_for_a_purpose_leave_out_who_did_not_agree(
    api: Api, line: Line, graph: GraphClient, redis: Redis, settings: Settings, tmp_path: Path
) -> None:
    await line.segment("all", {"everyone": True})
    await line.apply(
        call("yes", says("granted")),
        call("all", says("granted", None)),
        call("no", says("granted", None), says("denied")),
        call("gone", says("granted", expiresAt="2020-01-01T00:00:00Z")),
        call("silent"),
        call("held", says("granted")),
    )
    ids = {name: str(await line.customer("user_id", name)) for name in ("yes", "all", "no", "gone", "silent", "held")}
    await api.data(RESTRICT, {"id": ids["held"]})
    wanted = sorted((ids["yes"], ids["all"]))
    aim = {"purpose": "marketing", "channel": "email"}
    where = {"where": {"event": {"name": "Seen"}}}

    # Without a store the graph answers, and cannot say how many the rest are.
    found = (await api.data(LIST, where | aim))["customers"]
    assert ([edge["node"]["id"] for edge in found["edges"]], found["withheld"]) == (wanted, None)

    async with answering(graph, redis, settings, tmp_path):
        for variables in (where | aim, aim):
            found = (await api.data(LIST, variables))["customers"]
            assert ([edge["node"]["id"] for edge in found["edges"]], found["withheld"]) == (wanted, 4)
        assert (await api.data(ESTIMATE, where | aim))["estimate"] == {"count": 2, "withheld": 4}
        assert (await api.data(ESTIMATE, where))["estimate"] == {"count": 6, "withheld": None}
        members = (await api.data(MEMBERS, aim))["segment"]["members"]
        assert ([edge["node"]["id"] for edge in members["edges"]], members["withheld"]) == (wanted, 4)
        assert not members["pageInfo"]["hasNextPage"]
        # With the purpose alone, what was said of all channels counts.
        found = (await api.data(LIST, {"purpose": "marketing"}))["customers"]
        assert [edge["node"]["id"] for edge in found["edges"]] == sorted((ids["all"], ids["no"]))
    consented = await reached(graph, [*ids.values(), "cus_nobody"])
    assert (sorted(consented.kept), consented.withheld) == (wanted, 5)


async def test_rules_cannot_read_reserved_names(api: Api) -> None:
    where = {"attribute": {"name": "$consent/marketing/email", "op": "SET", "values": []}}
    assert (await api.error(LIST, {"where": where}))["extensions"]["code"] == "BAD_USER_INPUT"


@pytest.mark.usefixtures("purpose")
async def test_a_restriction_goes_with_the_person(api: Api, line: Line, graph: GraphClient) -> None:
    await line.apply(call("a", says("granted")), call("b", says("granted")))
    a, b = await line.customer("user_id", "a"), await line.customer("user_id", "b")
    dry = (await api.data(RESTRICT, {"id": a, "dry": True}))["restrictCustomer"]
    assert dry["decisionId"] is None
    assert dry["restrictedSince"] is not None
    assert (await profile(api, a))["restrictedSince"] is None
    assert await kept(graph, a, b) == [a, b]

    made = (await api.data(RESTRICT, {"id": a}))["restrictCustomer"]
    assert (await profile(api, a))["restrictedSince"] == made["restrictedSince"]
    assert (await api.data(RESTRICT, {"id": a}))["restrictCustomer"]["field"] == "id"
    assert await kept(graph, a, b) == [b]

    merged = (await api.data(MERGE, {"a": a, "b": b}))["mergeCustomers"]
    assert (await profile(api, b))["restrictedSince"] == made["restrictedSince"]
    assert await kept(graph, a, b) == []

    await api.data(UNDO, {"decision": merged["decisionId"]})
    assert (await profile(api, a))["restrictedSince"] == made["restrictedSince"]
    assert await kept(graph, a, b) == [b]

    lifted = (await api.data(LIFT, {"id": a}))["liftRestriction"]
    assert lifted == {"customerId": a, "restrictedSince": None}
    assert await kept(graph, a, b) == [a, b]
    assert (await api.data(LIFT, {"id": a}))["liftRestriction"]["field"] == "id"


SPLIT = """mutation S($id: ID!, $identifiers: [IdentifierInput!]!) {
  splitCustomer(id: $id, identifiers: $identifiers, reason: "two people") {
    ... on IdentityEffect {decisionId} ... on ValidationError {message} }}"""


@pytest.mark.usefixtures("purpose")
async def test_both_parts_of_a_restricted_person_stay_restricted_and_a_consent_stays_where_it_was_said(
    api: Api, line: Line
) -> None:
    phone = "+8613912345678"
    await line.apply({"type": "identify", "userId": "u", "messageId": "m", "traits": {"phone": phone}})
    await line.apply(call("u", says("granted")))
    customer = await line.customer("user_id", "u")
    await api.data(RESTRICT, {"id": customer})
    split = {"id": customer, "identifiers": [{"namespace": "phone", "value": phone}]}
    parted = (await api.data(SPLIT, split))["splitCustomer"]
    other = await line.customer("phone", phone)
    assert other != customer
    for each, expected in ((customer, {"marketing/email": "GRANTED"}), (other, {})):
        assert (await profile(api, each))["restrictedSince"] is not None
        assert await states(api, each) == expected
    await api.data(LIFT, {"id": other})
    assert (await profile(api, customer))["restrictedSince"] is not None
    # Together again, what was not lifted of one is a restriction of both.
    await api.data(UNDO, {"decision": parted["decisionId"]})
    assert (await profile(api, customer))["restrictedSince"] is not None


@pytest.mark.usefixtures("purpose")
async def test_undoing_a_restriction_is_as_if_it_had_never_been(api: Api, line: Line, graph: GraphClient) -> None:
    await line.apply(call("a", says("granted"), at="2026-01-01T00:00:00Z"))
    before = await line.picture()
    a = await line.customer("user_id", "a")
    made = (await api.data(RESTRICT, {"id": a}))["restrictCustomer"]
    await api.data(UNDO, {"decision": made["decisionId"]})
    assert (await profile(api, a))["restrictedSince"] is None
    after = await line.picture()
    assert {**after, "evidence": None} == {**before, "evidence": None}


async def test_restricting_does_not_change_which_phone_is_the_newest(api: Api, line: Line) -> None:
    for day, phone in ((1, "+8613912345678"), (2, "+8613912345679")):
        identify = {"type": "identify", "userId": "u", "messageId": phone, "traits": {"phone": phone}}
        await line.apply(identify | {"timestamp": f"2026-01-0{day}T00:00:00Z"})
    customer = await line.customer("user_id", "u")
    await api.data(RESTRICT, {"id": customer})
    asked = 'query P($id: ID!) {customer(id: $id) {attributes(names: ["phone"]) {value}}}'
    assert (await api.data(asked, {"id": customer}))["customer"]["attributes"] == [{"value": "+8613912345679"}]


@pytest.mark.usefixtures("purpose")
async def test_nothing_of_consents_is_left_after_an_erasure(api: Api, line: Line, graph: GraphClient) -> None:
    await line.apply(call("u", says("granted", proof="the letter of May")))
    customer = await line.customer("user_id", "u")
    await api.data(RESTRICT, {"id": customer})
    erased = (await api.data(ERASE, {"id": customer}))["eraseCustomer"]
    while await line.desk().carry_on(erased["decisionId"], now_ms()):
        pass
    assert "the letter of May" not in str(await dump(graph))
    assert "$restriction/" not in str(await dump(graph))


@pytest.mark.usefixtures("purpose")
async def test_many_say_something_at_once(api: Api, line: Line) -> None:
    await line.apply({"type": "identify", "userId": "u", "messageId": "m"})
    customer = await line.customer("user_id", "u")
    at = iso(now_ms() - 1)

    async def say(state: str, channel: str) -> None:
        said = {"customer": customer, "purpose": "marketing", "channel": channel, "state": state, "at": at}
        assert "decisionId" in (await api.data(RECORD, {"input": said, "reason": "r"}))["recordConsent"]

    wanted = [(state, channel) for channel in ("email", "sms") for state in ("GRANTED", "DENIED", "WITHDRAWN")]
    await asyncio.gather(*(say(*one) for one in wanted))
    assert await states(api, customer) == {"marketing/email": "DENIED", "marketing/sms": "DENIED"}
