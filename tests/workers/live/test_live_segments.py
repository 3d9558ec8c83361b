"""Live segments on the real graph: events, attributes, dependents, time, builds."""

from __future__ import annotations

import asyncio
from typing import Any

from redis.asyncio import Redis

from base import clock
from base.keys import Keyring
from delivery.change import Change
from graph.client import GraphClient, Transaction
from graph.repositories import live as live_repository
from graph.repositories.live import CommitOrder
from tests.support.fake_clock import FakeClock
from tests.support.line import Line, assert_sequences, query
from workers.decisions.execution import Said
from workers.live.context import LiveContext
from workers.live.reevaluate import reevaluate

TWICE_IN_10_S = {"event": {"name": "Bought", "op": "GTE", "values": [2], "window": {"last": "PT10S"}}}
EVER = {"event": {"name": "Bought"}}


def bought(number: int, at_ms: int, user: str = "u", **properties: object) -> dict[str, object]:
    return {
        "type": "track",
        "event": "Bought",
        "messageId": f"b{number}",
        "userId": user,
        "timestamp": clock.iso(at_ms),
        "properties": properties,
    }


def identify(number: int, at_ms: int, user: str = "u", **traits: object) -> dict[str, object]:
    return {
        "type": "identify",
        "messageId": f"i{number}",
        "userId": user,
        "timestamp": clock.iso(at_ms),
        "traits": traits,
    }


async def members(line: Line, key: str) -> set[str]:
    rows = await line.graph.read(
        query("MATCH (c:Customer)-[:IN_SEGMENT]->(:Segment {key: $key}) RETURN c.id AS id"), key=key
    )
    return {row["id"] for row in rows}


async def test_twice_in_ten_seconds_enters_and_leaves_to_the_millisecond(line: Line, now: FakeClock) -> None:
    await line.segment("s", TWICE_IN_10_S)
    sweep, first = line.sweep(), now.ms
    await sweep.step(now.ms)
    await line.apply(bought(1, first))
    now.ms += 4_020
    await line.apply(bought(2, first + 4_000))
    assert [(one.kind, one.occurred_at, one.cause) for one in await line.changes()] == [
        ("ENTERED", first + 4_000, "EVENT")
    ]
    now.ms = first + 9_999
    await sweep.step(now.ms)
    assert len(await line.changes()) == 1
    now.ms = first + 10_400
    await sweep.step(now.ms)
    changes = await line.changes()
    assert [(one.kind, one.occurred_at, one.cause) for one in changes[1:]] == [("EXITED", first + 10_000, "TIME")]
    assert_sequences(changes)


async def test_a_live_batch_after_the_end_of_a_window_tells_both_changes(line: Line, now: FakeClock) -> None:
    await line.segment("s", TWICE_IN_10_S)
    start = now.ms
    await line.sweep().step(start)
    now.ms = start + 4_010
    await line.apply(bought(1, start), bought(2, start + 4_000))
    now.ms = start + 11_600
    await line.apply(bought(3, start + 11_000), bought(4, start + 11_500))
    changes = await line.changes()
    assert_sequences(changes)
    assert [(one.kind, one.occurred_at - start, one.cause) for one in changes] == [
        ("ENTERED", 4_000, "EVENT"),
        ("EXITED", 10_000, "TIME"),
        ("ENTERED", 11_000, "EVENT"),
    ]


async def test_what_comes_a_day_late_changes_the_answer_when_it_comes(line: Line, now: FakeClock) -> None:
    await line.segment("s", {"event": {"name": "Bought", "window": {"last": "P7D"}}})
    await line.sweep().step(now.ms)
    await line.apply(bought(1, now.ms - 86_400_000))
    assert [(one.kind, one.occurred_at, one.cause) for one in await line.changes()] == [("ENTERED", now.ms, "EVENT")]


async def test_an_event_from_the_future_counts_when_its_time_comes(line: Line, now: FakeClock) -> None:
    await line.segment("s", EVER)
    sweep, at = line.sweep(), now.ms + 1_500
    await sweep.step(now.ms)
    await line.apply(bought(1, at))
    assert await line.changes() == []
    now.ms = at + 20
    await sweep.step(now.ms)
    assert [(one.kind, one.occurred_at) for one in await line.changes()] == [("ENTERED", at)]


async def test_a_sweep_after_a_long_stop_tells_the_instants_of_the_past(line: Line, now: FakeClock) -> None:
    await line.segment("s", {"event": {"name": "Bought", "window": {"last": "PT10M"}}})
    sweep, at = line.sweep(), now.ms
    await sweep.step(now.ms)
    await line.apply(bought(1, at))
    now.ms += 8 * 3_600_000
    while await sweep.step(now.ms) == 0:
        pass
    assert [(one.kind, one.occurred_at - at) for one in await line.changes()] == [("ENTERED", 0), ("EXITED", 600_000)]


async def test_a_segment_that_reads_another_follows_at_the_same_instant(line: Line) -> None:
    await line.segment("buyers", EVER)
    await line.segment("not-buyers", {"not": {"segment": "buyers"}})
    at = clock.now_ms() - 2_000
    await line.apply(identify(1, at, name="A"))
    await line.apply(bought(2, at + 500))
    changes = await line.changes()
    assert_sequences(changes)
    assert [(one.segment, one.kind, one.cause) for one in changes] == [
        ("not-buyers", "ENTERED", "IDENTITY"),
        ("buyers", "ENTERED", "EVENT"),
        ("not-buyers", "EXITED", "SEGMENT"),
    ]
    assert changes[1].occurred_at == changes[2].occurred_at == at + 500


async def test_an_attribute_moves_its_customer(line: Line) -> None:
    await line.segment("vip", {"attribute": {"name": "level", "op": "EQ", "values": ["gold"]}})
    at = clock.now_ms() - 5_000
    await line.apply(identify(1, at, level="gold"))
    await line.apply(identify(2, at + 1_000, level="silver"))
    await line.apply(identify(3, at + 500, level="gold"))
    changes = await line.changes()
    assert [(one.kind, one.cause) for one in changes] == [("ENTERED", "ATTRIBUTE"), ("EXITED", "ATTRIBUTE")]


async def test_an_email_is_an_attribute_that_rules_can_read(line: Line) -> None:
    await line.segment("t1", {"attribute": {"name": "email", "op": "EQ", "values": ["t1@x.org"]}})
    await line.apply(identify(1, clock.now_ms() - 500, email="T1@x.org "))
    await line.apply(identify(2, clock.now_ms() - 400, user="v", email="t2@x.org"))
    assert len(await members(line, "t1")) == 1


async def test_a_merge_adds_up_what_both_did(line: Line) -> None:
    await line.segment("two", {"event": {"name": "Bought", "op": "GTE", "values": [2]}})
    await line.segment("one", EVER)
    at = clock.now_ms() - 5_000
    await line.apply({**bought(1, at), "userId": None, "anonymousId": "c"})
    await line.apply(bought(2, at + 100))
    await line.apply({**identify(3, at + 200), "anonymousId": "c"})
    changes = await line.changes()
    assert_sequences(changes)
    survivor = await line.customer("user_id", "u")
    assert await members(line, "two") == await members(line, "one") == {survivor}
    last = {(one.customer == survivor, one.segment): (one.kind, one.cause) for one in changes}
    assert last == {
        (False, "one"): ("EXITED", "IDENTITY"),
        (True, "one"): ("ENTERED", "EVENT"),
        (True, "two"): ("ENTERED", "IDENTITY"),
    }


async def test_what_a_merge_adds_up_begins_with_the_merge(line: Line, now: FakeClock) -> None:
    await line.segment("two", {"event": {"name": "Bought", "op": "GTE", "values": [2]}})
    await line.sweep().step(now.ms)
    at = now.ms
    now.ms += 100
    await line.apply({**bought(1, at + 10), "userId": None, "anonymousId": "c"}, bought(2, at + 20))
    now.ms += 100
    await line.apply({**identify(3, at + 190), "anonymousId": "c"})
    assert [(one.occurred_at - at, one.cause) for one in await line.changes()] == [(200, "IDENTITY")]


async def test_a_build_finds_everybody_and_changes_nothing_twice(line: Line) -> None:
    now = clock.now_ms()
    await line.apply(*(bought(n, now - 1_000, user=f"u{n}") for n in range(50)))
    await line.apply(*(identify(n, now - 900, user=f"v{n}", name="V") for n in range(50)))
    await line.segment("buyers", EVER)
    await line.build("buyers")
    changes = await line.changes()
    assert len(changes) == len(await members(line, "buyers")) == 50
    assert {one.cause for one in changes} == {"RULE"}
    await line.build("buyers")
    assert await line.changes() == changes
    await line.segment("buyers", {"not": EVER}, version=2)
    await line.build("buyers", version=2)
    changes = await line.changes()
    assert_sequences(changes)
    assert len(changes) == 150
    assert len(await members(line, "buyers")) == 50


async def test_calls_during_a_build_are_neither_lost_nor_doubled(
    graph: GraphClient, redis: Redis, keyring: Keyring
) -> None:
    lines = [Line.of(graph, redis, keyring) for _ in range(3)]
    now = clock.now_ms() - 10_000
    await lines[0].apply(*(bought(n, now, user=f"u{n}") for n in range(300)))
    await lines[0].segment("buyers", {"event": {"name": "Bought", "op": "EQ", "values": [1]}})

    async def live() -> None:
        for n in range(300):
            await lines[1].apply(bought(1000 + n, now + 10 * n, user=f"u{n % 400}"))

    await asyncio.gather(lines[2].build("buyers"), live())
    assert_sequences(await lines[0].changes())
    assert await members(lines[0], "buyers") == set()


async def test_an_instant_between_a_batch_and_its_commit_is_not_lost(line: Line, now: FakeClock) -> None:
    """A sweep that is announced while a batch runs cannot see the batch's facts: the batch looks itself."""
    await line.segment("s", {"event": {"name": "Bought", "window": {"last": "PT2S"}}})
    sweep, at = line.sweep(), now.ms
    await sweep.step(now.ms)
    original = live_repository.commit_changes
    announced: list[int] = []

    async def slow_commit(tx: Transaction, *written: Any) -> CommitOrder:
        if not announced:
            # Another process announces and finishes a sweep past the end of the window, before this one commits.
            announced.append(1)
            now.ms = at + 2_500
            await line.sweep().step(now.ms)
        return await original(tx, *written)

    live_repository.commit_changes = slow_commit
    try:
        await line.apply(bought(1, at))
    finally:
        live_repository.commit_changes = original
    changes = await line.changes()
    assert_sequences(changes)
    assert [(one.kind, one.occurred_at - at) for one in changes] == [("ENTERED", 0), ("EXITED", 2_000)]


async def test_who_was_merged_since_it_was_found_enters_nothing(line: Line, graph: GraphClient, now: FakeClock) -> None:
    """A sweep and a build find customers without a lock."""
    await line.apply(bought(1, now.ms, "a"), bought(2, now.ms, "b"))
    one, other = str(await line.customer("user_id", "a")), str(await line.customer("user_id", "b"))
    effect = await line.desk().merge(one, other, Said("ann", "one person"))
    retired = next(each.id for each in effect.customers if each.merged_into)
    # Also who has nothing left satisfies it.
    await line.segment("never", {"not": EVER | {"event": {"name": "Returned"}}})

    async def work(tx: Transaction) -> list[str]:
        live = LiveContext(line.keyring, line.live.zone)
        done = await reevaluate(tx, live, {one: ["never"], other: ["never"]}, "RULE")
        return [change.customer for change in done.changes if isinstance(change, Change)]

    assert await graph.write("test_reevaluate", work) == [({one, other} - {retired}).pop()]
