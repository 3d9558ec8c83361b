"""All tags and segments, counted, over days, and what of them should be looked at."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from redis.asyncio import Redis

from base import clock
from base.keys import Keyring
from base.settings import Settings
from graph.client import GraphClient
from graph.repositories.overview import KEPT_DAYS, MAX_FOLDERS, Counts, OverviewRepository, Snapshot
from graph.repositories.usage import UsageRepository
from resolvers.overview import UNUSED_MS
from rules.days import day_of
from tests.api.graphql.test_segments import BOUGHT
from tests.api.graphql.test_segments import create as create_segment
from tests.api.graphql.test_tags import COUNT, TIER, create, move
from tests.support.api import Api
from tests.support.line import query
from tests.support.profiles import Person, retire, write_people
from workers.jobs import make_services
from workers.tasks.overview import keep_overview
from workers.tasks.services import TaskServices

COUNTS = "total byKind { name count } byStatus { name count } byFolder { name count }"
OVERVIEW = f"""query O($days: Int!) {{ overview(days: $days) {{
  now {{ day customers tags {{ {COUNTS} }} segments {{ {COUNTS} }} }}
  overTime {{ day at customers tags {{ total }} segments {{ total }} }}
  findings {{ kind key name neglect asOf }} }} }}"""


AGE = query("MATCH (d) WHERE d:Segment OR d:Tag SET d.created_at = $at", "WRITE")


@pytest.fixture
def services(settings: Settings, graph: GraphClient, redis: Redis) -> TaskServices:
    return make_services(settings, graph, redis)


async def overview(api: Api, days: int = 30) -> dict[str, Any]:
    found: dict[str, Any] = (await api.data(OVERVIEW, {"days": days}))["overview"]
    return found


def pairs(counts: list[dict[str, Any]]) -> dict[str, int]:
    return {one["name"]: one["count"] for one in counts}


async def test_everything_is_counted_in_three_ways(api: Api, graph: GraphClient, keyring: Keyring) -> None:
    await write_people(graph, keyring, *(Person(f"cus_{n}", identifiers=(("user_id", n),)) for n in "abc"))
    await retire(graph, "cus_a", "cus_b")
    await create(api, "count", COUNT, category="shop/orders")
    await create(api, "tier", TIER, category="shop/orders")
    await create(api, "notes", {"manual": True})
    await create_segment(api, "s", BOUGHT)
    imported = """mutation {importSegment(input: {key: "l", identifier: "email", values: []}) {__typename}}"""
    await api.data(imported)

    now = (await overview(api))["now"]

    assert now["customers"] == 2
    tags, segments = now["tags"], now["segments"]
    assert (tags["total"], pairs(tags["byKind"])) == (3, {"CONDITION": 1, "MANUAL": 1, "STATISTICAL": 1})
    assert pairs(tags["byStatus"]) == {"BUILDING": 2, "LIVE": 1}
    assert pairs(tags["byFolder"]) == {"": 1, "shop/orders": 2}
    assert (segments["total"], pairs(segments["byKind"])) == (2, {"LIST": 1, "RULE": 1})
    assert pairs(segments["byStatus"]) == {"BUILDING": 1, "LIVE": 1}


async def test_what_should_be_looked_at_is_named(api: Api, graph: GraphClient, services: TaskServices) -> None:
    for key in ("used", "unused", "failed", "paused"):
        await create(api, key, COUNT)
    await create_segment(api, "s", {"any": [{"tag": {"key": key, "op": "SET"}} for key in ("used", "failed")]})
    assert await services.tag_builds.fail("failed", 1, "Something broke.")
    await move(api, "pauseTag", "paused")
    for key in ("s-unused", "s-asked", "away"):
        await create_segment(api, key, {"everyone": True})
    await api.data('mutation { archiveSegment(key: "away") { __typename } }')
    await create(api, "asked", COUNT)

    async def found() -> list[tuple[str, str, str]]:
        return [(one["kind"], one["key"], one["neglect"]) for one in (await overview(api))["findings"]]

    # What is younger than 35 days may yet be asked for; and so it is where nobody has noted for as long.
    uses, then_ms = UsageRepository(graph), clock.now_ms() - UNUSED_MS
    await uses.begin(then_ms)
    assert await found() == [("TAG", "failed", "FAILED")]
    await graph.write("tests/age", lambda tx: tx.run(AGE, at=then_ms))
    ids = await api.data('{ segment(key: "s-asked") { id } tag(key: "asked") { id } }')
    await uses.set_many({one["id"]: then_ms + 60_000 for one in ids.values()})

    assert await found() == [
        ("TAG", "failed", "FAILED"),
        ("SEGMENT", "s", "UNUSED"),
        ("SEGMENT", "s-unused", "UNUSED"),
        ("TAG", "unused", "UNUSED"),
    ]


async def test_nothing_is_called_unused_until_use_was_noted_for_long_enough(api: Api, graph: GraphClient) -> None:
    await create(api, "old", COUNT)
    await graph.write("tests/age", lambda tx: tx.run(AGE, at=1))
    assert (await overview(api))["findings"] == []
    uses = UsageRepository(graph)

    await uses.begin(clock.now_ms() - UNUSED_MS + 60_000)
    await uses.begin(1)

    assert (await overview(api))["findings"] == []


async def test_a_day_is_counted_once_and_forgotten_after_two_years(
    api: Api, graph: GraphClient, services: TaskServices, settings: Settings
) -> None:
    zone = services.live.zone
    today = date.fromordinal(day_of(clock.now_ms(), zone))
    repository = OverviewRepository(graph)
    old = Snapshot(1, 7, Counts({"MANUAL": 5}), Counts({"RULE": 2}))
    for days_ago in (KEPT_DAYS, KEPT_DAYS - 1, 40, 3):
        await repository.keep_day((today - timedelta(days=days_ago)).isoformat(), old, old)
    await create(api, "count", COUNT)

    assert [await keep_overview(services, zone), await keep_overview(services, zone)] == [True, False]
    await create(api, "tier", TIER)

    kept = await repository.list_days("")
    assert [one.day for one in kept] == [
        (today - timedelta(days=days_ago)).isoformat() for days_ago in (KEPT_DAYS - 1, 40, 3, 0)
    ]
    assert kept[-1].snapshot.tags.total == 1
    # Today is shown as it is now, not as it was counted.
    shown = (await overview(api))["overTime"]
    assert [(one["customers"], one["tags"]["total"], one["segments"]["total"]) for one in shown] == [
        (7, 5, 2),
        (0, 2, 0),
    ]
    assert shown[-1]["day"] == today.isoformat()


async def test_many_folders_are_counted_together(api: Api, graph: GraphClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("graph.repositories.overview.MAX_FOLDERS", 1)
    assert MAX_FOLDERS > 1
    for key, category in (("a", "x"), ("b", "y"), ("c", "y"), ("d", "z")):
        await create(api, key, COUNT, category=category)

    assert pairs((await overview(api))["now"]["tags"]["byFolder"]) == {"y": 2, "/": 2}


@pytest.mark.parametrize("days", [0, KEPT_DAYS + 1])
async def test_days_have_bounds(api: Api, days: int) -> None:
    error = await api.error(OVERVIEW, {"days": days})

    assert (error["extensions"]["code"], error["extensions"]["field"]) == ("BAD_USER_INPUT", "days")
