"""Reading and changing segments."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path

import pytest
from redis.asyncio import Redis

from base.clock import now_ms, parse_iso_ms
from base.keys import Keyring
from base.settings import Settings
from base.valkey import ARQ_QUEUE
from graph.client import GraphClient
from resolvers.context import MAX_ESTIMATES
from tests.api.graphql.test_customers import ann
from tests.support.answering import answering
from tests.support.api import Api
from tests.support.line import Line
from tests.support.profiles import Person, write_people
from tests.support.tags import BOUGHT_COUNT, save_tag
from workers.projection.client import ColumnStore, Counted

CREATE = """mutation C($input: CreateSegmentInput!) { createSegment(input: $input) { __typename
  ... on Segment { id key name rule version status count asOf lastError progress }
  ... on ValidationError { message field hint problems { field message hint } } } }"""
UPDATE = """mutation U($key: String!, $input: UpdateSegmentInput!) { updateSegment(key: $key, input: $input) {
  __typename ... on Segment { key name rule version status } ... on ValidationError { field message } } }"""
DELETE = """mutation D($key: String!) { deleteSegment(key: $key) { __typename
  ... on DeletedSegment { key } ... on ValidationError { message hint } } }"""
ESTIMATE = "query E($r: RuleInput!) {estimate(where: $r) {count asOf}}"
VIP = {"attribute": {"name": "vip", "op": "IS_TRUE"}}
BOUGHT = {"event": {"name": "Bought", "window": {"last": "P30D"}}}


async def create(api: Api, key: str, rule: object = VIP, name: str = "A name") -> dict[str, object]:
    made: dict[str, object] = (await api.data(CREATE, {"input": {"key": key, "name": name, "rule": rule}}))[
        "createSegment"
    ]
    return made


async def queued(redis: Redis) -> list[str]:
    return sorted(one.decode() for one in await redis.zrange(ARQ_QUEUE, 0, -1))


async def test_a_new_segment_is_stored_and_its_build_queued(api: Api, redis: Redis) -> None:
    made = await create(api, "vips")

    assert made["__typename"] == "Segment"
    assert (made["key"], made["version"], made["status"], made["count"]) == ("vips", 1, "BUILDING", 0)
    assert made["rule"] == {"attribute": {"name": "vip", "op": "IS_TRUE", "values": []}} or made["rule"] == VIP
    assert str(made["id"]).startswith("seg_")
    assert (await api.data('{segment(key: "vips") {id}}'))["segment"] == {"id": made["id"]}
    assert await queued(redis) == ["build_segment:vips:1"]


@pytest.mark.parametrize(
    ("key", "name", "rule", "field"),
    [
        ("Not a key", "n", VIP, "input.key"),
        ("k", " ", VIP, "input.name"),
        ("k", "n", {"segment": "nowhere"}, "input.rule.segment"),
        ("k", "n", {"segment": "k"}, "input.rule"),
        ("k", "n", {"attribute": {"name": "a", "op": "LT", "values": ["x"]}}, "input.rule.attribute.values.0"),
        ("k", "n", {"event": {"name": "e", "window": {"last": "soon"}}}, "input.rule.event.window.last"),
        ("k", "n", {"any": [VIP, {"tag": {"key": "t", "op": "SET"}}]}, "input.rule.any.1.tag"),
        ("k", "n", {"sequence": {"steps": [], "within": "P1D"}}, "input.rule.sequence.steps"),
    ],
)
async def test_a_wrong_input_says_where_and_changes_nothing(
    api: Api, redis: Redis, key: str, name: str, rule: object, field: str
) -> None:
    refused = await create(api, key, rule, name)

    assert refused["__typename"] == "ValidationError"
    assert refused["field"] == field
    assert refused["message"]
    assert (await api.data("{segments {edges {node {key}}}}"))["segments"]["edges"] == []
    assert await queued(redis) == []


async def test_all_problems_come_at_once(api: Api) -> None:
    refused = await create(api, "NO", {"event": {"name": "e", "op": "SET"}}, "")

    assert [one["field"] for one in refused["problems"]] == [  # type: ignore[attr-defined]
        "input.key",
        "input.name",
        "input.rule.event.op",
    ]


async def test_a_key_is_taken_once(api: Api) -> None:
    await create(api, "vips")

    assert (await create(api, "vips"))["field"] == "input.key"


async def test_one_of_several_kinds_is_refused_by_the_schema(api: Api) -> None:
    error = await api.error(CREATE, {"input": {"key": "k", "name": "n", "rule": {**VIP, **BOUGHT}}})

    assert error["extensions"]["code"] == "BAD_USER_INPUT"


async def test_a_changed_rule_is_a_new_version_and_a_name_is_not(api: Api, redis: Redis) -> None:
    await create(api, "vips")

    renamed = (await api.data(UPDATE, {"key": "vips", "input": {"name": "VIPs", "rule": VIP}}))["updateSegment"]
    changed = (await api.data(UPDATE, {"key": "vips", "input": {"rule": BOUGHT}}))["updateSegment"]

    assert (renamed["name"], renamed["version"]) == ("VIPs", 1)
    assert (changed["name"], changed["version"], changed["status"]) == ("VIPs", 2, "BUILDING")
    assert "build_segment:vips:2" in await queued(redis)


async def test_an_unknown_segment_is_not_found(api: Api) -> None:
    for query in (UPDATE, DELETE):
        error = await api.error(query, {"key": "none", "input": {"name": "n"}})
        assert error["extensions"]["code"] == "NOT_FOUND"
    assert (await api.data('{segment(key: "none") {id}}'))["segment"] is None


async def test_cycles_are_refused(api: Api) -> None:
    await create(api, "a")
    await create(api, "b", {"segment": "a"})

    refused = (await api.data(UPDATE, {"key": "a", "input": {"rule": {"not": {"segment": "b"}}}}))["updateSegment"]

    assert refused["__typename"] == "ValidationError"
    assert "a → b → a" in refused["message"]


async def test_a_used_segment_stays_and_a_deleted_one_is_gone_at_once(api: Api, redis: Redis) -> None:
    await create(api, "a")
    await create(api, "b", {"segment": "a"})

    refused = (await api.data(DELETE, {"key": "a"}))["deleteSegment"]
    assert "b" in refused["message"]

    assert (await api.data(DELETE, {"key": "b"}))["deleteSegment"]["key"] == "b"
    assert (await api.data(DELETE, {"key": "a"}))["deleteSegment"]["key"] == "a"
    assert (await api.data('{segment(key: "a") {id} segments {edges {node {key}}}}')) == {
        "segment": None,
        "segments": {"edges": []},
    }
    assert "delete_segment:a" in await queued(redis)
    assert "deleted" in str((await create(api, "a"))["message"])


async def test_segments_are_listed_searched_and_paged(api: Api) -> None:
    for key in ("a1", "a2", "b1"):
        await create(api, key, name=f"Name {key}")
    query = """query S($s: String, $a: String) {segments(search: $s, first: 2, after: $a) {
      edges {node {key}} pageInfo {hasNextPage endCursor}}}"""

    first = (await api.data(query))["segments"]
    second = (await api.data(query, {"a": first["pageInfo"]["endCursor"]}))["segments"]
    found = (await api.data(query, {"s": "NAME A"}))["segments"]

    assert [edge["node"]["key"] for edge in first["edges"] + second["edges"]] == ["a1", "a2", "b1"]
    assert (first["pageInfo"]["hasNextPage"], second["pageInfo"]["hasNextPage"]) == (True, False)
    assert [edge["node"]["key"] for edge in found["edges"]] == ["a1", "a2"]


async def test_members_are_counted_and_paged(api: Api, graph: GraphClient, keyring: Keyring) -> None:
    await create(api, "vips")
    people = [Person(f"cus_{n:02d}", identifiers=(("user_id", f"u{n}"),), segments=("vips",)) for n in range(5)]
    await write_people(graph, keyring, *people)
    query = """query M($a: String) {segment(key: "vips") {count members(first: 2, after: $a) {
      edges {node {id segments {segment {key}}}} pageInfo {hasNextPage endCursor}}}}"""

    seen: list[str] = []
    after = None
    for _ in range(3):
        segment = (await api.data(query, {"a": after}))["segment"]
        seen += [edge["node"]["id"] for edge in segment["members"]["edges"]]
        after = segment["members"]["pageInfo"]["endCursor"]

    assert segment["count"] == 5
    assert seen == [person.id for person in people]
    assert segment["members"]["pageInfo"]["hasNextPage"] is False


async def test_estimate_where_and_explain_agree(
    api: Api, graph: GraphClient, redis: Redis, keyring: Keyring, settings: Settings, tmp_path: Path
) -> None:
    others = [Person(f"cus_x{n}", identifiers=(("user_id", f"x{n}"),), events=[("Viewed", 1, {})]) for n in range(3)]
    await write_people(graph, keyring, ann(segments=()), *others)
    rule = {"event": {"name": "Bought", "where": [{"name": "amount", "op": "GT", "values": [5]}]}}

    async with answering(graph, redis, settings, tmp_path):
        count = (await api.data(ESTIMATE, {"r": rule}))["estimate"]
    listed = await api.data("query L($r: RuleInput!) {customers(where: $r) {edges {node {id}}}}", {"r": rule})
    why = """query W($r: RuleInput!, $c: ID!) {explain(customer: $c, where: $r) {
      kind condition answer value eventIds children {answer kind}}}"""
    yes = (await api.data(why, {"r": {"all": [rule, VIP]}, "c": "cus_ann"}))["explain"]
    no = (await api.data(why, {"r": rule, "c": "cus_x0"}))["explain"]

    assert count["count"] == 1
    assert [edge["node"]["id"] for edge in listed["customers"]["edges"]] == ["cus_ann"]
    assert yes["kind"] == "all"
    assert [child["answer"] for child in yes["children"]] == [True, True]
    assert (no["answer"], no["value"], no["eventIds"]) == (False, 0, [])


async def test_an_estimate_sees_what_was_committed_before_it(
    api: Api, graph: GraphClient, redis: Redis, keyring: Keyring, settings: Settings, tmp_path: Path
) -> None:
    line = Line.of(graph, redis, keyring)
    async with answering(graph, redis, settings, tmp_path):
        for number in range(1, 6):
            asked_ms = now_ms()
            await line.apply({"type": "track", "event": "Bought", "userId": f"u{number}", "messageId": f"m{number}"})
            told = (await api.data(ESTIMATE, {"r": {"event": {"name": "Bought"}}}))["estimate"]
            assert told["count"] == number
            assert parse_iso_ms(told["asOf"]) >= asked_ms


async def test_an_estimate_reads_tags(
    api: Api, graph: GraphClient, redis: Redis, keyring: Keyring, settings: Settings, tmp_path: Path
) -> None:
    await save_tag(graph, "bought", BOUGHT_COUNT)
    line = Line.of(graph, redis, keyring)
    async with answering(graph, redis, settings, tmp_path):
        for number in range(3):
            await line.apply(
                {"type": "track", "event": "Bought", "userId": f"u{number % 2}", "messageId": f"m{number}"}
            )
        rule = {"tag": {"key": "bought", "op": "GTE", "values": [2]}}

        assert (await api.data(ESTIMATE, {"r": rule}))["estimate"]["count"] == 1


async def test_an_estimate_without_anybody_to_ask_says_so(api: Api) -> None:
    error = await api.error(ESTIMATE, {"r": {"everyone": True}})

    assert error["extensions"]["code"] == "UNAVAILABLE"
    assert "analytics" in error["extensions"]["hint"]


async def test_only_so_many_estimates_run_at_once(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    may_go_on = asyncio.Event()

    async def slow(self: ColumnStore, rule: Mapping[str, object]) -> Counted:
        await may_go_on.wait()
        return Counted(1, 0)

    monkeypatch.setattr(ColumnStore, "count", slow)
    rule = {"r": {"everyone": True}}
    running = [asyncio.create_task(api.data(ESTIMATE, rule)) for _ in range(MAX_ESTIMATES)]
    await asyncio.sleep(0.2)
    refused = await api.error(ESTIMATE, rule)
    may_go_on.set()

    assert refused["extensions"]["code"] == "RATE_LIMITED"
    assert [(await one)["estimate"]["count"] for one in running] == [1] * MAX_ESTIMATES
    assert (await api.data(ESTIMATE, rule))["estimate"]["count"] == 1


async def test_explain_names_the_deciding_event(api: Api, graph: GraphClient, keyring: Keyring) -> None:
    await create(api, "bought", {"event": {"name": "Bought"}})
    await write_people(graph, keyring, ann(segments=()))

    found = (await api.data('{explain(customer: "cus_ann", segment: "bought") {answer value eventIds}}'))["explain"]
    events = await api.data('{customer(id: "cus_ann") {events(names: ["Bought"]) {edges {node {id}}}}}')

    assert found["answer"] is True
    assert found["eventIds"] == [events["customer"]["events"]["edges"][0]["node"]["id"]]
    missing = await api.error('{explain(customer: "cus_none", segment: "bought") {answer}}')
    assert missing["extensions"]["code"] == "NOT_FOUND"
