"""Everything that decided a tag's values, and the way back."""

from __future__ import annotations

from typing import Any

from redis.asyncio import Redis

from base.settings import Settings
from graph.client import GraphClient
from tests.api.graphql.test_tags import COUNT, DELETE, LIKES, TIER, UPDATE, VIP, create, move, queued
from tests.support.api import Api
from tests.support.line import query
from workers.jobs import make_services
from workers.tasks.tag import delete_tag

VERSIONS = """query V($after: String) { tag(key: "a") { version versions(first: 2, after: $after) {
  edges { node { version name definition mode zone keepOld author reason at } }
  pageInfo { hasNextPage endCursor } } } }"""
DIFFERENCE = """query D($from: Int!, $to: Int!) { tag(key: "a") { versionDifference(from: $from, to: $to) {
  path kind before after } } }"""
RESTORE = """mutation R($version: Int!, $reason: String) {
  restoreTagVersion(key: "a", version: $version, reason: $reason) {
    __typename ... on Tag { version definition mode status } ... on ValidationError { field message } } }"""
LEFT = query("MATCH (v:TagVersion) RETURN count(v) AS count")
SILVER = {"condition": {"values": [{"value": "silver", "rule": VIP}, {"value": "basic", "rule": {"everyone": True}}]}}


async def change(api: Api, **change: object) -> dict[str, Any]:
    changed: dict[str, Any] = (await api.data(UPDATE, {"key": "a", "input": change}))["updateTag"]
    assert changed["__typename"] == "Tag"
    return changed


async def nodes(api: Api) -> list[dict[str, Any]]:
    first = (await api.data(VERSIONS))["tag"]["versions"]
    pages = [first]
    if first["pageInfo"]["hasNextPage"]:
        pages.append((await api.data(VERSIONS, {"after": first["pageInfo"]["endCursor"]}))["tag"]["versions"])
    return [edge["node"] for page in pages for edge in page["edges"]]


async def test_what_may_change_values_is_kept_with_its_reason(api: Api) -> None:
    await create(api, "a", TIER, name="First", reason="To begin with.")
    await change(api, mode="DAILY", name="Second", reason="Enough.")
    await change(api, name="Third", category="x", reason="Of a name, nothing is kept.")
    await move(api, "pauseTag", "a")
    await move(api, "resumeTag", "a")

    found = await nodes(api)

    assert [(one["version"], one["name"], one["mode"], one["reason"]) for one in found] == [
        (3, "Third", "DAILY", None),
        (2, "Second", "DAILY", "Enough."),
        (1, "First", "LIVE", "To begin with."),
    ]
    assert {one["author"] for one in found} == {"admin"}
    assert found[2]["definition"]["condition"]["values"][0]["value"] == "gold"


async def test_the_difference_of_two_versions_names_places(api: Api) -> None:
    await create(api, "a", TIER)
    await change(api, definition=SILVER, zone="Asia/Shanghai", keepOld=True)

    found = (await api.data(DIFFERENCE, {"from": 1, "to": 2}))["tag"]["versionDifference"]

    assert [(one["path"], one["kind"], one["before"], one["after"]) for one in found] == [
        ("definition.condition.values.0.value", "CHANGED", "gold", "silver"),
        ("zone", "CHANGED", None, "Asia/Shanghai"),
        ("keepOld", "CHANGED", False, True),
    ]
    unknown = await api.error(DIFFERENCE, {"from": 1, "to": 3})
    assert (unknown["extensions"]["code"], unknown["extensions"]["field"]) == ("BAD_USER_INPUT", "to")


async def test_an_earlier_version_comes_back_as_a_new_one(api: Api, redis: Redis) -> None:
    await create(api, "a", TIER)
    await change(api, definition=SILVER, mode="DAILY")

    restored = (await api.data(RESTORE, {"version": 1, "reason": "It was better."}))["restoreTagVersion"]
    same = (await api.data(RESTORE, {"version": 3}))["restoreTagVersion"]

    assert (restored["version"], restored["mode"], restored["status"]) == (3, "LIVE", "BUILDING")
    assert restored["definition"]["condition"]["values"][0]["value"] == "gold"
    assert same["version"] == 3
    assert "build_tag:a:3" in await queued(redis)
    assert [one["reason"] for one in await nodes(api)] == ["It was better.", None, None]
    long = (await api.data(RESTORE, {"version": 2, "reason": "x" * 1_001}))["restoreTagVersion"]
    assert (long["__typename"], long["field"]) == ("ValidationError", "reason")
    missing = await api.error(RESTORE, {"version": 9})
    assert missing["extensions"]["code"] == "NOT_FOUND"


async def test_what_an_earlier_version_names_must_still_be_there(api: Api) -> None:
    await create(api, "b", COUNT)
    gold = {"condition": {"values": [{"value": "gold", "rule": {"tag": {"key": "b", "op": "SET"}}}]}}
    await create(api, "a", gold)
    await change(api, definition=TIER)
    await api.data(DELETE, {"key": "b"})

    refused = (await api.data(RESTORE, {"version": 1}))["restoreTagVersion"]

    assert (refused["__typename"], refused["field"]) == ("ValidationError", "version")


async def test_versions_go_with_their_tag(api: Api, graph: GraphClient, redis: Redis, settings: Settings) -> None:
    await create(api, "a", LIKES)
    await change(api, keepOld=True)
    await api.data(DELETE, {"key": "a"})
    await delete_tag({"services": make_services(settings, graph, redis)}, "a")

    assert (await graph.read(LEFT))[0]["count"] == 0
