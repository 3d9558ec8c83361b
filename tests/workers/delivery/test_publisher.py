"""The stream of changes is the outbox: every position once, in order, whoever dies and whatever Redis loses."""

from __future__ import annotations

import asyncio
import random

import pytest
from redis.asyncio import Redis

from base.errors import Unavailable
from base.valkey import CHANGES_STREAM, connect
from delivery import publisher as publisher_module
from delivery.change import Change, decode
from delivery.publisher import ChangePublisher
from graph.client import GraphClient
from tests.support.changes import commit_changes, make_change, remove_changes

PUBLISHERS = 20
COMMITS_EACH = 12


async def stream_of(redis: Redis) -> list[Change]:
    """All entries, after checking that each id is the position in the body."""
    changes = []
    for entry_id, fields in await redis.xrange(CHANGES_STREAM):
        change = decode(fields[b"c"])
        assert entry_id == f"{change.position}-0".encode()
        assert int(fields[b"p"]) > 1_700_000_000_000
        changes.append(change)
    return changes


async def positions_of(redis: Redis) -> list[int]:
    return [change.position for change in await stream_of(redis)]


async def test_a_published_change_is_in_the_stream_as_it_was_committed(graph: GraphClient, redis: Redis) -> None:
    committed = await commit_changes(graph, [make_change(), make_change(segment="vip", sequence=2)])
    await ChangePublisher(redis, graph).publish(committed)
    assert await stream_of(redis) == committed


async def test_publishing_twice_adds_nothing(graph: GraphClient, redis: Redis) -> None:
    committed = await commit_changes(graph, [make_change()])
    await ChangePublisher(redis, graph).publish(committed)
    before = await redis.xrange(CHANGES_STREAM)
    await ChangePublisher(redis, graph).publish(committed)
    assert await redis.xrange(CHANGES_STREAM) == before


async def test_publishing_nothing_touches_nothing(graph: GraphClient, redis: Redis) -> None:
    await ChangePublisher(redis, graph).publish([])
    assert await redis.exists(CHANGES_STREAM) == 0


async def test_concurrent_publishers_that_die_after_the_commit_leave_no_gap(graph: GraphClient, redis: Redis) -> None:
    rng = random.Random(7)
    total = 0

    async def one_worker(number: int) -> None:
        nonlocal total
        publisher = ChangePublisher(redis, graph)
        for turn in range(COMMITS_EACH):
            changes = [make_change(customer=f"cus_{number}", sequence=turn + 1)] * rng.randint(1, 4)
            committed = await commit_changes(graph, changes)
            total += len(committed)
            if rng.random() < 0.3:
                publisher = ChangePublisher(redis, graph)
                continue
            await asyncio.sleep(rng.random() * 0.02)
            await publisher.publish(committed)

    await asyncio.gather(*(one_worker(number) for number in range(PUBLISHERS)))
    seen = await positions_of(redis)
    assert seen == list(range(1, len(seen) + 1))
    await ChangePublisher(redis, graph).catch_up()
    assert await positions_of(redis) == list(range(1, total + 1))


async def test_a_stream_lost_between_two_publications_is_rebuilt_by_the_next(graph: GraphClient, redis: Redis) -> None:
    publisher = ChangePublisher(redis, graph)
    first = await commit_changes(graph, [make_change(sequence=n) for n in range(1, 8)])
    await publisher.publish(first)
    await redis.flushdb()
    second = await commit_changes(graph, [make_change(sequence=8)])
    await publisher.publish(second)
    assert await stream_of(redis) == first + second


async def test_a_stream_lost_again_and_again_while_it_is_rebuilt_ends_complete(
    graph: GraphClient, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publisher_module, "CHUNK_ENTRIES", 5)
    committed = await commit_changes(graph, [make_change(sequence=n) for n in range(1, 101)])
    publisher = ChangePublisher(redis, graph)

    async def flush_now_and_then() -> None:
        for _ in range(4):
            await asyncio.sleep(0.015)
            await redis.flushdb()

    await asyncio.gather(publisher.catch_up(), publisher.publish(committed[-3:]), flush_now_and_then())
    await publisher.catch_up()
    assert await positions_of(redis) == list(range(1, 101))


async def test_a_stream_that_lost_its_end_is_filled_without_traffic(graph: GraphClient, redis: Redis) -> None:
    committed = await commit_changes(graph, [make_change(sequence=n) for n in range(1, 11)])
    publisher = ChangePublisher(redis, graph)
    await publisher.publish(committed[:6])
    assert await publisher.catch_up() == 4
    assert await stream_of(redis) == committed
    assert await publisher.catch_up() == 0


async def test_what_retention_removed_from_the_outbox_is_no_gap(graph: GraphClient, redis: Redis) -> None:
    committed = await commit_changes(graph, [make_change(sequence=n) for n in range(1, 11)])
    await remove_changes(graph, until=8)
    await ChangePublisher(redis, graph).publish(committed[-1:])
    assert await positions_of(redis) == [9, 10]


async def test_a_stream_too_old_to_be_continued_starts_anew_without_a_hole(graph: GraphClient, redis: Redis) -> None:
    committed = await commit_changes(graph, [make_change(sequence=n) for n in range(1, 11)])
    publisher = ChangePublisher(redis, graph)
    await publisher.publish(committed[:3])
    await remove_changes(graph, until=7)
    await publisher.catch_up()
    assert await positions_of(redis) == [8, 9, 10]


async def test_the_stream_of_a_graph_that_was_restored_is_replaced(graph: GraphClient, redis: Redis) -> None:
    publisher = ChangePublisher(redis, graph)
    abandoned = [make_change(position, customer="cus_gone") for position in range(1, 21)]
    await publisher.publish(abandoned)
    committed = await commit_changes(graph, [make_change(sequence=n) for n in range(1, 4)])
    await publisher.catch_up()
    assert await stream_of(redis) == committed


async def test_a_restored_graph_that_grew_past_the_old_stream_replaces_it_too(graph: GraphClient, redis: Redis) -> None:
    publisher = ChangePublisher(redis, graph)
    await publisher.publish([make_change(1, customer="cus_gone"), make_change(2, customer="cus_gone")])
    committed = await commit_changes(graph, [make_change(sequence=n) for n in range(1, 6)])
    await publisher.catch_up()
    assert await stream_of(redis) == committed


async def test_a_stream_trimmed_to_nothing_goes_on_where_it_was(graph: GraphClient, redis: Redis) -> None:
    publisher = ChangePublisher(redis, graph)
    await publisher.publish(await commit_changes(graph, [make_change(), make_change(sequence=2)]))
    await redis.xtrim(CHANGES_STREAM, maxlen=0, approximate=False)
    assert await publisher.catch_up() == 0
    await publisher.publish(await commit_changes(graph, [make_change(sequence=3)]))
    assert await positions_of(redis) == [3]


async def test_large_publications_go_in_bounded_chunks(graph: GraphClient, redis: Redis) -> None:
    committed = await commit_changes(graph, [make_change(sequence=n, customer="c" * 1000) for n in range(1, 1302)])
    calls_before = (await redis.info("commandstats"))["cmdstat_evalsha"]["calls"]
    await ChangePublisher(redis, graph).publish(committed)
    calls = (await redis.info("commandstats"))["cmdstat_evalsha"]["calls"] - calls_before
    assert calls >= 1301 * 1000 / publisher_module.CHUNK_BYTES
    assert await positions_of(redis) == list(range(1, 1302))


async def test_an_unreachable_redis_says_so(graph: GraphClient) -> None:
    nowhere = connect("redis://127.0.0.1:1/0")
    try:
        with pytest.raises(Unavailable):
            await ChangePublisher(nowhere, graph).publish([make_change(1)])
    finally:
        await nowhere.aclose()
