"""Results that are saved as segments: values of a tag live, and whoever was found as a list."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis

from base import clock
from base.keys import Keyring
from base.settings import Settings
from graph.client import GraphClient
from resolvers.segments import saved_results
from tests.api.graphql.test_segment_archive import build
from tests.api.graphql.test_segments import create
from tests.support.answering import answering
from tests.support.api import Api
from tests.support.line import Line
from tests.support.profiles import Person, write_people
from tests.support.tags import BOUGHT_COUNT, MANUAL, save_tag

SAVE_VALUE = """mutation S($input: SaveTagValueInput!) {saveTagValueAsSegment(input: $input) { __typename
  ... on Segment {key name folder status rule} ... on ValidationError {field message hint} } }"""
SAVE_RESULT = """mutation R($input: SaveResultInput!) {saveResultAsSegment(input: $input) { __typename
  ... on SegmentImport {dryRun found unknown duplicates segment {key name folder status count}}
  ... on ValidationError {field message hint} } }"""
MEMBERS = "query M($key: String!, $at: DateTime) {segment(key: $key) {members(asOf: $at) {edges {node {id}}}}}"
BOUGHT = {"event": {"name": "Bought"}}


@pytest.fixture
def line(graph: GraphClient, redis: Redis, keyring: Keyring) -> Line:
    return Line.of(graph, redis, keyring)


async def save_value(api: Api, tag: str, **more: object) -> dict[str, Any]:
    given = {"tag": tag, "key": "saved", "name": "Saved", **more}
    made: dict[str, Any] = (await api.data(SAVE_VALUE, {"input": given}))["saveTagValueAsSegment"]
    return made


async def save_result(api: Api, key: str = "saved", **more: object) -> dict[str, Any]:
    given = {"key": key, "name": "Saved", **more}
    made: dict[str, Any] = (await api.data(SAVE_RESULT, {"input": given}))["saveResultAsSegment"]
    return made


async def members(api: Api, key: str = "saved") -> list[str]:
    page = (await api.data(MEMBERS, {"key": key}))["segment"]["members"]
    return [edge["node"]["id"] for edge in page["edges"]]


def bought(user: str, number: int, email: str | None = None) -> dict[str, object]:
    known = {} if email is None else {"context": {"traits": {"email": email}}}
    return {"type": "track", "event": "Bought", "userId": user, "messageId": f"{user}{number}", **known}


RULES: list[tuple[Mapping[str, object], Mapping[str, object], object]] = [
    (BOUGHT_COUNT, {"values": [1, 2]}, {"tag": {"key": "t", "op": "IN", "values": [1, 2]}}),
    (
        BOUGHT_COUNT,
        {"from": 2, "to": 5},
        {
            "all": [
                {"tag": {"key": "t", "op": "GTE", "values": [2]}},
                {"tag": {"key": "t", "op": "LT", "values": [5]}},
            ]
        },
    ),
    (BOUGHT_COUNT, {"to": 5}, {"tag": {"key": "t", "op": "LT", "values": [5]}}),
    (BOUGHT_COUNT, {}, {"tag": {"key": "t", "op": "SET", "values": []}}),
    (MANUAL, {"values": ["a"]}, {"tag": {"key": "t", "op": "HAS_ANY", "values": ["a"]}}),
    (
        {"firstLast": {"event": {"name": "Bought"}, "which": "LAST", "take": "TIME"}},
        {"from": "2026-01-01T00:00:00Z"},
        {
            "all": [
                {"not": {"tag": {"key": "t", "op": "BEFORE", "values": ["2026-01-01T00:00:00Z"]}}},
                {"tag": {"key": "t", "op": "SET", "values": []}},
            ]
        },
    ),
]


@pytest.mark.parametrize(("definition", "chosen", "rule"), RULES)
async def test_values_of_a_tag_become_a_rule(
    api: Api,
    graph: GraphClient,
    definition: Mapping[str, object],
    chosen: Mapping[str, object],
    rule: object,
) -> None:
    await save_tag(graph, "t", definition)

    made = await save_value(api, "t", folder="tags", **chosen)

    assert (made["__typename"], made.get("status"), made.get("folder")) == ("Segment", "BUILDING", "tags")
    assert made["rule"] == rule


async def test_the_segment_of_a_value_follows_the_tag(
    api: Api, graph: GraphClient, redis: Redis, line: Line, settings: Settings
) -> None:
    await save_tag(graph, "t", BOUGHT_COUNT)
    await save_value(api, "t", values=[2])
    await build(settings, graph, redis, "saved")
    for number in range(3):
        await line.apply(bought("ann", number))
        assert len(await members(api)) == (1 if number == 1 else 0)


async def test_what_is_wrong_with_values_is_told_with_its_place(api: Api, graph: GraphClient) -> None:
    await save_tag(graph, "n", BOUGHT_COUNT)
    await save_tag(graph, "l", MANUAL)
    await save_tag(graph, "t", {"firstLast": {"event": {"name": "Bought"}, "which": "LAST", "take": "TIME"}})
    await create(api, "taken")
    wrong: list[tuple[str, dict[str, object], str]] = [
        ("none", {}, "input.tag"),
        ("n", {"values": []}, "input.values"),
        ("n", {"values": [1], "from": 2}, "input.values"),
        ("n", {"values": ["one"]}, "input.values"),
        ("n", {"from": "one"}, "input.from"),
        ("l", {"from": 1}, "input.from"),
        ("t", {"values": ["2026-01-01"]}, "input.values"),
        ("n", {"values": [1], "key": "taken"}, "input.key"),
        ("n", {"values": [1], "name": " "}, "input.name"),
    ]
    for tag, given, field in wrong:
        made = await save_value(api, tag, **given)
        assert made.get("field", "").startswith(field), (tag, given, made)


async def test_whoever_a_rule_finds_stays_on_the_list(
    api: Api, graph: GraphClient, redis: Redis, line: Line, settings: Settings, tmp_path: Path
) -> None:
    async with answering(graph, redis, settings, tmp_path):
        for user in ("ann", "bob"):
            await line.apply(bought(user, 1))
        rule = {"event": {"name": "Bought", "op": "EQ", "values": [1]}}
        dry = await save_result(api, where=rule, dryRun=True)
        done = await save_result(api, where=rule, folder="lists")
        # Neither for whom it holds later nor for whom it holds no longer changes the list.
        await line.apply(bought("cem", 1), bought("ann", 2))

    assert (dry["dryRun"], dry["found"], dry["segment"]) == (True, 2, None)
    assert (done["found"], done["unknown"]) == (2, 0)
    assert (done["segment"]["status"], done["segment"]["folder"]) == ("LIVE", "lists")
    assert len(await members(api)) == 2


async def test_the_members_of_an_instant_become_a_list(
    api: Api, graph: GraphClient, redis: Redis, line: Line, settings: Settings
) -> None:
    await create(api, "buyers", BOUGHT)
    await build(settings, graph, redis, "buyers")
    await line.apply(bought("ann", 1))
    await asyncio.sleep(0.02)
    then = clock.iso(clock.now_ms())
    await asyncio.sleep(0.02)
    await line.apply(bought("bob", 1))

    await save_result(api, "then", segment="buyers", asOf=then)
    await save_result(api, "now", segment="buyers")

    assert await members(api, "then") == [await line.customer("user_id", "ann")]
    assert len(await members(api, "now")) == 2


async def test_a_list_follows_the_person_by_the_strongest_identifier(api: Api, graph: GraphClient, line: Line) -> None:
    await line.apply(bought("ann", 1, email="ann@x.org"))
    ann = str(await line.customer("user_id", "ann"))
    done = await save_result(api, customers=[ann, ann, "cus_none"])
    split = """mutation S($id: ID!) {splitCustomer(id: $id, reason: "r",
      identifiers: [{namespace: "email", value: "ann@x.org"}]) {__typename}}"""

    await api.data(split, {"id": ann})

    assert (done["found"], done["unknown"]) == (1, 1)
    other = await line.customer("email", "ann@x.org")
    assert other != await line.customer("user_id", "ann")
    assert await members(api) == [await line.customer("user_id", "ann")]


async def test_a_list_is_replaced_only_when_asked_for(api: Api, graph: GraphClient, keyring: Keyring) -> None:
    people = [Person(f"cus_{name}", identifiers=(("user_id", name),)) for name in "abc"]
    await write_people(graph, keyring, *people)
    await save_result(api, customers=["cus_a", "cus_b"])
    await create(api, "rule")

    refused = await save_result(api, customers=["cus_c"])
    assert (refused["field"], await members(api)) == ("input.key", ["cus_a", "cus_b"])
    done = await save_result(api, customers=["cus_b", "cus_c"], replace=True)
    assert (done["found"], await members(api)) == (2, ["cus_b", "cus_c"])
    assert (await save_result(api, "rule", customers=["cus_c"], replace=True))["field"] == "input.key"


async def test_what_is_wrong_with_a_result_is_told_with_its_place(
    api: Api, graph: GraphClient, keyring: Keyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    await write_people(graph, keyring, *(Person(f"cus_{n}", identifiers=(("user_id", n),)) for n in "ab"))
    monkeypatch.setattr(saved_results, "MAX_SAVED", 1)
    later = clock.iso(clock.now_ms() + 3_600_000)
    await create(api, "s")
    wrong: list[tuple[dict[str, object], str]] = [
        ({}, "input"),
        ({"segment": "s", "customers": []}, "input"),
        ({"customers": [], "asOf": later}, "input.asOf"),
        ({"segment": "none"}, "input.segment"),
        ({"segment": "s", "asOf": later}, "input.asOf"),
        ({"customers": ["cus_a", "cus_b"]}, "input.customers"),
        ({"where": {"segment": "none"}}, "input.where.segment"),
        ({"customers": ["cus_a"], "key": "NO"}, "input.key"),
        ({"customers": ["cus_a"], "folder": "/"}, "input.folder"),
    ]
    for given, field in wrong:
        assert (await save_result(api, **{"key": "k", **given}))["field"] == field, given  # type: ignore[arg-type]
    error = await api.error(SAVE_RESULT, {"input": {"key": "k", "name": "K", "where": BOUGHT}})
    assert error["extensions"]["code"] == "UNAVAILABLE"
