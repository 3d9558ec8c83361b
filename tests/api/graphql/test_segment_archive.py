"""Segments that are put away: nobody hears of them, and when they are back they are as if they had never been away."""

from __future__ import annotations

import asyncio

import pytest
from redis.asyncio import Redis

from base import clock
from base.keys import Keyring
from base.settings import Settings
from graph.client import GraphClient
from tests.api.graphql.test_segments import UPDATE, VIP, create, queued
from tests.support.api import Api
from tests.support.line import Line, assert_sequences
from tests.support.segments import segment_of, sequences_of
from tests.support.waiting import until
from workers.jobs import make_services
from workers.tasks.segment import build_segment

ARCHIVE = """mutation A($key: String!) { archiveSegment(key: $key) { __typename
  ... on Segment { status version count asOf } ... on ValidationError { field message hint } } }"""
UNARCHIVE = """mutation U($key: String!, $reason: String) { unarchiveSegment(key: $key, reason: $reason) { __typename
  ... on Segment { status version } ... on ValidationError { field message hint } } }"""
COPY = """mutation C($key: String!, $new: String!) { copySegment(key: $key, newKey: $new, name: "Copy") { __typename
  ... on Segment { key name folder description rule status } ... on ValidationError { field message } } }"""
BOUGHT = {"event": {"name": "Bought"}}


@pytest.fixture
def line(graph: GraphClient, redis: Redis, keyring: Keyring) -> Line:
    return Line.of(graph, redis, keyring)


def bought(user: int) -> dict[str, object]:
    return {
        "type": "track",
        "event": "Bought",
        "messageId": f"b{user}",
        "userId": f"u{user}",
        "timestamp": clock.iso(clock.now_ms()),
    }


async def build(settings: Settings, graph: GraphClient, redis: Redis, key: str) -> None:
    """What the worker does with the queued job."""
    version = (await segment_of(graph, key)).version
    await build_segment({"services": make_services(settings, graph, redis)}, key, version)


async def test_an_archived_segment_stays_as_it_is_and_comes_back_in_full(
    api: Api, line: Line, settings: Settings, graph: GraphClient, redis: Redis
) -> None:
    await create(api, "buyers", BOUGHT)
    await build(settings, graph, redis, "buyers")
    await line.apply(bought(1))

    away = (await api.data(ARCHIVE, {"key": "buyers"}))["archiveSegment"]
    again = (await api.data(ARCHIVE, {"key": "buyers"}))["archiveSegment"]
    await line.apply(bought(2))

    assert (away["status"], away["version"], away["count"]) == ("OFFLINE", 1, 1)
    assert again == away
    assert len(await line.changes()) == len(await sequences_of(graph)) == 1

    back = (await api.data(UNARCHIVE, {"key": "buyers", "reason": "spring"}))["unarchiveSegment"]
    assert (back["status"], back["version"]) == ("BUILDING", 2)
    assert "build_segment:buyers:2" in await queued(redis)
    await build(settings, graph, redis, "buyers")

    assert len(await sequences_of(graph)) == 2
    changes = await line.changes()
    assert [(one.sequence, one.cause, one.segment_version) for one in changes] == [(1, "EVENT", 1), (1, "RULE", 2)]


async def test_nothing_changes_after_the_archive_and_nothing_is_missed_after_the_return(
    api: Api, line: Line, settings: Settings, graph: GraphClient, redis: Redis, keyring: Keyring
) -> None:
    await create(api, "buyers", BOUGHT)
    await build(settings, graph, redis, "buyers")
    lines = [line, *(Line.of(graph, redis, keyring) for _ in range(3))]

    archived = asyncio.Event()

    async def work(own: Line, place: int) -> None:
        for user in range(place, 60, len(lines)):
            if user + len(lines) >= 60:
                # The last of each comes too late in any case.
                await archived.wait()
            await own.apply(bought(user))

    async def somebody_is_in() -> bool:
        return bool(await sequences_of(graph))

    async def archive() -> int:
        await until(somebody_is_in)
        await api.data(ARCHIVE, {"key": "buyers"})
        archived.set()
        return len(await sequences_of(graph))

    *_, frozen = await asyncio.gather(*(work(own, place) for place, own in enumerate(lines)), archive())
    assert 0 < frozen <= 56
    assert len(await sequences_of(graph)) == frozen

    async def unarchive() -> None:
        await api.data(UNARCHIVE, {"key": "buyers"})
        await build(settings, graph, redis, "buyers")

    await asyncio.gather(lines[0].apply(bought(60)), unarchive(), lines[1].apply(bought(61)))
    assert len(await sequences_of(graph)) == 62
    assert_sequences(await line.changes())


async def test_a_segment_that_live_ones_read_stays_and_an_archived_one_is_not_offered(api: Api) -> None:
    await create(api, "a")
    await create(api, "b", {"segment": "a"})

    used = (await api.data(ARCHIVE, {"key": "a"}))["archiveSegment"]
    assert (used["__typename"], used["message"]) == ("ValidationError", "In use by b.")

    assert (await api.data(ARCHIVE, {"key": "b"}))["archiveSegment"]["status"] == "OFFLINE"
    assert (await api.data(ARCHIVE, {"key": "a"}))["archiveSegment"]["status"] == "OFFLINE"

    refused = await create(api, "c", {"any": [VIP, {"segment": "a"}]})
    assert (refused["field"], refused["hint"]) == (
        "input.rule.any.1.segment",
        "Unarchive it first, or use another one.",
    )
    asked = await api.error("query E($r: RuleInput!) {estimate(where: $r) {count}}", {"r": {"segment": "a"}})
    assert asked["message"] == "This segment is archived."
    back = (await api.data(UNARCHIVE, {"key": "b"}))["unarchiveSegment"]
    assert (back["field"], back["message"]) == ("key", "This segment is archived.")


async def test_the_rule_of_an_archived_segment_stays_and_its_name_may_change(api: Api) -> None:
    await create(api, "a")
    await api.data(ARCHIVE, {"key": "a"})

    refused = (await api.data(UPDATE, {"key": "a", "input": {"rule": BOUGHT}}))["updateSegment"]
    renamed = (await api.data(UPDATE, {"key": "a", "input": {"name": "Away"}}))["updateSegment"]

    assert (refused["field"], refused["message"]) == ("input.rule", "This segment is archived.")
    assert (renamed["name"], renamed["status"]) == ("Away", "OFFLINE")


async def test_archived_segments_are_found_or_left_out(api: Api) -> None:
    for key in ("a", "b"):
        await create(api, key)
    await api.data(ARCHIVE, {"key": "a"})

    listed = {
        archived: [
            edge["node"]["key"]
            for edge in (
                await api.data("query L($a: Boolean) {segments(archived: $a) {edges {node {key}}}}", {"a": archived})
            )["segments"]["edges"]
        ]
        for archived in (None, True, False)
    }

    assert listed == {None: ["a", "b"], True: ["a"], False: ["b"]}


async def test_who_is_not_there_cannot_be_archived(api: Api) -> None:
    for mutation in (ARCHIVE, UNARCHIVE):
        assert (await api.error(mutation, {"key": "none"}))["extensions"]["code"] == "NOT_FOUND"
    assert (await api.error(COPY, {"key": "none", "new": "a"}))["extensions"]["code"] == "NOT_FOUND"


async def test_a_copy_has_the_rule_and_the_place_of_the_original(api: Api) -> None:
    await api.data(
        """mutation {createSegment(input: {key: "a", name: "A", folder: "growth/2026", description: "Why.",
        rule: {everyone: true}}) {__typename}}"""
    )

    made = (await api.data(COPY, {"key": "a", "new": "b"}))["copySegment"]
    taken = (await api.data(COPY, {"key": "a", "new": "b"}))["copySegment"]

    assert made == {
        "__typename": "Segment",
        "key": "b",
        "name": "Copy",
        "folder": "growth/2026",
        "description": "Why.",
        "rule": {"everyone": True},
        "status": "BUILDING",
    }
    assert (taken["field"], taken["message"]) == ("newKey", "There is a segment of this key.")
