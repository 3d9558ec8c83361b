"""The durable stream: nothing that was appended is lost, whoever dies."""

from __future__ import annotations

import asyncio

import pytest
from redis.asyncio import Redis

from base.errors import Unavailable
from base.keys import Keyring
from base.valkey import INGEST_GROUP, INGEST_STREAM, connect
from ingest import stream as module
from ingest.stream import IngestStream
from tests.support.tracking import length


async def fill(stream: IngestStream, count: int, first: int = 0) -> list[str]:
    return [
        await stream.append(b"{}", "track", 1_000 + number, "default", [f"m-{number}"])
        for number in range(first, first + count)
    ]


async def test_entries_come_in_order_and_whole(stream: IngestStream) -> None:
    ids = await fill(stream, 3)

    entries = await stream.read("a", 10, 0)

    assert [entry.id for entry in entries] == ids
    assert next((e.kind, e.received_at_ms, e.source, e.body, e.deliveries) for e in entries) == (
        "track", 1_000, "default", b"{}", 1,
    )  # fmt: skip
    assert await stream.read("a", 10, 0) == []


async def test_concurrent_appends_are_all_kept_and_ids_belong_to_their_callers(
    stream: IngestStream, redis: Redis
) -> None:
    ids = await asyncio.gather(
        *(stream.append(b"%d" % number, "track", number, "default", [str(number)]) for number in range(500))
    )

    entries = {entry.id: entry.body for entry in await stream.read("a", 1_000, 0)}
    assert [entries[id] for id in ids] == [b"%d" % number for number in range(500)]


async def test_a_caller_that_gives_up_does_not_stop_others(stream: IngestStream, redis: Redis) -> None:
    tasks = [asyncio.create_task(stream.append(b"x", "track", 1, "default", [])) for _ in range(50)]
    await asyncio.sleep(0)
    for task in tasks[::2]:
        task.cancel()
    done = await asyncio.gather(*tasks, return_exceptions=True)

    assert all(isinstance(one, str) for one in done[1::2])
    assert await length(redis) >= 25


async def test_a_restarted_consumer_first_gets_what_it_had_not_acknowledged(
    stream: IngestStream, redis: Redis, keyring: Keyring
) -> None:
    ids = await fill(stream, 5)
    await stream.read("a", 3, 0)
    await stream.ack(ids[:1])

    again = IngestStream(redis, keyring)

    assert [(e.id, e.deliveries) for e in await again.read("a", 1, 0)] == [(ids[1], 2)]
    assert [(e.id, e.deliveries) for e in await again.read("a", 9, 0)] == [(ids[2], 2)]
    assert [(e.id, e.deliveries) for e in await again.read("a", 9, 0)] == [(ids[3], 1), (ids[4], 1)]


async def test_after_rewind_unacknowledged_entries_come_again(stream: IngestStream) -> None:
    ids = await fill(stream, 2)
    await stream.read("a", 9, 0)
    await stream.ack(ids[:1])
    stream.rewind("a")

    assert [entry.id for entry in await stream.read("a", 9, 0)] == ids[1:]


async def test_what_a_process_is_handed_again_after_rewind_is_no_new_delivery(
    stream: IngestStream, redis: Redis, keyring: Keyring
) -> None:
    await fill(stream, 2)
    await stream.read("a", 9, 0)
    for _ in range(4):
        stream.rewind("a")
        assert [entry.deliveries for entry in await stream.read("a", 9, 0)] == [1, 1]

    assert [entry.deliveries for entry in await IngestStream(redis, keyring).read("a", 9, 0)] == [2, 2]


async def test_what_a_living_worker_holds_for_long_is_not_taken_over(
    stream: IngestStream, redis: Redis, keyring: Keyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "HOLD_IDLE_MS", 40)
    monkeypatch.setattr(module, "CLAIM_IDLE_MS", 100)
    monkeypatch.setattr(module, "CLAIM_EVERY_MS", 0)
    ids = await fill(stream, 2)
    await stream.read("alive", 9, 0)
    other = IngestStream(redis, keyring)
    for _ in range(6):
        await asyncio.sleep(0.05)
        await stream.trim()
        assert await other.read("b", 9, 0) == []
        assert await stream.read("alive", 9, 0) == []

    await asyncio.sleep(0.15)

    assert [(entry.id, entry.deliveries) for entry in await other.read("b", 9, 0)] == [(id, 2) for id in ids]


async def test_two_consumers_share_the_entries(stream: IngestStream, redis: Redis, keyring: Keyring) -> None:
    ids = await fill(stream, 4)
    other = IngestStream(redis, keyring)

    first = [entry.id for entry in await stream.read("a", 2, 0)]
    second = [entry.id for entry in await other.read("b", 9, 0)]

    assert first + second == ids


async def test_what_a_dead_consumer_left_is_taken_over_and_its_deliveries_counted(
    stream: IngestStream, redis: Redis, keyring: Keyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = await fill(stream, 3)
    await stream.read("dead", 2, 0)
    other = IngestStream(redis, keyring)
    assert [entry.id for entry in await other.read("b", 9, 0)] == ids[2:]

    monkeypatch.setattr(module, "CLAIM_IDLE_MS", 0)
    monkeypatch.setattr(module, "CLAIM_EVERY_MS", 0)
    await stream.ack(ids[2:])

    assert [(e.id, e.deliveries) for e in await IngestStream(redis, keyring).read("c", 9, 0)] == [
        (ids[0], 2),
        (ids[1], 2),
    ]


async def test_a_blocking_read_gets_an_entry_as_it_comes(stream: IngestStream) -> None:
    waiting = asyncio.create_task(stream.read("a", 9, 2_000))
    await asyncio.sleep(0.05)
    ids = await fill(stream, 1)

    assert [entry.id for entry in await waiting] == ids


async def test_an_emptied_server_heals_itself(stream: IngestStream, redis: Redis) -> None:
    await fill(stream, 2)
    await stream.read("a", 1, 0)
    await stream.read("a", 9, 0)
    waiting = asyncio.create_task(stream.read("a", 9, 300))
    await asyncio.sleep(0.05)

    await redis.flushdb()

    assert await waiting == []
    ids = await fill(stream, 1, first=7)
    assert [entry.id for entry in await stream.read("a", 9, 0)] == ids
    await stream.ack(ids)
    assert await stream.trim() == 1


async def test_trim_keeps_everything_from_the_oldest_unapplied_on(stream: IngestStream, redis: Redis) -> None:
    ids = await fill(stream, 6)
    await stream.read("a", 4, 0)

    assert await stream.trim() == 0
    await stream.ack([ids[0], ids[2]])
    assert await stream.trim() == 1
    await stream.ack([ids[1]])
    assert await stream.trim() == 2
    await stream.ack([ids[3]])
    assert await stream.trim() == 1
    assert [entry.id for entry in await stream.read("a", 9, 0)] == ids[4:]


async def test_trim_before_anything_was_read_keeps_all(stream: IngestStream, redis: Redis) -> None:
    await fill(stream, 2)
    assert await stream.trim() == 0
    await redis.xgroup_create(INGEST_STREAM, INGEST_GROUP, id="0")

    assert await stream.trim() == 0
    assert await length(redis) == 2


async def test_consumers_that_were_long_gone_are_forgotten_unless_they_hold_entries(
    stream: IngestStream, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "FORGET_CONSUMER_MS", -1)
    await fill(stream, 1)
    await stream.read("holds", 9, 0)
    await redis.xgroup_createconsumer(INGEST_STREAM, INGEST_GROUP, "gone")

    await stream.trim()

    assert [one["name"] for one in await redis.xinfo_consumers(INGEST_STREAM, INGEST_GROUP)] == [b"holds"]


async def test_backlog_counts_read_and_unread_entries_and_the_age_of_the_oldest(stream: IngestStream) -> None:
    assert await stream.backlog() == (0, 0)
    ids = await fill(stream, 3)
    await asyncio.sleep(0.05)
    backlog = await stream.backlog()
    assert backlog.entries_count == 3
    assert 40 <= backlog.lag_ms < 5_000

    await stream.read("a", 2, 0)
    assert (await stream.backlog()).entries_count == 3
    await stream.ack(ids[:2])
    await stream.trim()
    assert (await stream.backlog()).entries_count == 1
    await stream.read("a", 2, 0)
    await stream.ack(ids[2:])
    assert await stream.backlog() == (0, 0)


async def test_waiting_message_ids_are_found_and_applied_ones_are_not(stream: IngestStream) -> None:
    ids = await fill(stream, 120)
    await stream.append(b"{}", "batch", 1, "import:x", ["a", "b", "c"])

    assert await stream.pending_message_ids(["m-0", "m-119", "m-120", "b", ""]) == {"m-0", "m-119", "b"}
    await stream.read("a", 100, 0)
    await stream.ack(ids[:100])
    await stream.trim()
    assert await stream.pending_message_ids(["m-99", "m-100"]) == {"m-100"}
    assert await stream.pending_message_ids([]) == set()


async def test_an_entry_that_does_not_open_is_handed_out_as_damaged(stream: IngestStream, redis: Redis) -> None:
    foreign = IngestStream(redis, Keyring("ee" * 32))
    await foreign.append(b"{}", "track", 1, "default", [])
    await redis.xadd(INGEST_STREAM, {b"other": b"x"})
    await fill(stream, 1)

    entries = await stream.read("a", 9, 0)

    assert [entry.damaged for entry in entries] == [True, True, False]
    assert entries[0].body


async def test_a_deleted_entry_is_not_waited_for(stream: IngestStream, redis: Redis, keyring: Keyring) -> None:
    ids = await fill(stream, 2)
    await stream.read("a", 9, 0)
    await redis.xdel(INGEST_STREAM, ids[0])

    again = IngestStream(redis, keyring)

    assert [entry.id for entry in await again.read("a", 9, 0)] == ids[1:]
    await again.ack(ids[1:])
    assert (await again.backlog()).entries_count == 0


async def test_a_server_that_is_away_is_unavailable(keyring: Keyring) -> None:
    nowhere = connect("redis://127.0.0.1:9/0")
    stream = IngestStream(nowhere, keyring)

    for attempt in (stream.read("a", 1, 0), stream.ack(["1-0"]), stream.trim(), stream.backlog(), fill(stream, 1)):
        with pytest.raises(Unavailable):
            await attempt
    await nowhere.aclose()
