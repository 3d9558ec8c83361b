"""What the log tells of customers, and that both kinds of changes share it: one count, one stream, one retention."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest
import pytest_asyncio
from redis.asyncio import Redis

from base.errors import BadInput, ErrorCode, KithError
from base.keys import Keyring
from base.settings import Settings
from base.valkey import CHANGES_STREAM
from delivery import watch as watch_module
from delivery.change import AnyChange, CustomerChange, decode
from delivery.cursor import Cursors
from delivery.customers import CustomerUpdate, CustomerUpdates
from delivery.hub import ChangeHub, CustomerSubscriber
from delivery.publisher import ChangePublisher
from delivery.subscriber import Subscriber
from graph.client import GraphClient
from graph.repositories.change import ChangeRepository
from graph.repositories.customer import CustomerRepository
from tests.support.changes import commit_changes, make_change, make_customer_change
from tests.support.line import Line
from tests.support.proxy import Relay
from tests.support.sightings import sighting
from workers.decisions.desk import NamedIdentifier
from workers.decisions.execution import Said
from workers.jobs import make_services
from workers.live.outbox import customer_change
from workers.tasks.changes import forget_changes

WITHIN_S = 20.0
SAID = Said("ann", "a test")


@pytest.fixture
def line(graph: GraphClient, redis: Redis, keyring: Keyring) -> Line:
    return Line.of(graph, redis, keyring)


@pytest_asyncio.fixture
async def hub(redis: Redis, keyring: Keyring) -> AsyncIterator[ChangeHub]:
    hub = ChangeHub(redis, keyring)
    await hub.start()
    yield hub
    await hub.stop()


@pytest_asyncio.fixture
async def updates(hub: ChangeHub, graph: GraphClient) -> AsyncIterator[CustomerUpdates]:
    updates = CustomerUpdates(hub, CustomerRepository(graph))
    yield updates
    await updates.stop()


async def known(line: Line, namespace: str, value: str) -> str:
    found = await line.customer(namespace, value)
    assert found is not None
    return found


def told(log: list[AnyChange]) -> list[tuple[str, str, str | None]]:
    return [(one.kind, one.customer, one.other) for one in log if isinstance(one, CustomerChange)]


async def streamed(redis: Redis) -> list[AnyChange]:
    return [decode(fields[b"c"]) for _, fields in await redis.xrange(CHANGES_STREAM)]


async def take(updates: CustomerUpdates, count: int, ids: list[str], after: str | None) -> list[CustomerUpdate]:
    """The first updates of a new subscription, those alone that the log brings."""
    taken: list[CustomerUpdate] = []
    async with asyncio.timeout(WITHIN_S), aclosing(updates.subscribe(ids, after)) as opened:
        async for one in opened:
            if one.kind != "UPDATED":
                taken.append(one)
            if len(taken) == count:
                break
    return taken


async def test_calls_and_decisions_tell_of_merges_and_splits_in_the_commit_that_makes_them(line: Line) -> None:
    await line.apply(
        sighting(1, member="M"), sighting(2, email="e@x.org"), sighting(3, member="N", phone="+4791234567")
    )
    m, e, n = [await known(line, *one) for one in (("user_id", "M"), ("email", "e@x.org"), ("user_id", "N"))]
    assert await line.log() == []

    applied = await line.apply(sighting(4, member="M", email="e@x.org"))
    assert told(applied.changes) == [("MERGED", e, m)]
    merged = (await line.log())[0]
    assert merged == applied.changes[0]
    assert isinstance(merged, CustomerChange)
    assert merged.decision is not None
    with pytest.raises(BadInput, match="Only a person's decision can be undone"):
        await line.desk().undo(merged.decision, SAID)

    desk = line.desk()
    parted = await desk.split(m, {line.uid("email", "e@x.org")}, SAID)
    assert [(kind, one) for kind, one, _ in told(list(parted.log))] == [("SPLIT", m)]
    assert told(list(parted.log))[0][2] == await known(line, "email", "e@x.org")
    joined = await desk.merge(m, n, SAID)
    assert told(list(joined.log)) in ([("MERGED", n, m)], [("MERGED", m, n)])
    retired, survivor = (n, m) if told(list(joined.log)) == [("MERGED", n, m)] else (m, n)
    assert joined.decision is not None
    undone = await desk.undo(joined.decision, SAID)
    assert told(list(undone.log)) == [("SPLIT", survivor, retired)]
    assert told(await line.log()) == told([*applied.changes, *parted.log, *joined.log, *undone.log])


async def test_who_loses_everything_is_nobody_and_may_be_somebody_again(line: Line) -> None:
    await line.apply(sighting(2, email="e@x.org"))
    e = await known(line, "email", "e@x.org")
    desk, named = line.desk(), NamedIdentifier(line.uid("email", "e@x.org"), "email", b"")
    await desk.block(named, SAID)
    await desk.block(named, SAID, blocked=False)
    assert told(await line.log()) == [("MERGED", e, None), ("SPLIT", e, None)]


async def test_a_dry_run_tells_nobody(line: Line, redis: Redis) -> None:
    await line.apply(sighting(1, member="M"), sighting(2, member="N"))
    m, n = await known(line, "user_id", "M"), await known(line, "user_id", "N")
    shown = await line.desk().merge(m, n, Said("ann", "look", dry_run=True))
    assert len(told(list(shown.log))) == 1
    assert shown.changes == ()
    assert await line.log() == []
    assert await streamed(redis) == []


async def test_a_merge_comes_before_the_changes_of_segments_that_follow_from_it(line: Line) -> None:
    await line.segment("vip", {"attribute": {"name": "vip", "op": "EQ", "values": [True]}})
    await line.apply(sighting(1, member="M"), sighting(2, email="e@x.org", traits={"vip": True}))
    m, e = await known(line, "user_id", "M"), await known(line, "email", "e@x.org")
    await line.apply(sighting(3, member="M", email="e@x.org"))
    after = [(one.kind, one.customer) for one in (await line.log())[1:]]
    assert after[0] == ("MERGED", e)
    assert sorted(after[1:]) == [("ENTERED", m), ("EXITED", e)]


async def test_a_mixed_log_is_rebuilt_after_a_loss_and_forgotten_in_order(
    settings: Settings, graph: GraphClient, redis: Redis
) -> None:
    mixed: list[AnyChange] = [make_change() if number % 3 else make_customer_change() for number in range(9)]
    old = await commit_changes(graph, mixed, at_ms=1_000)
    await ChangePublisher(redis, graph).publish(old)
    await redis.delete(CHANGES_STREAM)
    assert await ChangePublisher(redis, graph).catch_up() == 9
    assert await streamed(redis) == old
    young = await commit_changes(graph, mixed[:2])
    services = make_services(settings, graph, redis)
    assert await forget_changes(services, before_ms=2_000) == 9
    assert await streamed(redis) == young
    kept = await ChangeRepository(graph).list_range(0, 100)
    assert [decode(one.body) for one in kept] == young


async def test_every_place_of_the_log_is_one_to_go_on_from(
    line: Line, updates: CustomerUpdates, hub: ChangeHub, graph: GraphClient, redis: Redis
) -> None:
    await line.apply(sighting(1, member="M"))
    m = await known(line, "user_id", "M")
    mixed: list[AnyChange] = []
    for number in range(60):
        mixed += [
            make_change(customer=m),
            make_customer_change(customer=f"cus_{number}", other=m if number % 2 else "cus_else"),
        ]
    await ChangePublisher(redis, graph).publish(await commit_changes(graph, mixed))
    whole = await take(updates, 30, [m], "0")
    assert [one.other_id for one in whole] == [f"cus_{number}" for number in range(1, 60, 2)]
    for place in range(29):
        assert await take(updates, 29 - place, [m], whole[place].cursor) == whole[place + 1 :]
    # A cursor is a place in the log, whoever gave it out.
    async with asyncio.timeout(WITHIN_S), aclosing(hub.subscribe(None, whole[-1].cursor)) as changes:
        later = await commit_changes(graph, [make_change(customer=m)])
        await ChangePublisher(redis, graph).publish(later)
        assert (await anext(changes)).change == later[0]


async def test_an_erasure_is_heard_by_whoever_knows_the_id(
    line: Line, updates: CustomerUpdates, graph: GraphClient, redis: Redis
) -> None:
    erased = customer_change("ERASED", "cus_gone", None, 5)
    await ChangePublisher(redis, graph).publish(await commit_changes(graph, [erased]))
    (heard,) = await take(updates, 1, ["cus_gone"], "0")
    assert (heard.kind, heard.customer_id, heard.other_id, heard.occurred_at_ms) == ("ERASED", "cus_gone", None, 5)


async def test_who_was_merged_before_the_subscription_means_the_survivor(
    line: Line, updates: CustomerUpdates, redis: Redis
) -> None:
    await line.apply(sighting(1, member="M"), sighting(2, email="e@x.org"), sighting(3, email="f@x.org"))
    e, f = await known(line, "email", "e@x.org"), await known(line, "email", "f@x.org")
    await line.apply(sighting(4, member="M", email="e@x.org"))
    m = await known(line, "user_id", "M")
    publisher = ChangePublisher(redis, line.graph)
    await publisher.catch_up()
    async with asyncio.timeout(WITHIN_S), aclosing(updates.subscribe([e], None)) as opened:
        waiting = asyncio.create_task(anext(opened))
        await asyncio.sleep(0.3)
        await publisher.publish((await line.apply(sighting(5, member="M", email="f@x.org"))).changes)
        heard = await waiting
    assert (heard.kind, heard.customer_id, heard.other_id) == ("MERGED", e, f)
    assert m not in (e, f)


async def test_more_than_may_be_watched_are_refused_and_leaving_makes_room(
    line: Line, updates: CustomerUpdates, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch_module, "MAX_WATCHED", 3)
    await line.apply(sighting(1, member="M"), sighting(2, member="N"))
    ids = [await known(line, "user_id", "M"), await known(line, "user_id", "N")]
    first = updates.subscribe(ids, None)
    waiting = asyncio.create_task(anext(first))
    await asyncio.sleep(0.5)
    with pytest.raises(KithError) as caught:
        await anext(updates.subscribe(ids, None))
    assert caught.value.code is ErrorCode.RATE_LIMITED
    assert caught.value.hint
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    await first.aclose()
    async with asyncio.timeout(WITHIN_S), aclosing(updates.subscribe(ids, None)) as second:
        waiting = asyncio.create_task(anext(second))
        await asyncio.sleep(0.5)
        await line.apply(sighting(3, kind="track", member="M"))
        assert (await waiting).kind == "UPDATED"


async def test_what_moves_while_neo4j_is_away_is_heard_of_when_it_is_back(
    line: Line, hub: ChangeHub, settings: Settings
) -> None:
    await line.apply(sighting(1, member="M"))
    m = await known(line, "user_id", "M")
    scheme, _, address = settings.neo4j_uri.partition("://")
    relay = Relay(int(address.rpartition(":")[2].strip("/")))
    await relay.start()
    uri = f"{scheme}://127.0.0.1:{relay.port}"
    far = GraphClient(uri, settings.neo4j_user, settings.neo4j_password, settings.neo4j_database)
    updates = CustomerUpdates(hub, CustomerRepository(far))
    try:
        async with asyncio.timeout(60), aclosing(updates.subscribe([m], None)) as opened:
            waiting = asyncio.create_task(anext(opened))
            await asyncio.sleep(0.5)
            await relay.cut()
            await line.apply(sighting(2, kind="track", member="M"))
            await asyncio.sleep(1.5)
            assert not waiting.done()
            await relay.start()
            assert (await waiting).kind == "UPDATED"
    finally:
        await updates.stop()
        await far.close()
        await relay.cut()


async def test_the_cursor_of_an_update_is_never_behind_where_its_subscriber_began(
    redis: Redis, keyring: Keyring
) -> None:
    """It may have begun with a cursor of another process, whose reader is ahead of this one's."""
    hub = ChangeHub(redis, keyring)
    ahead: CustomerSubscriber = Subscriber(["cus_1"], 9, 10)
    assert Cursors(keyring).decode(hub.cursor_now(ahead)) == 9
