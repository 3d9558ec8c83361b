"""What is kept no longer goes, and customers are as they are without it; nobody becomes somebody else by it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from redis.asyncio import Redis

from base import clock
from base.clock import iso
from base.keys import Keyring
from base.settings import Settings
from graph.client import GraphClient
from tests.support.answering import answering
from tests.support.api import Api
from tests.support.dump import dump
from tests.support.line import Line
from workers.jobs import make_services
from workers.retention import removing
from workers.tasks.retention import keep_retention, keep_retention_at_night
from workers.tasks.services import TaskServices

DAY_MS = 86_400_000
SET = """mutation S($event: String, $attribute: String, $days: Int, $reason: String!) {
  setRetention(event: $event, attribute: $attribute, days: $days, reason: $reason) {
    __typename ... on RetentionRule {event attribute days} ... on RemovedRetention {key}
    ... on ValidationError {field message hint} }}"""
PREVIEW = """query P($event: String, $attribute: String, $days: Int!) {
  retentionPreview(event: $event, attribute: $attribute, days: $days) {count oldestAt complete} }"""
RULES = "{retention {event attribute days runs {removed}}}"
PROFILE = """query C($id: ID!) {customer(id: $id) {
  attributes {name} identifiers {value} segments {segment {key}} consents {state} events {edges {node {name at}}} }}"""


@pytest.fixture
def line(graph: GraphClient, redis: Redis, keyring: Keyring) -> Line:
    return Line.of(graph, redis, keyring)


@pytest.fixture
def services(settings: Settings, graph: GraphClient, redis: Redis) -> TaskServices:
    return make_services(settings, graph, redis)


async def keep(api: Api, days: int | None, **named: str) -> None:
    answer = (await api.data(SET, {"days": days, "reason": "the law", **named}))["setRetention"]
    assert answer["__typename"] == ("RemovedRetention" if days is None else "RetentionRule"), answer


def ago(days: float) -> str:
    return iso(clock.now_ms() - int(days * DAY_MS))


def seen(number: int, days: float, **more: Any) -> dict[str, Any]:
    call = {"type": "track", "event": "Seen", "userId": "u", "messageId": f"m{number}", "timestamp": ago(days)}
    return call | {"properties": {"secret": f"value {number}"}} | more


async def profile(api: Api, line: Line) -> dict[str, Any]:
    found: dict[str, Any] = (await api.data(PROFILE, {"id": await line.customer("user_id", "u")}))["customer"]
    return found


async def test_old_events_go_with_what_followed_from_them(
    api: Api, line: Line, graph: GraphClient, redis: Redis, settings: Settings, services: TaskServices, tmp_path: Path
) -> None:
    await line.segment("often", {"event": {"name": "Seen", "op": "GTE", "values": [3]}})
    calls = [seen(1, 40, anonymousId="c", context={"consent": {"categoryPreferences": {"Ads": True}}})]
    await line.apply(*calls, seen(2, 20), seen(3, 5), seen(4, 40, event="Other"))
    assert [one["segment"]["key"] for one in (await profile(api, line))["segments"]] == ["often"]
    preview = (await api.data(PREVIEW, {"event": "Seen", "days": 30}))["retentionPreview"]
    assert (preview["count"], preview["complete"]) == (1, True)

    await keep(api, 30, event="Seen")
    count = {"where": {"event": {"name": "Seen", "op": "GTE", "values": [3]}}}
    estimate = "query E($where: RuleInput!) {estimate(where: $where) {count}}"
    async with answering(graph, redis, settings, tmp_path):
        assert (await api.data(estimate, count))["estimate"]["count"] == 1
        assert await keep_retention(services) == {"EVENT:Seen": 1}
        assert (await api.data(estimate, count))["estimate"]["count"] == 0

    found = await profile(api, line)
    assert [edge["node"]["name"] for edge in found["events"]["edges"]] == ["Seen", "Seen", "Other"]
    assert found["segments"] == []
    assert [(one.kind, one.segment) for one in await line.changes()] == [("ENTERED", "often"), ("EXITED", "often")]
    # What it showed of the person, and what was agreed to by it, stays.
    assert sorted(one["value"] for one in found["identifiers"]) == ["c", "u"]
    assert found["consents"] == [{"state": "GRANTED"}]
    assert "value 1" not in await dump(graph)
    # Neither does a repeat bring it back, nor is there anything left to do.
    await line.apply(*calls)
    assert await profile(api, line) == found
    assert await keep_retention(services) == {"EVENT:Seen": 0}
    assert (await api.data(RULES))["retention"] == [
        {"event": "Seen", "attribute": None, "days": 30, "runs": [{"removed": 0}, {"removed": 1}]}
    ]


async def test_values_that_were_not_reported_again_go(api: Api, line: Line, services: TaskServices) -> None:
    await line.segment("gold", {"attribute": {"name": "plan", "op": "EQ", "values": ["gold"]}})

    def told(number: int, days: float, **traits: Any) -> dict[str, Any]:
        return {
            "type": "identify",
            "userId": "u",
            "messageId": f"i{number}",
            "timestamp": ago(days),
            "traits": traits,
        }

    await line.apply(told(1, 40, plan="gold", city="Oslo", name="Ann"), told(2, 5, city="Oslo"))
    preview = {"attribute": "plan", "days": 30}
    assert (await api.data(PREVIEW, preview))["retentionPreview"]["count"] == 1
    await keep(api, 30, attribute="plan")
    await keep(api, 30, attribute="city")
    assert await keep_retention(services) == {"ATTRIBUTE:city": 0, "ATTRIBUTE:plan": 1}
    found = await profile(api, line)
    assert [one["name"] for one in found["attributes"]] == ["city", "name"]
    assert found["segments"] == []
    assert (await api.data(PREVIEW, preview))["retentionPreview"] == {"count": 0, "oldestAt": None, "complete": True}
    # What is reported again is there again.
    await line.apply(told(3, 0, plan="gold"))
    assert [one["segment"]["key"] for one in (await profile(api, line))["segments"]] == ["gold"]


async def test_removal_in_pages_while_calls_come_in_is_as_if_they_had_never_been(
    api: Api, line: Line, graph: GraphClient, redis: Redis, keyring: Keyring, services: TaskServices, monkeypatch: Any
) -> None:
    monkeypatch.setattr(removing, "PAGE_EVENTS", 3)
    await line.segment("some", {"event": {"name": "Seen", "op": "GTE", "values": [2]}})
    old = [seen(number, 40, userId=f"u{number % 4}") for number in range(16)]
    new = [seen(100 + number, 1, userId=f"u{number % 4}") for number in range(6)]
    await line.apply(*old)
    await keep(api, 30, event="Seen")
    other = Line.of(graph, redis, keyring)

    async def send() -> None:
        for call in new:
            await other.apply(call)

    removed, _ = await asyncio.gather(keep_retention(services), send())
    assert removed == {"EVENT:Seen": 16}
    inside = [one for one in (await line.picture())["customers"] if one[2]]
    # The first two of the four have two events each that are new enough.
    assert sorted(uid for one in inside for uid in one[0]) == sorted(line.uid("user_id", f"u{n}") for n in range(2))


async def test_it_runs_once_a_night(services: TaskServices, monkeypatch: pytest.MonkeyPatch) -> None:
    # 2027-01-15T03:20 in Shanghai.
    night_ms, done = 1_799_954_400_000, []

    def at(hours: int) -> Callable[[], int]:
        return lambda: night_ms + hours * 3_600_000

    for hours in (-1, 0, 0, 1, 24):
        monkeypatch.setattr(clock, "now_ms", at(hours))
        done.append(await keep_retention_at_night(services, ZoneInfo("Asia/Shanghai")))
    assert done == [False, True, False, False, True]


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"days": 1, "reason": "r"}, "event"),
        ({"days": 1, "reason": "r", "event": "a", "attribute": "b"}, "event"),
        ({"days": 0, "reason": "r", "event": "a"}, "days"),
        ({"days": 36_526, "reason": "r", "event": "a"}, "days"),
        ({"days": 1, "reason": " ", "event": "a"}, "reason"),
        ({"days": 1, "reason": "r", "event": ""}, "event"),
        ({"days": 1, "reason": "r", "attribute": "email"}, "attribute"),
        ({"days": 1, "reason": "r", "attribute": "$consent/a/b"}, "attribute"),
    ],
)
async def test_a_wrong_rule_is_refused(api: Api, given: dict[str, Any], field: str) -> None:
    assert (await api.data(SET, given))["setRetention"]["field"] == field


async def test_a_rule_is_changed_and_removed(api: Api) -> None:
    await keep(api, 30, event="Seen")
    await keep(api, 10, event="Seen")
    assert [one["days"] for one in (await api.data(RULES))["retention"]] == [10]
    await keep(api, None, event="Seen")
    assert (await api.data(RULES))["retention"] == []
