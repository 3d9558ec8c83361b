"""What a subscriber is promised: every change behind its cursor once and in order, or a clear fault."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager

import pytest
import pytest_asyncio
from redis.asyncio import Redis

from base.errors import BadInput, ErrorCode, KithError, Unavailable
from base.keys import Keyring
from base.settings import Settings
from base.valkey import CHANGES_STREAM, connect
from delivery import hub as hub_module
from delivery.change import PublishedChange
from delivery.cursor import Cursors
from delivery.hub import ChangeHub
from delivery.publisher import ChangePublisher
from graph.client import GraphClient
from tests.support.changes import commit_changes, make_change
from tests.support.proxy import Relay

WITHIN_S = 20.0


@pytest_asyncio.fixture
async def hub(redis: Redis, keyring: Keyring) -> AsyncIterator[ChangeHub]:
    hub = ChangeHub(redis, keyring)
    await hub.start()
    yield hub
    await hub.stop()


@pytest.fixture
def publisher(redis: Redis, graph: GraphClient) -> ChangePublisher:
    return ChangePublisher(redis, graph)


async def publish(publisher: ChangePublisher, first: int, last: int, segment: Callable[[int], str] = str) -> None:
    await publisher.publish([make_change(n, segment=segment(n % 3)) for n in range(first, last + 1)])


async def take(
    hub: ChangeHub, count: int, *, segments: frozenset[str] | None = None, after: str | None
) -> list[PublishedChange]:
    """The first `count` changes of a new subscription."""
    taken: list[PublishedChange] = []
    async with asyncio.timeout(WITHIN_S), aclosing(hub.subscribe(segments, after)) as changes:
        if count:
            async for one in changes:
                taken.append(one)
                if len(taken) == count:
                    break
    return taken


async def fault_of(hub: ChangeHub, after: str | None) -> KithError:
    with pytest.raises(KithError) as caught:
        await take(hub, 1, after=after)
    return caught.value


@asynccontextmanager
async def reading(
    hub: ChangeHub, after: str | None = None, segments: frozenset[str] | None = None
) -> AsyncIterator[asyncio.Queue[PublishedChange | KithError]]:
    """A subscription that is open for the length of the block; its changes and its fault arrive in the queue."""
    arrived: asyncio.Queue[PublishedChange | KithError] = asyncio.Queue()
    joined = hub._served_count + 1

    async def read() -> None:
        try:
            async with aclosing(hub.subscribe(segments, after)) as changes:
                async for one in changes:
                    arrived.put_nowait(one)
        except KithError as fault:
            arrived.put_nowait(fault)

    task = asyncio.create_task(read())
    async with asyncio.timeout(WITHIN_S):
        while hub._served_count < joined and arrived.empty():  # noqa: ASYNC110 (the hub has no event for it)
            await asyncio.sleep(0.005)
    yield arrived
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def next_of(arrived: asyncio.Queue[PublishedChange | KithError], count: int) -> list[int]:
    """Positions of the next `count` changes; a fault fails the test."""
    positions = []
    async with asyncio.timeout(WITHIN_S):
        for _ in range(count):
            one = await arrived.get()
            assert isinstance(one, PublishedChange), one
            positions.append(one.change.position)
    return positions


async def next_fault(arrived: asyncio.Queue[PublishedChange | KithError]) -> KithError:
    async with asyncio.timeout(WITHIN_S):
        while not isinstance(one := await arrived.get(), KithError):
            pass
    return one


async def test_without_a_cursor_only_later_changes_come(hub: ChangeHub, publisher: ChangePublisher) -> None:
    await publish(publisher, 1, 5)
    async with reading(hub) as arrived:
        await publish(publisher, 6, 8)
        assert await next_of(arrived, 3) == [6, 7, 8]


async def test_a_change_arrives_as_it_was_published(hub: ChangeHub, publisher: ChangePublisher, redis: Redis) -> None:
    change = make_change(1, segment="vip")
    async with reading(hub) as arrived:
        await publisher.publish([change])
        one = await asyncio.wait_for(arrived.get(), WITHIN_S)
    assert isinstance(one, PublishedChange)
    assert one.change == change
    assert one.published_at == int((await redis.xrange(CHANGES_STREAM))[0][1][b"p"])


async def test_200_subscribers_that_join_anywhere_see_every_later_change_once(
    hub: ChangeHub, publisher: ChangePublisher, keyring: Keyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub_module, "RECENT_ENTRIES", 100)
    rng = random.Random(11)
    cursors = Cursors(keyring)
    last = 1500
    published = 0

    async def keep_publishing() -> None:
        nonlocal published
        while published < last:
            size = rng.choice([1, 1, 1, 2, 5, 40])
            until = min(published + size, last)
            await publish(publisher, published + 1, until)
            published = until
            await asyncio.sleep(0.002)

    async def subscriber(number: int) -> None:
        await asyncio.sleep(rng.random() * 1.5)
        start = rng.randint(0, published)
        wanted = None if number % 2 else frozenset({"0", "2"})
        expected = [n for n in range(start + 1, last + 1) if wanted is None or n % 3 != 1]
        received: list[int] = []
        after = cursors.encode(start) if start else "0"
        while len(received) < len(expected):
            # Every subscriber also comes back a few times with its last cursor.
            until = len(received) + rng.randint(1, 700)
            async with aclosing(hub.subscribe(wanted, after)) as changes:
                async for one in changes:
                    received.append(one.change.position)
                    after = one.cursor
                    if len(received) in (until, len(expected)):
                        break
                    if rng.random() < 0.01:
                        await asyncio.sleep(0.005)
        assert received == expected

    async with asyncio.timeout(60):
        await asyncio.gather(keep_publishing(), *(subscriber(number) for number in range(200)))


async def test_a_stuck_subscriber_is_cut_off_slows_nobody_and_can_resume(
    redis: Redis, keyring: Keyring, publisher: ChangePublisher
) -> None:
    hub = ChangeHub(redis, keyring, queue_limit=600)
    await hub.start()
    try:
        stuck = hub.subscribe(None, None)
        async with reading(hub) as arrived:
            first = asyncio.create_task(anext(stuck))
            await asyncio.sleep(0.05)
            await publish(publisher, 1, 1)
            received = [(await asyncio.wait_for(first, WITHIN_S))]
            assert await next_of(arrived, 1) == [1]
            for start in range(2, 1202, 100):
                await publish(publisher, start, start + 99)
                assert await next_of(arrived, 100) == list(range(start, start + 100))
        with pytest.raises(KithError) as caught:
            await anext(stuck)
        assert caught.value.code is ErrorCode.RATE_LIMITED
        assert "cursor" in (caught.value.hint or "")
        assert not hub._segments.clear()
        received += await take(hub, 1200, after=received[-1].cursor)
        assert [one.change.position for one in received] == list(range(1, 1202))
    finally:
        await hub.stop()


async def test_a_filter_lets_only_its_segments_through(hub: ChangeHub, publisher: ChangePublisher) -> None:
    await publish(publisher, 1, 9)
    behind = await take(hub, 3, segments=frozenset({"2"}), after="0")
    assert [one.change.position for one in behind] == [2, 5, 8]
    async with reading(hub, behind[-1].cursor, frozenset({"2", "0"})) as arrived:
        await publish(publisher, 10, 14)
        assert await next_of(arrived, 4) == [9, 11, 12, 14]


async def test_the_oldest_cursor_starts_at_the_oldest_change_kept(
    hub: ChangeHub, publisher: ChangePublisher, redis: Redis
) -> None:
    await publish(publisher, 1, 9)
    await redis.xtrim(CHANGES_STREAM, minid="4-0", approximate=False)
    assert [one.change.position for one in await take(hub, 6, after="0")] == [4, 5, 6, 7, 8, 9]


async def test_a_cursor_behind_what_is_kept_has_expired(
    hub: ChangeHub, publisher: ChangePublisher, redis: Redis, keyring: Keyring
) -> None:
    await publish(publisher, 1, 9)
    await redis.xtrim(CHANGES_STREAM, minid="4-0", approximate=False)
    cursors = Cursors(keyring)
    fault = await fault_of(hub, cursors.encode(2))
    assert fault.code is ErrorCode.CURSOR_EXPIRED
    assert fault.hint
    assert (await take(hub, 1, after=cursors.encode(3)))[0].change.position == 4


async def test_a_cursor_at_the_end_of_a_stream_trimmed_to_nothing_is_good(
    hub: ChangeHub, publisher: ChangePublisher, redis: Redis, keyring: Keyring
) -> None:
    await publish(publisher, 1, 9)
    await redis.xtrim(CHANGES_STREAM, maxlen=0, approximate=False)
    async with reading(hub, Cursors(keyring).encode(9)) as arrived:
        await publish(publisher, 10, 10)
        assert await next_of(arrived, 1) == [10]
    assert (await fault_of(hub, Cursors(keyring).encode(8))).code is ErrorCode.CURSOR_EXPIRED


async def test_a_cursor_ahead_of_the_log_is_refused_after_a_while(
    hub: ChangeHub, publisher: ChangePublisher, keyring: Keyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub_module, "REBUILD_WAIT_S", 0.2)
    await publish(publisher, 1, 3)
    fault = await fault_of(hub, Cursors(keyring).encode(50))
    assert fault.code is ErrorCode.BAD_USER_INPUT
    assert fault.field == "after"


async def test_a_cursor_ahead_of_a_stream_that_lost_its_end_waits_for_it(
    hub: ChangeHub, publisher: ChangePublisher, graph: GraphClient, keyring: Keyring
) -> None:
    committed = await commit_changes(graph, [make_change(sequence=n) for n in range(1, 11)])
    await publisher.publish(committed[:5])
    resumed = asyncio.create_task(take(hub, 2, after=Cursors(keyring).encode(8)))
    await asyncio.sleep(0.3)
    assert not resumed.done()
    await publisher.catch_up()
    assert [one.change.position for one in await resumed] == [9, 10]


@pytest.mark.parametrize(
    "cursor",
    [
        pytest.param("", id="empty text"),
        pytest.param("1", id="a bare position"),
        pytest.param("1-0", id="a stream id"),
        pytest.param("$", id="a Redis keyword"),
        pytest.param("A" * 22, id="the right length"),
        pytest.param("é" * 22, id="not ASCII"),
        pytest.param("A" * 100_000, id="very long"),
        pytest.param("AAAAAAAAAAE" + "A" * 11, id="a position with a made-up signature"),
    ],
)
async def test_a_forged_cursor_is_refused_at_once(hub: ChangeHub, cursor: str) -> None:
    with pytest.raises(BadInput):
        hub.subscribe(None, cursor)


async def test_subscribers_outlive_a_redis_that_goes_away_without_gap_or_repeat(
    settings: Settings, keyring: Keyring, publisher: ChangePublisher
) -> None:
    relay = Relay(int(settings.redis_url.rpartition(":")[2].partition("/")[0]))
    await relay.start()
    scheme, _, rest = settings.redis_url.partition("://")
    user, at, _ = rest.rpartition("@")
    through_relay = connect(f"{scheme}://{user}{at}127.0.0.1:{relay.port}/{rest.rpartition('/')[2]}")
    hub = ChangeHub(through_relay, keyring)
    await hub.start()
    try:
        async with reading(hub) as arrived:
            await publish(publisher, 1, 4)
            assert await next_of(arrived, 4) == [1, 2, 3, 4]
            await relay.cut()
            await publish(publisher, 5, 8)
            await asyncio.sleep(0.5)
            assert arrived.empty()
            await relay.start()
            await publish(publisher, 9, 9)
            assert await next_of(arrived, 5) == [5, 6, 7, 8, 9]
    finally:
        await hub.stop()
        await through_relay.aclose()
        await relay.cut()


async def test_without_redis_a_new_subscription_says_so(keyring: Keyring, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub_module, "READY_WAIT_S", 0.2)
    nowhere = connect("redis://127.0.0.1:1/0")
    hub = ChangeHub(nowhere, keyring)
    await hub.start()
    try:
        assert (await fault_of(hub, None)).code is ErrorCode.UNAVAILABLE
    finally:
        await hub.stop()
        await nowhere.aclose()


async def test_subscribers_go_on_when_a_lost_stream_is_rebuilt(
    hub: ChangeHub, publisher: ChangePublisher, graph: GraphClient, redis: Redis
) -> None:
    await publisher.publish(await commit_changes(graph, [make_change(sequence=n) for n in range(1, 6)]))
    async with reading(hub) as arrived:
        await redis.flushdb()
        await commit_changes(graph, [make_change(sequence=6)])
        await asyncio.sleep(1.2)
        await publisher.catch_up()
        await publisher.publish(await commit_changes(graph, [make_change(sequence=7)]))
        assert await next_of(arrived, 2) == [6, 7]


async def test_changes_removed_before_they_were_read_end_the_subscription_instead_of_being_skipped(
    hub: ChangeHub, publisher: ChangePublisher, redis: Redis
) -> None:
    await publish(publisher, 1, 3)
    async with reading(hub) as arrived:
        async with redis.pipeline(transaction=True) as pipe:
            for position in (4, 5, 6):
                pipe.xadd(CHANGES_STREAM, {"c": b"{}", "p": "1"}, id=f"{position}-0")
            pipe.xtrim(CHANGES_STREAM, minid="6-0", approximate=False)
            await pipe.execute()
        assert (await next_fault(arrived)).code is ErrorCode.CURSOR_EXPIRED


async def test_a_stream_that_stays_short_ends_subscriptions_and_later_ones_work(
    hub: ChangeHub, publisher: ChangePublisher, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub_module, "REBUILD_WAIT_S", 0.5)
    await publish(publisher, 1, 30)
    async with reading(hub) as arrived:
        await redis.flushdb()
        assert (await next_fault(arrived)).code is ErrorCode.UNAVAILABLE
    async with reading(hub) as arrived:
        await publish(publisher, 1, 2)
        assert await next_of(arrived, 2) == [1, 2]


async def test_a_reset_deployment_is_noticed_while_nobody_listens(
    hub: ChangeHub, publisher: ChangePublisher, redis: Redis
) -> None:
    await publish(publisher, 1, 30)
    assert len(await take(hub, 30, after="0")) == 30
    await redis.flushdb()
    async with reading(hub) as arrived:
        await publish(publisher, 1, 2)
        assert await next_of(arrived, 2) == [1, 2]


async def test_stopping_ends_subscriptions_with_a_reason(redis: Redis, keyring: Keyring) -> None:
    hub = ChangeHub(redis, keyring)
    await hub.start()
    async with reading(hub) as arrived:
        await hub.stop()
        assert isinstance(await next_fault(arrived), Unavailable)


async def test_a_closed_subscription_leaves_nothing_behind(hub: ChangeHub, publisher: ChangePublisher) -> None:
    for segments in (None, frozenset({"0"})):
        async with reading(hub, segments=segments):
            pass
    assert (hub._served_count, hub._segments.clear()) == (0, set())
