"""The registry of names by GraphQL: what came, what people say of it, and what rules may not use."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest

from base.keys import Keyring
from graph.client import GraphClient
from tests.api.graphql.test_segments import CREATE, UPDATE
from tests.support.api import Api
from tests.support.builders import make_identify, make_track
from tests.support.registry import attributes_of, properties_of, see
from tests.support.tags import BOUGHT_COUNT, save_tag

VALUE = """name nameZh nameEn description type typeIsSet unit piiClass active onConflict firstSeen lastSeen valueCount
  typeCounts { type valueCount } conflictCount example usedBy { kind key name }"""
ATTRIBUTES = """query ($search: String, $first: Int, $after: String, $off: Boolean!) {
  attributeDefinitions(search: $search, first: $first, after: $after, includeOff: $off) {
    edges { node { VALUE } } pageInfo { hasNextPage endCursor } } }""".replace("VALUE", VALUE)
EVENTS = """query ($search: String, $first: Int = 20, $after: String, $off: Boolean = false) {
  eventDefinitions(first: 100) { edges { node { name active eventCount usedBy { kind key }
    propertyDefinitions(search: $search, first: $first, after: $after, includeOff: $off) {
      edges { node { event VALUE } } pageInfo { hasNextPage endCursor } } } } } }""".replace("VALUE", VALUE)
UPDATE_ATTRIBUTE = """mutation ($name: String!, $input: ValueDefinitionInput!) {
  updateAttributeDefinition(name: $name, input: $input) { __typename
    ... on AttributeDefinition { VALUE } ... on ValidationError { problems { field message hint } } } }""".replace(
    "VALUE", VALUE
)
UPDATE_PROPERTY = """mutation ($event: String!, $name: String!, $input: ValueDefinitionInput!) {
  updatePropertyDefinition(event: $event, name: $name, input: $input) { __typename
    ... on PropertyDefinition { event VALUE } ... on ValidationError { problems { field message } } } }""".replace(
    "VALUE", VALUE
)
UPDATE_EVENT = """mutation ($name: String!, $input: EventDefinitionInput!) {
  updateEventDefinition(name: $name, input: $input) { __typename
    ... on EventDefinition { name nameZh active } ... on ValidationError { problems { field message } } } }"""
DICTIONARY = """query ($format: DictionaryFormat!, $language: Language!) {
  dataDictionary(format: $format, language: $language) }"""
ESTIMATE = "query ($where: RuleInput!) { estimate(where: $where) { count } }"


@pytest.fixture
async def seen(graph: GraphClient, keyring: Keyring) -> None:
    """Two events and four attributes."""
    await see(
        graph,
        keyring,
        make_track("Bought", properties={"price": 12, "shop": {"city": "Basel"}}),
        make_track("Bought", properties={"price": 30}),
        make_track("Viewed", properties={"price": "free"}),
        make_identify(traits={"city": "Zurich", "vip": True, "level": 1}, timestamp="2026-07-01T00:00:00Z"),
        make_identify(traits={"level": "two", "email": "ann@example.com"}),
    )


async def attributes(api: Api, **asked: object) -> list[dict[str, Any]]:
    found = (await api.data(ATTRIBUTES, {"off": False, **asked}))["attributeDefinitions"]
    return [edge["node"] for edge in found["edges"]]


async def update(api: Api, name: str, **said: object) -> dict[str, Any]:
    made: dict[str, Any] = (await api.data(UPDATE_ATTRIBUTE, {"name": name, "input": said}))[
        "updateAttributeDefinition"
    ]
    return made


async def create(api: Api, key: str, rule: object) -> dict[str, Any]:
    made: dict[str, Any] = (await api.data(CREATE, {"input": {"key": key, "name": key, "rule": rule}}))["createSegment"]
    return made


@pytest.mark.usefixtures("seen")
async def test_attributes_show_what_came(api: Api) -> None:
    city, email, level, vip = await attributes(api)
    assert city | {"firstSeen": "", "lastSeen": ""} == {
        "name": "city",
        "nameZh": None,
        "nameEn": None,
        "description": None,
        "type": "STRING",
        "typeIsSet": False,
        "unit": None,
        "piiClass": "NONE",
        "active": True,
        "onConflict": "KEEP",
        "firstSeen": "",
        "lastSeen": "",
        "valueCount": 1,
        "typeCounts": [{"type": "STRING", "valueCount": 1}],
        "conflictCount": 0,
        "example": "Zu…(6)",
        "usedBy": [],
    }
    assert (city["firstSeen"], city["lastSeen"]) == ("2026-07-01T00:00:00.000Z",) * 2
    assert (email["piiClass"], email["example"]) == ("PERSONAL", None)
    assert (level["type"], level["valueCount"], level["conflictCount"]) == ("NUMBER", 2, 1)
    assert (vip["type"], vip["example"]) == ("BOOLEAN", "true")


@pytest.mark.usefixtures("seen")
async def test_events_show_their_properties_in_pages(api: Api) -> None:
    bought, viewed = (edge["node"] for edge in (await api.data(EVENTS))["eventDefinitions"]["edges"])
    assert (bought["name"], bought["eventCount"], viewed["name"], viewed["eventCount"]) == ("Bought", 2, "Viewed", 1)
    nodes = [edge["node"] for edge in bought["propertyDefinitions"]["edges"]]
    assert [(one["event"], one["name"], one["type"], one["valueCount"]) for one in nodes] == [
        ("Bought", "price", "NUMBER", 2),
        ("Bought", "shop", "OBJECT", 1),
        ("Bought", "shop.city", "STRING", 1),
    ]
    names: list[str] = []
    after, more = None, True
    while more:
        found = (await api.data(EVENTS, {"first": 1, "after": after}))["eventDefinitions"]["edges"][0]["node"]
        page = found["propertyDefinitions"]
        names += [edge["node"]["name"] for edge in page["edges"]]
        after, more = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]
    assert names == ["price", "shop", "shop.city"]


@pytest.mark.usefixtures("seen")
async def test_lists_are_searched_by_every_name_and_leave_out_what_is_off(api: Api) -> None:
    await update(api, "level", nameZh="会员等级", nameEn="Tier")
    await update(api, "vip", active=False)
    assert [one["name"] for one in await attributes(api, search="TIER")] == ["level"]
    assert [one["name"] for one in await attributes(api, search="等级")] == ["level"]
    assert [one["name"] for one in await attributes(api, search="IT")] == ["city"]
    assert [one["name"] for one in await attributes(api)] == ["city", "email", "level"]
    assert [one["name"] for one in await attributes(api, off=True)] == ["city", "email", "level", "vip"]
    too_long = await api.error(ATTRIBUTES, {"off": False, "search": "x" * 201})
    assert too_long["extensions"]["field"] == "search"
    forged = await api.error(ATTRIBUTES, {"off": False, "after": "made up"})
    assert forged["extensions"]["code"] == "BAD_USER_INPUT"


@pytest.mark.usefixtures("seen")
async def test_what_is_said_stays_and_null_takes_it_back(api: Api, graph: GraphClient) -> None:
    said = {
        "nameZh": " 城市 ",
        "nameEn": "City",
        "description": "Where they live",
        "unit": "-",
        "type": "STRING",
        "piiClass": "SENSITIVE",
        "onConflict": "COERCE",
        "active": False,
    }
    made = await update(api, "city", **said)
    assert {name: made[name] for name in said} == {**said, "nameZh": "城市"}
    assert (made["typeIsSet"], made["example"]) == (True, None)
    assert await update(api, "city") == made

    back = await update(api, "city", nameZh=None, unit="  ", onConflict="KEEP", type=None, piiClass="NONE")
    assert (back["nameZh"], back["unit"], back["onConflict"], back["typeIsSet"]) == (None, None, "KEEP", False)
    assert back["nameEn"] == "City"
    assert (await attributes_of(graph))["city"].description == "Where they live"


@pytest.mark.usefixtures("seen")
async def test_a_strict_name_has_a_type_that_somebody_said(api: Api) -> None:
    made = await update(api, "level", onConflict="QUARANTINE")
    assert (made["type"], made["typeIsSet"], made["onConflict"]) == ("NUMBER", True, "QUARANTINE")
    refused = await update(api, "level", type=None)
    assert [(one["field"], one["message"]) for one in refused["problems"]] == [
        ("input.type", "QUARANTINE needs a type.")
    ]
    assert (await update(api, "level", type=None, onConflict="KEEP"))["typeIsSet"] is False


@pytest.mark.usefixtures("seen")
@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"nameZh": "x" * 201}, "input.nameZh"),
        ({"description": "x" * 2_001}, "input.description"),
        ({"unit": "x" * 51}, "input.unit"),
        ({"active": None}, "input.active"),
        ({"piiClass": None}, "input.piiClass"),
        ({"onConflict": None}, "input.onConflict"),
    ],
)
async def test_what_cannot_be_said_is_refused(api: Api, said: dict[str, object], field: str) -> None:
    refused = await update(api, "city", **said)
    assert [one["field"] for one in refused["problems"]] == [field]


@pytest.mark.usefixtures("seen")
async def test_properties_and_events_are_said_too_and_unknown_names_are_not_found(api: Api, graph: GraphClient) -> None:
    asked: dict[str, object] = {"event": "Bought", "name": "price", "input": {"unit": "CHF", "active": False}}
    made = (await api.data(UPDATE_PROPERTY, asked))["updatePropertyDefinition"]
    assert (made["event"], made["unit"], made["active"]) == ("Bought", "CHF", False)
    assert (await properties_of(graph, "Viewed"))["price"].active
    named = (await api.data(UPDATE_EVENT, {"name": "Bought", "input": {"nameZh": "购买"}}))["updateEventDefinition"]
    assert named == {"__typename": "EventDefinition", "name": "Bought", "nameZh": "购买", "active": True}
    refused = (await api.data(UPDATE_EVENT, {"name": "Bought", "input": {"active": None}}))["updateEventDefinition"]
    assert [one["field"] for one in refused["problems"]] == ["input.active"]
    for query, nobody in (
        (UPDATE_PROPERTY, {**asked, "event": "Nothing"}),
        (UPDATE_EVENT, {"name": "Nothing", "input": {}}),
        (UPDATE_ATTRIBUTE, {"name": "nothing", "input": {}}),
    ):
        assert (await api.error(query, nobody))["extensions"]["code"] == "NOT_FOUND"


VIP = {"attribute": {"name": "vip", "op": "IS_TRUE"}}
CITY_OF_SHOP = {"event": {"name": "Bought", "where": [{"name": "shop.city", "op": "EQ", "values": ["Basel"]}]}}


@pytest.mark.usefixtures("seen")
async def test_what_is_off_is_refused_in_new_rules_and_old_ones_go_on(api: Api) -> None:
    await create(api, "vips", VIP)
    await create(api, "shoppers", CITY_OF_SHOP)
    await update(api, "vip", active=False)
    asked = {"event": "Bought", "name": "shop", "input": {"active": False}}
    await api.data(UPDATE_PROPERTY, asked)

    refused = await create(api, "more-vips", {"not": VIP})
    assert [(one["field"], one["hint"]) for one in refused["problems"]] == [
        ("input.rule.not.attribute.name", "Use another one, or switch it on in the registry.")
    ]
    refused = await create(api, "more", CITY_OF_SHOP)
    assert [one["field"] for one in refused["problems"]] == ["input.rule.event.where.0.name"]
    assert (await api.error(ESTIMATE, {"where": VIP}))["extensions"]["field"] == "where.attribute.name"
    changed = (await api.data(UPDATE, {"key": "vips", "input": {"rule": {"not": VIP}}}))["updateSegment"]
    assert changed["field"] == "input.rule.not.attribute.name"
    kept = (await api.data(UPDATE, {"key": "vips", "input": {"name": "Other", "rule": VIP}}))["updateSegment"]
    assert (kept["__typename"], kept["name"], kept["version"]) == ("Segment", "Other", 1)

    await update(api, "vip", active=True)
    assert (await create(api, "more-vips", {"not": VIP}))["__typename"] == "Segment"


@pytest.mark.usefixtures("seen")
async def test_users_of_a_name_are_listed_also_those_that_look_into_it(api: Api) -> None:
    await create(api, "vips", VIP)
    await create(api, "also-vips", {"not": VIP})
    await create(api, "shoppers", CITY_OF_SHOP)
    (vip,) = await attributes(api, search="vip")
    assert vip["usedBy"] == [{"kind": "SEGMENT", "key": key, "name": key} for key in ("also-vips", "vips")]
    bought, viewed = (edge["node"] for edge in (await api.data(EVENTS))["eventDefinitions"]["edges"])
    assert [user["key"] for user in bought["usedBy"]] == ["shoppers"]
    assert viewed["usedBy"] == []
    users = {
        edge["node"]["name"]: [user["key"] for user in edge["node"]["usedBy"]]
        for edge in bought["propertyDefinitions"]["edges"]
    }
    assert users == {"price": [], "shop": ["shoppers"], "shop.city": ["shoppers"]}


@pytest.mark.usefixtures("seen")
async def test_tags_are_users_of_names_too(api: Api, graph: GraphClient) -> None:
    await save_tag(graph, "orders", BOUGHT_COUNT)
    await create(api, "shoppers", CITY_OF_SHOP)
    bought, _ = (edge["node"] for edge in (await api.data(EVENTS))["eventDefinitions"]["edges"])
    assert [(user["kind"], user["key"]) for user in bought["usedBy"]] == [("SEGMENT", "shoppers"), ("TAG", "orders")]


@pytest.mark.usefixtures("seen")
async def test_a_comparison_with_another_type_is_refused_once_the_type_is_certain(api: Api) -> None:
    text = {"attribute": {"name": "level", "op": "EQ", "values": ["two"]}}
    assert (await create(api, "free", text))["__typename"] == "Segment"
    await update(api, "level", type="NUMBER")
    refused = await create(api, "strict", text)
    assert [one["field"] for one in refused["problems"]] == ["input.rule.attribute.values"]
    city = await create(api, "city", {"attribute": {"name": "city", "op": "GT", "values": [1]}})
    assert [one["field"] for one in city["problems"]] == ["input.rule.attribute.op"]
    unknown = await create(api, "unknown", {"attribute": {"name": "not seen yet", "op": "GT", "values": [1]}})
    assert unknown["__typename"] == "Segment"
    deep = {"attribute": {"name": "a." * 50_000, "op": "SET"}}
    assert (await create(api, "deep", deep))["__typename"] == "ValidationError"


async def test_the_dictionary_has_everything_and_runs_nothing(api: Api, graph: GraphClient, keyring: Keyring) -> None:
    odd = {"=cmd|' /C calc'!A0": 1, "a|b *[x](y)*\n<b>": "Zurich"}
    await see(graph, keyring, make_track("Bought", properties=odd), make_identify(traits={"vip": True}))
    await create(api, "vips", VIP)
    await update(api, "vip", nameZh="贵宾", active=False)

    text = (await api.data(DICTIONARY, {"format": "CSV", "language": "EN"}))["dataDictionary"]
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [(row["kind"], row["event"], row["name"]) for row in rows] == [
        ("attribute", "", "vip"),
        ("event", "", "Bought"),
        ("property", "Bought", "'=cmd|' /C calc'!A0"),
        ("property", "Bought", "a|b *[x](y)*\n<b>"),
    ]
    vip = rows[0]
    assert (vip["business name"], vip["on"], vip["type"], vip["volume"], vip["used by"]) == (
        "贵宾", "no", "BOOLEAN", "1", "vips",
    )  # fmt: skip
    assert rows[3]["example"] == "Zu…(6)"

    text = (await api.data(DICTIONARY, {"format": "MARKDOWN", "language": "ZH"}))["dataDictionary"]
    lines = text.splitlines()
    assert lines[0] == "# 数据字典"
    assert "| vip | 贵宾 |  | BOOLEAN |  | NONE | 否 | KEEP | 1 | 0 |" in text
    assert r"| a\|b \*\[x\](y)\* \<b\> |" in text
    assert "### Bought" in lines
    widths = {len(line.replace(r"\|", "").split("|")) for line in lines if line.startswith("|")}
    assert len(widths) == 1
