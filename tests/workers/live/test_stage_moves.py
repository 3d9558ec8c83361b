"""Moves between the stages of a life cycle on the real graph: what is a move, of whom, and why."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from base.settings import Settings
from graph.client import GraphClient
from graph.repositories.stage import FIRST_MOVE, StageRepository
from graph.repositories.tag_build import TagBuildRepository
from tests.support.fake_clock import FakeClock
from tests.support.line import Line, query
from tests.support.tags import BOUGHT_COUNT, change_tag, save_tag
from tests.workers.live.test_live_segments import bought, identify
from workers.decisions.execution import Said
from workers.jobs import make_services
from workers.tasks import stages as stages_task
from workers.tasks import tag as tag_task
from workers.tasks.stages import forget_moves
from workers.tasks.tag import delete_tag

LIFE = {
    "lifecycle": {
        "stages": [
            {"stage": "often", "rule": {"event": {"name": "Bought", "values": [2], "window": {"last": "PT10S"}}}},
            {"stage": "active", "rule": {"event": {"name": "Bought", "window": {"last": "PT20S"}}}},
            {"stage": "asleep", "rule": {"event": {"name": "Bought"}}},
        ]
    }
}
OTHER_LIFE = {"lifecycle": {"stages": [{"stage": "buyer", "rule": {"event": {"name": "Bought"}}}]}}
_MOVES = query(
    """
    MATCH (:Customer)-[m:MOVED]->(t:Tag) WHERE m.tag = t.key
    RETURN m.customer AS customer, m.before AS before, m.stage AS stage, m.at AS at, m.reason AS reason ORDER BY m.place
    """
)


async def moves(line: Line, customer: str | None = None) -> list[tuple[str | None, str | None, str]]:
    """(before, stage, reason) in the order in which they were written."""
    rows = await line.graph.read(_MOVES)
    return [(row["before"], row["stage"], row["reason"]) for row in rows if customer in (None, row["customer"])]


async def settle(line: Line, version: int = 1) -> None:
    """The end of a build."""
    assert await TagBuildRepository(line.graph).finish("life", version, 1)


async def test_every_stage_that_was_passed_through_is_a_move(line: Line, now: FakeClock) -> None:
    await save_tag(line.graph, "life", LIFE)
    sweep, first = line.sweep(), now.ms
    await sweep.step(now.ms)
    await line.apply(bought(1, first), bought(2, first + 1))
    # Nobody looked for a while: both ends are found by one sweep.
    now.ms = first + 30_000
    await sweep.step(now.ms)

    rows = await line.graph.read(_MOVES)
    assert [(row["before"], row["stage"], row["at"]) for row in rows] == [
        (None, "active", first),
        ("active", "often", first + 1),
        ("often", "active", first + 10_000),
        ("active", "asleep", first + 20_001),
    ]
    assert {row["reason"] for row in rows} == {"CUSTOMER"}


async def test_tags_of_other_kinds_leave_no_moves(line: Line, now: FakeClock) -> None:
    await save_tag(line.graph, "orders", BOUGHT_COUNT)
    await save_tag(line.graph, "tier", {"condition": {"values": [{"value": "x", "rule": {"everyone": True}}]}})
    await line.apply(bought(1, now.ms))
    assert await moves(line) == []


async def test_the_first_build_is_no_move_of_anybody(line: Line, now: FakeClock) -> None:
    for number in range(4):
        await line.apply(bought(number, now.ms, user=f"u{number}"))
    await line.apply(identify(50, now.ms, user="quiet"))
    await save_tag(line.graph, "life", LIFE, status="BUILDING")
    # Before the build has come to u0; somebody who is new; and who has a stage by the build.
    await line.apply(bought(100, now.ms, user="u0"))
    await line.apply(bought(101, now.ms, user="new"))
    await line.build("tag:life")
    await line.apply(bought(102, now.ms, user="u1"))
    await settle(line)
    await line.apply(bought(103, now.ms, user="quiet"))

    assert Counter(await moves(line)) == {
        (None, "often", "RULE"): 1,
        (None, "active", "RULE"): 3,
        (None, "active", "CUSTOMER"): 2,
        ("active", "often", "CUSTOMER"): 1,
    }
    assert await moves(line, await line.customer("user_id", "quiet")) == [(None, "active", "CUSTOMER")]
    assert await moves(line, await line.customer("user_id", "new")) == [(None, "active", "CUSTOMER")]


async def test_a_new_version_is_no_move_and_what_follows_is_one(line: Line, now: FakeClock) -> None:
    await save_tag(line.graph, "life", LIFE)
    await line.apply(bought(1, now.ms, user="a"), identify(2, now.ms, user="b"))
    await change_tag(line.graph, "life", definition=json.dumps(OTHER_LIFE), version=2, status="BUILDING")
    await line.build("tag:life", 2)
    await settle(line, 2)
    await line.apply(bought(3, now.ms, user="b"))

    assert await moves(line, await line.customer("user_id", "a")) == [
        (None, "active", "CUSTOMER"),
        ("active", "buyer", "RULE"),
    ]
    assert await moves(line, await line.customer("user_id", "b")) == [(None, "buyer", "CUSTOMER")]


async def test_another_rule_of_a_segment_that_a_stage_reads_is_no_move(line: Line, now: FakeClock) -> None:
    await line.segment("fans", {"event": {"name": "Bought", "values": [2]}})
    stages = [{"stage": "fan", "rule": {"segment": "fans"}}]
    await save_tag(line.graph, "life", {"lifecycle": {"stages": stages}})
    await line.apply(bought(1, now.ms))
    await line.segment("fans", {"event": {"name": "Bought"}}, version=2)
    await line.build("fans", 2)
    assert await moves(line) == [(None, "fan", "RULE")]


async def test_a_later_run_on_a_schedule_finds_moves(line: Line, now: FakeClock) -> None:
    await save_tag(line.graph, "life", LIFE, mode="DAILY", status="BUILDING")
    await line.apply(bought(1, now.ms, user="a"), identify(2, now.ms, user="b"))
    await line.build("tag:life")
    await settle(line)
    await line.apply(bought(3, now.ms, user="b"))
    await change_tag(line.graph, "life", status="BUILDING")
    await line.build("tag:life")

    assert await moves(line, await line.customer("user_id", "a")) == [(None, "active", "RULE")]
    assert await moves(line, await line.customer("user_id", "b")) == [(None, "active", "CUSTOMER")]


async def test_a_merge_and_its_undo_are_moves_of_identity(line: Line, now: FakeClock) -> None:
    await save_tag(line.graph, "life", LIFE)
    await line.apply(bought(1, now.ms, user="a"), bought(2, now.ms, user="b"))
    a, b = [await line.customer("user_id", user) or "" for user in "ab"]
    merged = await line.desk().merge(a, b, Said("ann", "one person"))
    (survivor,) = {await line.customer("user_id", user) for user in "ab"}
    gone = b if survivor == a else a
    assert await moves(line, survivor) == [(None, "active", "CUSTOMER"), ("active", "often", "IDENTITY")]
    assert await moves(line, gone) == [(None, "active", "CUSTOMER"), ("active", None, "IDENTITY")]
    history = await StageRepository(line.graph).list_of_customer(survivor or "", "life", FIRST_MOVE, 10)
    assert {one.customer for one in history} == {a, b}
    assert [one.at for one in history] == sorted((one.at for one in history), reverse=True)

    now.ms += 1_000
    await line.desk().undo(str(merged.decision), Said("ann", "they are two"))
    assert (await moves(line, survivor))[2:] == [("often", "active", "IDENTITY")]
    assert (await moves(line, gone))[2:] == [(None, "active", "IDENTITY")]
    assert len(await StageRepository(line.graph).list_of_customer(gone, "life", FIRST_MOVE, 10)) == 3


async def test_what_somebody_does_in_the_batch_that_joins_two_is_a_move(line: Line, now: FakeClock) -> None:
    await save_tag(line.graph, "life", LIFE)
    await line.apply(bought(1, now.ms, user="a"), identify(2, now.ms, user="b"))
    a, b = [await line.customer("user_id", user) or "" for user in "ab"]
    await line.desk().merge(a, b, Said("ann", "one person"))
    await line.apply(bought(3, now.ms, user="b"))
    survivor = await line.customer("user_id", "a")
    assert (await moves(line, survivor))[-1] == ("active", "often", "CUSTOMER")


async def test_who_is_erased_leaves_no_moves(line: Line, now: FakeClock) -> None:
    await save_tag(line.graph, "life", LIFE)
    await line.apply(bought(1, now.ms, user="a"), bought(2, now.ms, user="b"))
    a, b = [await line.customer("user_id", user) or "" for user in "ab"]
    await line.desk().merge(a, b, Said("ann", "one person"))
    survivor = await line.customer("user_id", "a") or ""
    assert len(await moves(line)) == 4
    await line.desk().erase(survivor, Said("ann", "asked for it"))
    assert await moves(line) == []


async def test_a_deleted_tag_takes_its_moves_with_it(
    line: Line, now: FakeClock, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tag_task, "PAGE_VALUES", 2)
    await save_tag(line.graph, "life", LIFE)
    for number in range(5):
        await line.apply(bought(number, now.ms, user=f"u{number}"))
    services = make_services(settings, line.graph, line.redis)
    await change_tag(line.graph, "life", status="DELETING")
    assert not await services.tag_builds.remove_tag("life")
    await delete_tag({"services": services}, "life")
    assert await counted(line.graph) == 0
    assert await line.graph.read(query("MATCH (t:Tag {key: 'life'}) RETURN t.key AS key")) == []


async def test_old_moves_are_forgotten_and_no_others(
    line: Line, now: FakeClock, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stages_task, "PAGE_MOVES", 2)
    await save_tag(line.graph, "life", LIFE)
    for number in range(5):
        now.ms += 1
        await line.apply(bought(number, now.ms, user=f"u{number}"))
    services = make_services(settings, line.graph, line.redis)
    assert await forget_moves(services, now.ms - 1) == 3
    assert await forget_moves(services, now.ms - 1) == 0
    assert await counted(line.graph) == 2


async def counted(graph: GraphClient) -> int:
    return int((await graph.read(query("MATCH ()-[m:MOVED]->() RETURN count(m) AS count")))[0]["count"])
