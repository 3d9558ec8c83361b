"""Live tags on the real graph: events, time, segments that read them, builds, merges, labels."""

from __future__ import annotations

import json

import pytest

from delivery.change import Change
from delivery.publisher import ChangePublisher
from tests.support.fake_clock import FakeClock
from tests.support.line import Line, assert_sequences, query
from tests.support.sealed import opened
from tests.support.tags import BOUGHT_COUNT, MANUAL, change_tag, save_tag, since_of, values_of
from tests.workers.live.test_live_segments import bought, identify, members
from workers.decisions.execution import Said
from workers.live.labels import Labels
from workers.live.sweep import Sweep

DAY_MS = 86_400_000
GOLD = {"tag": {"key": "tier", "op": "EQ", "values": ["gold"]}}
TIER = {
    "condition": {
        "values": [
            {"value": "gold", "rule": {"event": {"name": "Bought", "values": [2], "window": {"last": "PT10S"}}}},
            {"value": "silver", "rule": {"event": {"name": "Bought"}}},
        ]
    }
}


async def value(line: Line, key: str, user: str = "u") -> object:
    return (await values_of(line.graph, key)).get(await line.customer("user_id", user) or "")


def labels(line: Line) -> Labels:
    live = type(line.live)(line.keyring, line.live.zone)
    return Labels(line.graph, ChangePublisher(line.redis, line.graph), live)


async def test_a_tag_follows_events_and_time_and_segments_follow_it(line: Line, now: FakeClock) -> None:
    await save_tag(line.graph, "tier", TIER)
    await line.segment("golden", GOLD)
    sweep, first = line.sweep(), now.ms
    await sweep.step(now.ms)
    await line.apply(bought(1, first))
    assert await value(line, "tier") == "silver"
    now.ms += 4_020
    await line.apply(bought(2, first + 4_000))
    assert await value(line, "tier") == "gold"
    now.ms = first + 10_400
    await sweep.step(now.ms)

    assert await value(line, "tier") == "silver"
    assert set((await since_of(line.graph, "tier")).values()) == {first + 10_000}
    changes = await line.changes()
    assert [(one.kind, one.segment, one.occurred_at, one.cause) for one in changes] == [
        ("ENTERED", "golden", first + 4_000, "TAG"),
        ("EXITED", "golden", first + 10_000, "TAG"),
    ]
    assert_sequences(changes)


async def test_who_is_new_gets_a_count_of_nothing(line: Line, now: FakeClock) -> None:
    await save_tag(line.graph, "orders", BOUGHT_COUNT)
    await line.apply(identify(1, now.ms))
    assert await value(line, "orders") == 0
    await line.apply(bought(1, now.ms))
    await line.apply(bought(2, now.ms))
    assert await value(line, "orders") == 2


async def test_a_tag_that_is_gone_is_no_value_and_may_come_back(line: Line, now: FakeClock) -> None:
    recent = {"preference": {"event": {"name": "Bought", "window": {"last": "PT5S"}}, "property": "sku", "top": 2}}
    await save_tag(line.graph, "likes", recent)
    sweep, first = line.sweep(), now.ms
    await sweep.step(now.ms)
    await line.apply(bought(1, first, sku="a"), bought(2, first, sku="b"), bought(3, first, sku="b"))
    assert await value(line, "likes") == ["b", "a"]
    now.ms = first + 5_000
    await sweep.step(now.ms)
    assert await value(line, "likes") is None
    # A worker that has to load the customer knows that it had one.
    await Line.of(line.graph, line.redis, line.keyring).apply(bought(4, now.ms, sku="c"))
    assert await value(line, "likes") == ["c"]


async def test_an_old_value_is_kept_where_the_tag_says_so(line: Line, now: FakeClock) -> None:
    recent = {"preference": {"event": {"name": "Bought", "window": {"last": "PT5S"}}, "property": "sku"}}
    await save_tag(line.graph, "likes", recent, keep_old=True)
    sweep = line.sweep()
    await sweep.step(now.ms)
    await line.apply(bought(1, now.ms, sku="a"))
    now.ms += 60_000
    await sweep.step(now.ms)
    assert await value(line, "likes") == ["a"]


async def test_days_since_count_up_at_midnight_in_the_zone_of_the_tag(line: Line, now: FakeClock) -> None:
    now.ms = now.ms // DAY_MS * DAY_MS + 12 * 3_600_000
    since = {"firstLast": {"event": {"name": "Bought"}, "which": "LAST", "take": "DAYS_SINCE"}}
    await save_tag(line.graph, "days", since, zone="Asia/Shanghai")
    await line.segment("lapsed", {"tag": {"key": "days", "op": "GTE", "values": [1]}})
    sweep, first = line.sweep(), now.ms
    await sweep.step(now.ms)
    await line.apply(bought(1, first))
    assert await value(line, "days") == 0
    # It is 20:00 there.
    await step_to(sweep, now, first + 5 * 3_600_000)
    assert await value(line, "days") == 1
    assert [(one.kind, one.occurred_at, one.cause) for one in await line.changes()] == [
        ("ENTERED", first + 4 * 3_600_000, "TAG")
    ]


async def step_to(sweep: Sweep, now: FakeClock, until_ms: int) -> None:
    while now.ms < until_ms:
        now.ms = min(until_ms, now.ms + 3_000_000)
        await sweep.step(now.ms)


async def test_a_rule_that_looks_at_the_time_of_a_tag_is_swept(line: Line, now: FakeClock) -> None:
    last = {"firstLast": {"event": {"name": "Bought"}, "which": "LAST", "take": "TIME"}}
    await save_tag(line.graph, "last", last)
    await line.segment("fresh", {"tag": {"key": "last", "op": "WITHIN_LAST", "values": ["PT10S"]}})
    sweep, first = line.sweep(), now.ms
    await sweep.step(now.ms)
    await line.apply(bought(1, first))
    now.ms = first + 10_500
    await sweep.step(now.ms)
    assert [(one.kind, one.occurred_at, one.cause) for one in await line.changes()] == [
        ("ENTERED", first, "TAG"),
        ("EXITED", first + 10_000, "TIME"),
    ]


@pytest.mark.parametrize("which", ["FIRST", "LAST"])
async def test_of_events_of_one_instant_their_ids_decide_whatever_order_they_came_in(
    line: Line, now: FakeClock, which: str
) -> None:
    taken = {"event": {"name": "Bought"}, "which": which, "take": "PROPERTY", "property": "sku", "type": "STRING"}
    await save_tag(line.graph, "item", {"firstLast": taken})
    for number in range(6):
        await line.apply(bought(number, now.ms, sku=f"s{number}"))
    rows = await line.graph.read(query("MATCH (e:Event) RETURN e.id AS id, e.properties AS properties"))
    ordered = [
        json.loads(opened(line.graph, row)["properties"])["sku"] for row in sorted(rows, key=lambda row: row["id"])
    ]
    assert await value(line, "item") == ordered[0 if which == "FIRST" else -1]


async def test_a_build_and_a_live_batch_meet_without_a_false_pair(line: Line, now: FakeClock) -> None:
    for number in range(12):
        await line.apply(bought(number, now.ms, user=f"u{number}"))
    await save_tag(line.graph, "orders", BOUGHT_COUNT, status="BUILDING")
    await line.segment("buyers", {"tag": {"key": "orders", "op": "GTE", "values": [1]}})
    await line.apply(bought(100, now.ms, user="u3"), bought(101, now.ms, user="new"))
    await line.build("tag:orders")
    await line.apply(bought(102, now.ms, user="u4"))

    counts = {await line.customer("user_id", f"u{number}"): 1 + (number in (3, 4)) for number in range(12)}
    assert await values_of(line.graph, "orders") == {**counts, await line.customer("user_id", "new"): 1}
    changes = await line.changes()
    assert_sequences(changes)
    assert {one.kind for one in changes} == {"ENTERED"}
    assert len(changes) == 13


async def test_a_tag_of_builds_alone_waits_for_them(line: Line, now: FakeClock) -> None:
    await save_tag(line.graph, "orders", BOUGHT_COUNT, mode="DAILY", status="BUILDING")
    await line.segment("buyers", {"tag": {"key": "orders", "op": "GTE", "values": [1]}})
    await line.apply(bought(1, now.ms))
    assert await values_of(line.graph, "orders") == {}
    await line.build("tag:orders")
    assert await value(line, "orders") == 1
    assert [(one.kind, one.cause) for one in await line.changes()] == [("ENTERED", "TAG")]
    await change_tag(line.graph, "orders", status="SCHEDULED")
    await line.apply(bought(2, now.ms))
    assert await value(line, "orders") == 1


async def test_a_merge_computes_tags_anew_and_joins_labels_and_its_undo_parts_them(line: Line, now: FakeClock) -> None:
    await save_tag(line.graph, "orders", BOUGHT_COUNT)
    notes = await save_tag(line.graph, "notes", MANUAL, mode="MANUAL")
    await line.segment("kind", {"tag": {"key": "notes", "op": "HAS", "values": ["kind"]}})
    await line.apply(bought(1, now.ms, user="a"), bought(2, now.ms, user="b"), bought(3, now.ms, user="b"))
    a, b = [await line.customer("user_id", user) for user in "ab"]
    assert a is not None
    assert b is not None
    await labels(line).put("notes", notes.version, [a], ["vip", "loud"], "ann")
    await labels(line).put("notes", notes.version, [b], ["kind", "vip"], "bob")
    before = await values_of(line.graph, "notes")

    merged = await line.desk().merge(a, b, Said("ann", "one person"))
    [survivor] = {one for one in (a, b) if one in await values_of(line.graph, "orders")}
    assert await values_of(line.graph, "notes") == {survivor: ["kind", "loud", "vip"]}
    assert await values_of(line.graph, "orders") == {survivor: 3}
    assert await members(line, "kind") == {survivor}

    await line.desk().undo(str(merged.decision), Said("ann", "they are two"))
    assert await values_of(line.graph, "notes") == before
    assert await values_of(line.graph, "orders") == {a: 1, b: 2}
    assert await members(line, "kind") == {b}
    assert_sequences(await line.changes())


async def test_labels_move_segments_at_once_and_say_who_put_them(line: Line, now: FakeClock) -> None:
    await save_tag(line.graph, "notes", MANUAL, mode="MANUAL")
    await line.segment("kind", {"tag": {"key": "notes", "op": "HAS", "values": ["kind"]}})
    await line.apply(identify(1, now.ms))
    customer = await line.customer("user_id", "u")
    assert customer
    desk = labels(line)
    assert await desk.put("notes", 1, [customer], ["kind"], "ann") == 1
    assert await desk.put("notes", 1, [customer], ["kind"], "bob") == 0
    [row] = await line.graph.read(query("MATCH (:Customer)-[t:TAGGED]->() RETURN t.marks AS marks"))
    assert json.loads(row["marks"]) == [["kind", "ann", now.ms, []]]
    assert await desk.take("notes", 1, [customer], ["kind"]) == 1
    assert await values_of(line.graph, "notes") == {}
    changes: list[Change] = await line.changes()
    assert [(one.kind, one.cause) for one in changes] == [("ENTERED", "TAG"), ("EXITED", "TAG")]


async def test_who_is_erased_keeps_no_tag(line: Line, now: FakeClock) -> None:
    await save_tag(line.graph, "orders", BOUGHT_COUNT)
    await save_tag(line.graph, "notes", MANUAL, mode="MANUAL")
    await line.apply(bought(1, now.ms))
    customer = await line.customer("user_id", "u")
    assert customer
    await labels(line).put("notes", 1, [customer], ["kind"], "ann")
    await line.desk().erase(customer, Said("ann", "asked for it"))
    left = await line.graph.read(query("MATCH (:Customer)-[t:TAGGED|WAS_TAGGED]->() RETURN count(t) AS count"))
    assert left[0]["count"] == 0
