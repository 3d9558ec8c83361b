"""Reading and changing tags, and labels on customers."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from redis.asyncio import Redis

from base.keys import Keyring
from base.settings import Settings
from base.valkey import ARQ_QUEUE
from graph.client import GraphClient
from tests.support.api import Api
from tests.support.profiles import Person, event_id, write_people
from workers.jobs import make_services
from workers.tasks.segment import build_segment
from workers.tasks.tag import build_tag, delete_tag

TAG = """id key name category kind valueType mode zone keepOld version definition status asOf lastError progress count
  values { value count }"""
CREATE = f"""mutation C($input: CreateTagInput!) {{ createTag(input: $input) {{ __typename
  ... on Tag {{ {TAG} }} ... on ValidationError {{ message field hint problems {{ field }} }} }} }}"""
UPDATE = f"""mutation U($key: String!, $input: UpdateTagInput!) {{ updateTag(key: $key, input: $input) {{ __typename
  ... on Tag {{ {TAG} }} ... on ValidationError {{ message field hint }} }} }}"""
DELETE = """mutation D($key: String!) { deleteTag(key: $key) { __typename
  ... on DeletedTag { key } ... on ValidationError { message hint } } }"""
LABEL = """mutation L($ids: [ID!]!, $labels: [String!]!) { tagCustomers(key: "notes", ids: $ids, labels: $labels) {
  __typename ... on LabelledCustomers { count unknown } ... on ValidationError { message field } } }"""
SEGMENT = """mutation S($key: String!, $rule: RuleInput!) { createSegment(input: {key: $key, name: "S", rule: $rule}) {
  __typename ... on Segment { key } ... on ValidationError { field message } } }"""
VIP = {"attribute": {"name": "vip", "op": "IS_TRUE"}}
TIER = {"condition": {"values": [{"value": "gold", "rule": VIP}, {"value": "basic", "rule": {"everyone": True}}]}}
COUNT = {"statistical": {"event": {"name": "Bought", "measure": {"kind": "COUNT"}}}}
LIKES = {"preference": {"event": {"name": "Bought"}, "property": "sku", "top": 2}}
ANN = Person("cus_ann", attributes={"vip": True}, events=[("Bought", 1, {"sku": "a"}), ("Bought", 2, {"sku": "b"})])
BOB = Person("cus_bob", identifiers=[("user_id", "user-2")], events=[("Bought", 3, {"sku": "b"})])


async def create(api: Api, key: str, definition: object, **more: object) -> dict[str, object]:
    given = {"key": key, "name": "A name", "definition": definition, **more}
    made: dict[str, object] = (await api.data(CREATE, {"input": given}))["createTag"]
    return made


async def move(api: Api, mutation: str, key: str) -> Mapping[str, object]:
    shown = "... on Tag { status version } ... on ValidationError { message hint }"
    text = f'mutation {{ {mutation}(key: "{key}") {{ __typename {shown} }} }}'
    moved: Mapping[str, object] = (await api.data(text))[mutation]
    return moved


async def queued(redis: Redis) -> list[str]:
    return sorted(one.decode() for one in await redis.zrange(ARQ_QUEUE, 0, -1))


@pytest.fixture
def work(settings: Settings, graph: GraphClient, redis: Redis) -> dict[str, object]:
    """What background jobs get."""
    return {"services": make_services(settings, graph, redis)}


async def test_a_tag_is_made_built_and_shown(
    api: Api, graph: GraphClient, redis: Redis, keyring: Keyring, work: dict[str, object]
) -> None:
    await write_people(graph, keyring, ANN, BOB)
    made = await create(api, "tier", TIER, category="value/shop", zone="Asia/Shanghai")

    assert (made["__typename"], made["status"], made["version"], made["count"]) == ("Tag", "BUILDING", 1, 0)
    assert (made["kind"], made["valueType"], made["mode"], made["zone"]) == (
        "CONDITION",
        "STRING",
        "LIVE",
        "Asia/Shanghai",
    )
    assert made["definition"] == {
        "condition": {
            "values": [
                {"value": "gold", "rule": {"attribute": {"name": "vip", "op": "IS_TRUE", "values": []}}},
                {"value": "basic", "rule": {"everyone": True}},
            ]
        }
    }
    assert await queued(redis) == ["build_tag:tier:1"]
    await build_tag(work, "tier", 1)
    shown = (await api.data(f'{{tag(key: "tier") {{ {TAG} }}}}'))["tag"]
    assert (shown["status"], shown["progress"], shown["count"]) == ("LIVE", 1.0, 2)
    assert shown["asOf"] is not None
    assert shown["values"] == [{"value": "basic", "count": 1}, {"value": "gold", "count": 1}]
    assert (await api.data(f'{{node(id: "{shown["id"]}") {{ id ... on Tag {{ key }} }}}}'))["node"]["key"] == "tier"
    asked = """{customer(id: "cus_ann") { tags { value since tag { key name } labels { label } } }}"""
    [assigned] = (await api.data(asked))["customer"]["tags"]
    assert (assigned["value"], assigned["tag"], assigned["labels"]) == ("gold", {"key": "tier", "name": "A name"}, [])
    assert (await api.data('{customer(id: "cus_bob") { tags { value tag { status } } }}'))["customer"]["tags"] == [
        {"value": "basic", "tag": {"status": "LIVE"}}
    ]


@pytest.mark.parametrize(
    ("key", "definition", "more", "field"),
    [
        ("Not a key", COUNT, {}, "input.key"),
        ("k", COUNT, {"category": "a//b"}, "input.category"),
        ("k", COUNT, {"zone": "Moon/Crater"}, "input.zone"),
        (
            "k",
            {"preference": {"event": {"name": "e"}, "property": "p", "top": 99}},
            {},
            "input.definition.preference.top",
        ),
        (
            "k",
            {"condition": {"values": [{"value": "v", "rule": {"segment": "nowhere"}}]}},
            {},
            "input.definition.condition.values.0.rule.segment",
        ),
        (
            "k",
            {"condition": {"values": [{"value": "v", "rule": {"tag": {"key": "k", "op": "SET"}}}]}},
            {},
            "input.definition.condition.values.0.rule.tag",
        ),
        (
            "k",
            {"firstLast": {"event": {"name": "e"}, "which": "LAST", "take": "PROPERTY"}},
            {},
            "input.definition.firstLast.property",
        ),
    ],
)
async def test_a_wrong_input_says_where_and_changes_nothing(
    api: Api, redis: Redis, key: str, definition: object, more: dict[str, object], field: str
) -> None:
    refused = await create(api, key, definition, **more)

    assert (refused["__typename"], refused["field"]) == ("ValidationError", field)
    assert (await api.data("{tags {edges {node {key}}}}"))["tags"]["edges"] == []
    assert await queued(redis) == []


async def test_tags_and_segments_cannot_come_back_to_themselves(api: Api) -> None:
    await create(api, "tier", TIER)
    await api.data(SEGMENT, {"key": "golden", "rule": {"tag": {"key": "tier", "op": "EQ", "values": ["gold"]}}})
    circle = {"condition": {"values": [{"value": "gold", "rule": {"segment": "golden"}}]}}

    refused = (await api.data(UPDATE, {"key": "tier", "input": {"definition": circle}}))["updateTag"]

    assert refused["message"] == "The tag comes back to itself: tag:tier → golden → tag:tier."


async def test_a_rule_names_tags_that_exist_by_their_type(
    api: Api, graph: GraphClient, keyring: Keyring, work: dict[str, object]
) -> None:
    await write_people(graph, keyring, ANN, BOB)
    await create(api, "orders", COUNT)
    await build_tag(work, "orders", 1)
    wrong = await api.data(SEGMENT, {"key": "s", "rule": {"tag": {"key": "orders", "op": "CONTAINS", "values": ["1"]}}})
    right = {"tag": {"key": "orders", "op": "GTE", "values": [2]}}
    await api.data(SEGMENT, {"key": "often", "rule": right})
    await build_segment(work, "often", 1)

    assert wrong["createSegment"]["field"] == "input.rule.tag.op"
    assert (await api.data('{segment(key: "often") {count}}'))["segment"]["count"] == 1
    listed = await api.data("query L($r: RuleInput!) {customers(where: $r) {edges {node {id}}}}", {"r": right})
    assert [edge["node"]["id"] for edge in listed["customers"]["edges"]] == ["cus_ann"]
    unknown = await api.error(
        "query E($r: RuleInput!) {estimate(where: $r) {count}}", {"r": {"tag": {"key": "x", "op": "SET"}}}
    )
    assert unknown["extensions"]["field"] == "where.tag"


async def test_a_tag_in_use_stays(api: Api, graph: GraphClient, keyring: Keyring, work: dict[str, object]) -> None:
    await write_people(graph, keyring, ANN)
    await create(api, "orders", COUNT)
    await build_tag(work, "orders", 1)
    await api.data(SEGMENT, {"key": "often", "rule": {"tag": {"key": "orders", "op": "GTE", "values": [2]}}})

    refused = (await api.data(DELETE, {"key": "orders"}))["deleteTag"]
    other = (
        await api.data(
            UPDATE,
            {
                "key": "orders",
                "input": {"definition": {**COUNT, "statistical": {**COUNT["statistical"], "layers": [{"value": "a"}]}}},
            },
        )
    )["updateTag"]
    assert refused["message"] == "In use by often."
    assert (other["__typename"], other["field"]) == ("ValidationError", "input.definition")

    await api.data('mutation {deleteSegment(key: "often") {__typename}}')
    assert (await api.data(DELETE, {"key": "orders"}))["deleteTag"] == {"__typename": "DeletedTag", "key": "orders"}
    assert (await api.data('{tag(key: "orders") {key} customer(id: "cus_ann") {tags {value}}}')) == {
        "tag": None,
        "customer": {"tags": []},
    }
    assert (await create(api, "orders", COUNT))["hint"] == "Try again in a minute."
    await delete_tag(work, "orders")
    assert (await create(api, "orders", COUNT))["version"] == 1


async def test_only_what_may_change_values_is_a_new_version(api: Api, redis: Redis) -> None:
    await create(api, "likes", LIKES)

    renamed = await api.data(UPDATE, {"key": "likes", "input": {"name": "Likes", "category": "x", "definition": LIKES}})
    kept = (await api.data(UPDATE, {"key": "likes", "input": {"keepOld": True}}))["updateTag"]
    other = (await api.data(UPDATE, {"key": "likes", "input": {"definition": COUNT}}))["updateTag"]

    assert (renamed["updateTag"]["name"], renamed["updateTag"]["version"]) == ("Likes", 1)
    assert (kept["version"], kept["status"], kept["category"]) == (2, "BUILDING", "x")
    assert "build_tag:likes:2" in await queued(redis)
    assert other["message"] == "The tag is of kind PREFERENCE."
    assert (await api.error(UPDATE, {"key": "none", "input": {}}))["extensions"]["code"] == "NOT_FOUND"


async def test_a_tag_rests_and_goes_on(api: Api, redis: Redis, work: dict[str, object]) -> None:
    assert (await create(api, "likes", LIKES, draft=True))["status"] == "DRAFT"
    assert await queued(redis) == []
    assert (await move(api, "pauseTag", "likes"))["message"] == "The tag is DRAFT."
    assert (await move(api, "buildTag", "likes"))["hint"] == "resumeTag has it built and kept up to date."
    assert (await move(api, "resumeTag", "likes"))["status"] == "BUILDING"
    await build_tag(work, "likes", 2)
    assert (await move(api, "buildTag", "likes"))["status"] == "BUILDING"
    assert (await move(api, "pauseTag", "likes"))["status"] == "PAUSED"
    await build_tag(work, "likes", 2)
    assert (await api.data('{tag(key: "likes") {status}}'))["tag"]["status"] == "PAUSED"
    assert (await move(api, "offlineTag", "likes"))["status"] == "OFFLINE"
    rule = {"tag": {"key": "likes", "op": "SET"}}
    assert (await api.data(SEGMENT, {"key": "s", "rule": rule}))["createSegment"]["field"] == "input.rule.tag"
    await move(api, "resumeTag", "likes")
    assert (await api.data(SEGMENT, {"key": "s", "rule": rule}))["createSegment"]["__typename"] == "Segment"


async def test_tags_are_listed_by_category_and_text(api: Api) -> None:
    for key, category in (("a", "shop"), ("b", "shop/orders"), ("c", "shopping"), ("d", None)):
        await create(api, key, COUNT, **({} if category is None else {"category": category}))

    async def keys(arguments: str) -> list[str]:
        page = (await api.data(f"{{tags({arguments}) {{edges {{node {{key}} cursor}} pageInfo {{hasNextPage}}}}}}"))[
            "tags"
        ]
        return [edge["node"]["key"] for edge in page["edges"]]

    assert await keys('category: "shop"') == ["a", "b"]
    assert await keys('search: "D"') == ["d"]
    assert await keys("first: 3") == ["a", "b", "c"]


async def test_labels_are_put_on_and_taken_off(api: Api, graph: GraphClient, keyring: Keyring) -> None:
    await write_people(graph, keyring, ANN, BOB)
    assert (await create(api, "notes", {"manual": True}))["status"] == "LIVE"
    done = (await api.data(LABEL, {"ids": ["cus_ann", "cus_none"], "labels": ["kind", "vip"]}))["tagCustomers"]
    asked = '{customer(id: "cus_ann") {tags {value labels {label author at}}}}'
    [assigned] = (await api.data(asked))["customer"]["tags"]

    assert (done["count"], done["unknown"]) == (1, ["cus_none"])
    assert assigned["value"] == ["kind", "vip"]
    assert [(one["label"], one["author"]) for one in assigned["labels"]] == [("kind", "admin"), ("vip", "admin")]
    why = (await api.data('{explain(customer: "cus_ann", tag: "notes") {kind answer value}}'))["explain"]
    assert why == {"kind": "tag", "answer": True, "value": ["kind", "vip"]}
    taken = (
        'mutation {untagCustomers(key: "notes", ids: ["cus_ann"], labels: ["vip"]) {... on LabelledCustomers {count}}}'
    )
    assert (await api.data(taken))["untagCustomers"] == {"count": 1}
    assert (await api.data(asked))["customer"]["tags"][0]["value"] == ["kind"]
    assert (await api.data(LABEL, {"ids": ["cus_ann"], "labels": [" "]}))["tagCustomers"]["field"] == "labels.0"
    assert (await api.data(LABEL, {"ids": [], "labels": ["x"]}))["tagCustomers"]["field"] == "ids"
    await move(api, "pauseTag", "notes")
    assert (await api.data(LABEL, {"ids": ["cus_ann"], "labels": ["x"]}))["tagCustomers"]["field"] == "key"
    assert (await move(api, "resumeTag", "notes"))["status"] == "LIVE"
    assert (await api.data(LABEL, {"ids": ["cus_ann"], "labels": ["x"]}))["tagCustomers"]["count"] == 1


async def test_why_a_tag_has_its_value(api: Api, graph: GraphClient, keyring: Keyring) -> None:
    await write_people(graph, keyring, ANN)
    await create(api, "likes", LIKES)
    await create(api, "tier", TIER)
    asked = """query W($tag: String!) {explain(customer: "cus_ann", tag: $tag) {
      kind answer value eventIds children {kind answer}}}"""

    assert (await api.data(asked, {"tag": "likes"}))["explain"] == {
        "kind": "tag",
        "answer": True,
        "value": ["a", "b"],
        "eventIds": [event_id(ANN, 1), event_id(ANN, 0)],
        "children": [],
    }
    assert (await api.data(asked, {"tag": "tier"}))["explain"]["children"] == [
        {"kind": "attribute", "answer": True},
        {"kind": "everyone", "answer": True},
    ]
    assert (await api.error(asked, {"tag": "none"}))["extensions"]["code"] == "NOT_FOUND"


async def test_what_depends_on_everybody_is_never_live(api: Api, graph: GraphClient, keyring: Keyring) -> None:
    await write_people(graph, keyring, ANN)
    spent = {"name": "Bought", "measure": {"kind": "SUM", "property": "total"}}
    cuts = {"recency": {"mean": True}, "frequency": {"top": 3}, "monetary": {"topPercent": 20}}
    ranked = {"rfm": {"event": spent, "cuts": cuts}}
    measured = {"statistical": {"event": spent}}
    shared = {"statistical": {"event": spent, "shares": [{"value": "best", "topPercent": 20}]}}

    refused = await create(api, "rfm", ranked, mode="LIVE")
    made = await create(api, "rfm", ranked, draft=True)
    await create(api, "spent", measured, draft=True)
    kept_live = (await api.data(UPDATE, {"key": "spent", "input": {"definition": shared}}))["updateTag"]
    weekly = (await api.data(UPDATE, {"key": "spent", "input": {"definition": shared, "mode": "WEEKLY"}}))["updateTag"]

    assert (refused["field"], refused["hint"]) == ("input.mode", "Choose DAILY, WEEKLY or MANUAL.")
    assert (made["kind"], made["mode"], made["definition"]) == ("RFM", "DAILY", ranked)
    assert kept_live["field"] == "input.mode"
    assert (weekly["mode"], weekly["definition"]) == ("WEEKLY", shared)
    asked = '{explain(customer: "cus_ann", tag: "rfm") {answer value eventIds}}'
    # No build has given her a value.
    newest_first = [event_id(ANN, 1), event_id(ANN, 0)]
    assert (await api.data(asked))["explain"] == {"answer": False, "value": None, "eventIds": newest_first}
