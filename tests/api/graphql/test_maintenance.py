"""What was done to tags and segments: runs, edits, changes of status; what they cost and who uses them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from redis.asyncio import Redis

from base import clock
from base.keys import Keyring
from base.settings import Settings
from graph.client import GraphClient, Transaction
from graph.repositories import maintenance
from graph.repositories.maintenance import RecordKind
from tests.api.graphql.test_segment_archive import ARCHIVE, UNARCHIVE
from tests.api.graphql.test_segment_import import IMPORT
from tests.api.graphql.test_segments import BOUGHT, UPDATE, VIP
from tests.api.graphql.test_segments import create as create_segment
from tests.api.graphql.test_tags import ANN, BOB, COUNT, DELETE, TIER, create, move
from tests.api.graphql.test_tags import UPDATE as UPDATE_TAG
from tests.support.api import Api
from tests.support.line import query
from tests.support.profiles import write_people
from tests.support.tags import save_tag, tag_of
from workers.jobs import make_services
from workers.tasks.segment import build_segment
from workers.tasks.tag import build_tag, delete_tag, start_scheduled_builds

RECORD = """kind at version status statusBefore author reason changes startedAt durationMs customers error"""
OF = """query R($key: String!, $kinds: [MaintenanceKind!], $first: Int, $after: String) { %s(key: $key) {
  maintenance(kinds: $kinds, first: $first, after: $after) {
    edges { node { %s } cursor } pageInfo { hasNextPage endCursor } } } }"""
UPKEEP = """query U($key: String!) { %s(key: $key) { upkeep { customers coverage lastRun { kind customers }
  runs30Days duration30DaysMs customers30Days usedBy { kind key } stale } } }"""
LEFT = query("MATCH (r:MaintenanceRecord) RETURN count(r) AS count")
AGE = query("MATCH (t:Tag {key: $key}) SET t.as_of = $as_of, t.created_at = 0 RETURN t.key AS key", "WRITE")


@pytest.fixture
def work(settings: Settings, graph: GraphClient, redis: Redis) -> dict[str, object]:
    """What background jobs get."""
    return {"services": make_services(settings, graph, redis)}


async def records(api: Api, what: str, key: str, **given: object) -> list[dict[str, Any]]:
    page = (await api.data(OF % (what, RECORD), {"key": key, **given}))[what]["maintenance"]
    return [edge["node"] for edge in page["edges"]]


async def upkeep(api: Api, what: str, key: str) -> dict[str, Any]:
    found: dict[str, Any] = (await api.data(UPKEEP % what, {"key": key}))[what]["upkeep"]
    return found


def short(record: Mapping[str, Any]) -> tuple[object, ...]:
    return tuple(record[name] for name in ("kind", "version", "statusBefore", "status", "author"))


async def test_a_tag_tells_what_was_done_to_it(
    api: Api, graph: GraphClient, keyring: Keyring, work: dict[str, object]
) -> None:
    await write_people(graph, keyring, ANN, BOB)
    await create(api, "tier", TIER, reason="Asked for.")
    await build_tag(work, "tier", 1)
    await api.data(UPDATE_TAG, {"key": "tier", "input": {"name": "Other", "keepOld": True, "reason": "Steadier."}})
    await api.data(UPDATE_TAG, {"key": "tier", "input": {"name": "Other"}})
    await move(api, "pauseTag", "tier")
    await move(api, "resumeTag", "tier")
    await build_tag(work, "tier", 3)

    found = await records(api, "tag", "tier")

    assert [short(one) for one in found] == [
        ("RUN", 3, "BUILDING", "LIVE", None),
        ("STATUS", 3, "PAUSED", "BUILDING", "admin"),
        ("STATUS", 2, "BUILDING", "PAUSED", "admin"),
        ("EDITED", 2, "LIVE", "BUILDING", "admin"),
        ("RUN", 1, "BUILDING", "LIVE", None),
        ("CREATED", 1, None, "BUILDING", "admin"),
    ]
    edited, run = found[3], found[0]
    assert (edited["changes"], edited["reason"], edited["customers"]) == (["name", "keepOld"], "Steadier.", None)
    assert (run["customers"], run["error"], run["changes"]) == (2, None, [])
    took_ms = clock.parse_iso_ms(run["at"]) - clock.parse_iso_ms(run["startedAt"])
    assert run["durationMs"] == took_ms >= 0


async def test_a_segment_tells_what_was_done_to_it(
    api: Api, graph: GraphClient, keyring: Keyring, work: dict[str, object]
) -> None:
    await write_people(graph, keyring, ANN, BOB)
    await create_segment(api, "s", VIP)
    await build_segment(work, "s", 1)
    await api.data(UPDATE, {"key": "s", "input": {"folder": "x", "description": "D"}})
    await api.data(UPDATE, {"key": "s", "input": {"rule": BOUGHT, "reason": "They buy."}})
    await api.data(UPDATE, {"key": "s", "input": {"rule": BOUGHT}})
    await build_segment(work, "s", 2)
    await api.data(ARCHIVE, {"key": "s"})
    await api.data(UNARCHIVE, {"key": "s"})

    found = await records(api, "segment", "s")

    assert [short(one) for one in found] == [
        ("STATUS", 3, "OFFLINE", "BUILDING", "admin"),
        ("STATUS", 2, "LIVE", "OFFLINE", "admin"),
        ("RUN", 2, "BUILDING", "LIVE", None),
        ("EDITED", 2, "LIVE", "BUILDING", "admin"),
        ("EDITED", 1, None, "LIVE", "admin"),
        ("RUN", 1, "BUILDING", "LIVE", None),
        ("CREATED", 1, None, "BUILDING", "admin"),
    ]
    assert [one["changes"] for one in found[3:5]] == [["rule"], ["folder", "description"]]
    assert [one["customers"] for one in await records(api, "segment", "s", kinds=["RUN"])] == [0, 1]
    imported = {"key": "l", "values": [], "identifier": "email"}
    await api.data(IMPORT, {"input": imported})
    await api.data(IMPORT, {"input": imported})
    lines = await records(api, "segment", "l")
    assert [(one["kind"], one["changes"]) for one in lines] == [
        ("RUN", []),
        ("EDITED", ["list"]),
        ("RUN", []),
        ("CREATED", ["list"]),
    ]
    assert (short(lines[0]), lines[0]["customers"]) == (("RUN", 1, None, "LIVE", None), 0)
    assert lines[0]["startedAt"] <= lines[0]["at"]


async def test_a_failed_run_tells_why(api: Api, graph: GraphClient, work: dict[str, object]) -> None:
    await create(api, "a", COUNT)
    services: Any = work["services"]
    await services.tag_builds.begin_run("a", 1)
    assert await services.tag_builds.fail("a", 1, "Something broke.")

    [run, _] = await records(api, "tag", "a")

    assert (run["kind"], run["status"], run["error"]) == ("RUN", "FAILED", "Something broke.")
    assert (await upkeep(api, "tag", "a"))["stale"] == "FAILED"
    # What something newer has replaced leaves no line.
    assert not await services.tag_builds.fail("a", 1, "Again.")
    assert len(await records(api, "tag", "a")) == 2


async def test_lines_are_read_in_pages_and_kept_in_bounds(
    api: Api, graph: GraphClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(maintenance, "KEPT_RECORDS", 4)
    tag = await save_tag(graph, "t", COUNT)

    async def note(version: int) -> None:
        async def write(tx: Transaction) -> None:
            await maintenance.note(
                tx, tag.id, RecordKind.EDITED, version=version, status="LIVE", now_ms=version, author="ann"
            )

        await graph.write("tests/note", write)

    for version in range(1, 8):
        await note(version)
    first = (await api.data(OF % ("tag", "version"), {"key": "t", "first": 3}))["tag"]["maintenance"]
    after = first["pageInfo"]["endCursor"]
    # What comes in between moves no page.
    await note(8)
    second = (await api.data(OF % ("tag", "version"), {"key": "t", "first": 3, "after": after}))["tag"]["maintenance"]

    assert [edge["node"]["version"] for edge in first["edges"]] == [7, 6, 5]
    assert (first["pageInfo"]["hasNextPage"], second["edges"]) == (True, [])
    assert (await graph.read(LEFT))[0]["count"] == 4
    repository = maintenance.MaintenanceRepository(graph)
    assert (await repository.forget(7, 1), await repository.forget(7, 10)) == (1, 1)
    assert [one["version"] for one in await records(api, "tag", "t")] == [8, 7]


async def test_upkeep_tells_reach_cost_and_use(
    api: Api, graph: GraphClient, keyring: Keyring, work: dict[str, object]
) -> None:
    await write_people(graph, keyring, ANN, BOB)
    nobody = await upkeep(api, "tag", await _key(api, "tier", TIER))
    assert (nobody["customers"], nobody["coverage"], nobody["lastRun"], nobody["runs30Days"]) == (0, 0, None, 0)
    await create_segment(api, "s", {"tag": {"key": "tier", "op": "EQ", "values": ["gold"]}})
    await create_segment(api, "u", {"all": [{"segment": "s"}, {"segment": "s"}]})
    await build_tag(work, "tier", 1)
    await build_segment(work, "s", 1)
    await move(api, "buildTag", "tier")
    await build_tag(work, "tier", 1)

    tag, segment = await upkeep(api, "tag", "tier"), await upkeep(api, "segment", "s")

    assert (tag["customers"], tag["coverage"], tag["runs30Days"], tag["customers30Days"]) == (2, 1, 2, 4)
    assert tag["lastRun"] == {"kind": "RUN", "customers": 2}
    assert tag["usedBy"] == [{"kind": "SEGMENT", "key": "s"}]
    assert (segment["customers"], segment["coverage"], segment["runs30Days"]) == (1, 0.5, 1)
    assert segment["usedBy"] == [{"kind": "SEGMENT", "key": "u"}]
    assert (tag["stale"], segment["stale"], (await upkeep(api, "segment", "u"))["usedBy"]) == (None, None, [])


async def _key(api: Api, key: str, definition: object) -> str:
    await create(api, key, definition)
    return key


async def test_a_tag_whose_day_was_missed_is_overdue(
    api: Api, graph: GraphClient, settings: Settings, work: dict[str, object]
) -> None:
    await create(api, "daily", COUNT, mode="DAILY")
    await build_tag(work, "daily", 1)
    assert (await upkeep(api, "tag", "daily"))["stale"] is None

    async def age(tx: Transaction) -> None:
        await tx.run(AGE, key="daily", as_of=clock.now_ms() - 2 * 24 * 3_600_000)

    await graph.write("tests/age", age)
    assert (await upkeep(api, "tag", "daily"))["stale"] == "OVERDUE"
    services: Any = work["services"]
    assert await start_scheduled_builds(services, services.live.zone) == 1
    await build_tag(work, "daily", (await tag_of(graph, "daily")).version)
    assert (await upkeep(api, "tag", "daily"))["stale"] is None
    await move(api, "pauseTag", "daily")
    await graph.write("tests/age", age)
    assert (await upkeep(api, "tag", "daily"))["stale"] is None


async def test_the_record_goes_with_what_it_is_of(api: Api, graph: GraphClient, work: dict[str, object]) -> None:
    await create(api, "t", COUNT)
    await api.data(DELETE, {"key": "t"})
    await delete_tag(work, "t")

    assert (await graph.read(LEFT))[0]["count"] == 0
