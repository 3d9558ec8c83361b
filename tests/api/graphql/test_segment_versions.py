"""Every rule that a segment had, and the way back."""

from __future__ import annotations

from redis.asyncio import Redis

from graph.client import GraphClient
from graph.repositories.segment_build import SegmentBuildRepository
from tests.api.graphql.test_segments import BOUGHT, UPDATE, VIP, create, queued
from tests.support.api import Api
from tests.support.segments import segment_of

VERSIONS = """query V($after: String) { segment(key: "a") { version versions(first: 2, after: $after) {
  edges { node { version name rule author reason at } } pageInfo { hasNextPage endCursor } } } }"""
DIFFERENCE = """query D($from: Int!, $to: Int!) { segment(key: "a") { versionDifference(from: $from, to: $to) {
  path kind before after } } }"""
RESTORE = """mutation R($version: Int!) { restoreSegmentVersion(key: "a", version: $version, reason: "It was better.") {
  __typename ... on Segment { version rule status } ... on ValidationError { field message } } }"""
BOTH = {"all": [VIP, BOUGHT]}


async def change(api: Api, **change: object) -> None:
    changed = (await api.data(UPDATE, {"key": "a", "input": change}))["updateSegment"]
    assert changed["__typename"] == "Segment"


async def test_every_rule_is_kept_with_its_reason(api: Api) -> None:
    await create(api, "a", name="First")
    await change(api, rule=BOUGHT, name="Second", reason="They buy.")
    await change(api, name="Third", reason="Of a name, nothing is kept.")
    await change(api, rule=BOTH)

    first = (await api.data(VERSIONS))["segment"]["versions"]
    second = (await api.data(VERSIONS, {"after": first["pageInfo"]["endCursor"]}))["segment"]["versions"]

    nodes = [edge["node"] for page in (first, second) for edge in page["edges"]]
    assert [(one["version"], one["name"], one["reason"]) for one in nodes] == [
        (3, "Third", None),
        (2, "Second", "They buy."),
        (1, "First", None),
    ]
    assert {one["author"] for one in nodes} == {"admin"}
    assert nodes[2]["rule"] == {"attribute": {"name": "vip", "op": "IS_TRUE", "values": []}}
    assert (first["pageInfo"]["hasNextPage"], second["pageInfo"]["hasNextPage"]) == (True, False)


async def test_the_difference_of_two_versions_names_places(api: Api) -> None:
    await create(api, "b")
    await create(api, "a", {"all": [VIP, BOUGHT]})
    await change(api, rule={"all": [{"event": {"name": "Bought", "window": {"last": "P7D"}}}, {"segment": "b"}]})

    found = (await api.data(DIFFERENCE, {"from": 1, "to": 2}))["segment"]["versionDifference"]

    assert found == [
        {
            "path": "rule.all.0",
            "kind": "REMOVED",
            "before": {"attribute": {"name": "vip", "op": "IS_TRUE", "values": []}},
            "after": None,
        },
        {"path": "rule.all.0.event.window.last", "kind": "CHANGED", "before": "P30D", "after": "P7D"},
        {"path": "rule.all.1", "kind": "ADDED", "before": None, "after": {"segment": "b"}},
    ]
    unknown = await api.error(DIFFERENCE, {"from": 1, "to": 3})
    assert (unknown["extensions"]["code"], unknown["extensions"]["field"]) == ("BAD_USER_INPUT", "to")


async def test_an_earlier_rule_comes_back_as_a_new_version(api: Api, redis: Redis) -> None:
    await create(api, "a")
    await change(api, rule=BOUGHT)

    restored = (await api.data(RESTORE, {"version": 1}))["restoreSegmentVersion"]
    same = (await api.data(RESTORE, {"version": 3}))["restoreSegmentVersion"]

    assert (restored["version"], restored["status"]) == (3, "BUILDING")
    assert restored["rule"] == {"attribute": {"name": "vip", "op": "IS_TRUE", "values": []}}
    assert same["version"] == 3
    assert "build_segment:a:3" in await queued(redis)
    newest = (await api.data(VERSIONS))["segment"]["versions"]["edges"][0]["node"]
    assert (newest["version"], newest["reason"]) == (3, "It was better.")
    assert (await api.error(RESTORE, {"version": 4}))["extensions"]["code"] == "NOT_FOUND"


async def test_a_rule_that_names_what_is_gone_does_not_come_back(api: Api) -> None:
    await create(api, "b")
    await create(api, "a", {"segment": "b"})
    await change(api, rule=VIP)
    await api.data('mutation {deleteSegment(key: "b") {__typename}}')

    refused = (await api.data(RESTORE, {"version": 1}))["restoreSegmentVersion"]

    assert (refused["field"], refused["message"]) == ("version", "There is no such segment.")


async def test_true_is_another_rule_than_one(api: Api) -> None:
    await create(api, "a", {"attribute": {"name": "x", "op": "EQ", "values": [1]}})
    await change(api, rule={"attribute": {"name": "x", "op": "EQ", "values": [True]}})

    assert (await api.data(VERSIONS))["segment"]["version"] == 2


async def test_a_rule_that_could_not_be_built_is_tried_again_when_it_is_saved(api: Api, graph: GraphClient) -> None:
    await create(api, "a")
    await SegmentBuildRepository(graph).fail("a", 1, "It failed.")
    await change(api, rule=VIP)

    segment = await segment_of(graph, "a")
    assert (segment.version, segment.status, segment.last_error) == (2, "BUILDING", None)
