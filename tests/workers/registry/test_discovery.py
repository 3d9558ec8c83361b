"""From the stream to the registry, and from what people said back to what is stored."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable

import pytest
from redis.asyncio import Redis

from base.clock import now_ms
from base.errors import Unavailable
from base.ids import call_id
from base.keys import Keyring
from graph.client import GraphClient
from graph.repositories.quarantine import QuarantineRepository
from ingest.quarantine import Outcome, Quarantine
from ingest.stream import IngestStream
from tests.support.builders import make_identify, make_track
from tests.support.line import query
from tests.support.registry import attributes_of, counted, events_of, properties_of, say
from tests.support.sealed import opened
from tests.support.working import working
from workers.applier import worker as worker_module
from workers.registry.keeper import RegistryKeeper

SOURCE = "default"
# A server that has just started plans its statements for seconds.
TIMEOUT_S = 30.0
POLL_S = 0.05
_STORED = query("MATCH (e:Event) RETURN e.id AS id, e.properties AS properties ORDER BY e.id")
_ATTRIBUTES = query("MATCH (c:Customer) RETURN c.id AS id, c.attributes AS attributes")


@pytest.fixture
def stream(redis: Redis, keyring: Keyring) -> IngestStream:
    return IngestStream(redis, keyring)


@pytest.fixture
def quarantine(graph: GraphClient, stream: IngestStream, keyring: Keyring) -> Quarantine:
    return Quarantine(QuarantineRepository(graph), stream, keyring, "CN")


async def send(stream: IngestStream, *calls: dict[str, object]) -> None:
    for call in calls:
        body = json.dumps(call).encode()
        await stream.append(body, str(call["type"]), now_ms(), SOURCE, [str(call["messageId"])])


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    deadline_s = time.monotonic() + TIMEOUT_S
    while not await holds():
        assert time.monotonic() < deadline_s
        await asyncio.sleep(POLL_S)


async def applied(stream: IngestStream) -> None:
    async def nothing_waits() -> bool:
        return not (await stream.backlog()).entries_count

    await until(nothing_waits)


async def test_what_calls_hold_is_discovered(
    graph: GraphClient, redis: Redis, keyring: Keyring, stream: IngestStream
) -> None:
    await send(
        stream,
        make_track("Bought", properties={"price": 12, "tags": ["a"], "shop": {"city": "Basel", "no": None}}),
        make_track("Bought", properties={"price": "12", "gift": True}, messageId="twice"),
        make_track("Bought", properties={"price": "12", "gift": True}, messageId="twice"),
        {"type": "page", "messageId": "p", "userId": "user-1", "name": "Home"},
        {"type": "group", "messageId": "g", "userId": "user-1", "groupId": "acme", "traits": {"size": 3}},
        make_identify(traits={"since": "2026-07-01", "email": "ann@example.com"}),
    )
    async with working(graph, redis, keyring):
        await applied(stream)

    assert {name: one.count for name, one in (await events_of(graph)).items()} == {"Bought": 2, "Page Viewed": 1}
    found = await properties_of(graph, "Bought")
    assert {name: counted(one) for name, one in found.items()} == {
        "gift": {"BOOLEAN": 1},
        "price": {"NUMBER": 1, "STRING": 1},
        "shop": {"OBJECT": 1},
        "shop.city": {"STRING": 1},
        "tags": {"LIST": 1},
    }
    price = found["price"]
    assert (price.type, price.conflict_count, price.certain_type) == ("NUMBER", 1, None)
    assert {name: one.type for name, one in (await attributes_of(graph)).items()} == {
        "email": "STRING",
        "since": "TIME",
    }


async def test_a_name_is_in_the_graph_before_its_entry_is_acknowledged(
    graph: GraphClient, redis: Redis, keyring: Keyring, stream: IngestStream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_module, "REGISTRY_EVERY_S", 60)
    monkeypatch.setattr(worker_module, "LAST_FLUSH_S", 0)
    async with working(graph, redis, keyring):
        for number in range(3):
            await send(stream, make_track(f"Event {number}", properties={"p": number}))
            await applied(stream)
            assert f"Event {number}" in await events_of(graph)


async def test_a_worker_that_dies_before_it_registers_leaves_its_names_to_the_next(
    graph: GraphClient, redis: Redis, keyring: Keyring, stream: IngestStream, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never(_: RegistryKeeper) -> None:
        raise Unavailable("the worker is about to die")

    async def is_stored() -> bool:
        return bool(await graph.read(_STORED))

    await send(stream, make_track("Bought", properties={"city": "Basel"}))
    with monkeypatch.context() as patch:
        patch.setattr(RegistryKeeper, "flush", never)
        async with working(graph, redis, keyring):
            await until(is_stored)
            # Neither acknowledged nor registered, however long it takes.
            await asyncio.sleep(1)
            assert (await stream.backlog()).entries_count == 1
    assert await events_of(graph) == {}

    async with working(graph, redis, keyring):
        await applied(stream)
    assert (await events_of(graph))["Bought"].count == 0
    assert (await properties_of(graph, "Bought"))["city"].type == "STRING"
    assert len(await graph.read(_STORED)) == 1


async def test_values_are_coerced_before_anything_reads_them_or_put_aside_and_replayed(
    graph: GraphClient,
    redis: Redis,
    keyring: Keyring,
    stream: IngestStream,
    quarantine: Quarantine,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(worker_module, "REGISTRY_EVERY_S", POLL_S)
    call = make_track("Bought", properties={"price": "12 francs", "shop": {"no": 7}}, messageId="dear")
    async with working(graph, redis, keyring):
        await send(stream, make_track("Bought", properties={"price": 1, "shop": {"no": "1"}}, messageId="first"))
        await send(stream, make_identify(traits={"vip": True}))
        await applied(stream)
        await say(graph, "Bought", "price", set_type="NUMBER", on_conflict="COERCE")
        await say(graph, "Bought", "shop.no", set_type="STRING", on_conflict="COERCE")
        await say(graph, None, "vip", set_type="BOOLEAN", on_conflict="QUARANTINE")
        # What was said is in force within moments.
        await asyncio.sleep(1)
        await send(stream, call, make_identify(traits={"vip": "yes"}, messageId="vip"))
        await send(stream, make_track("Bought", properties={"price": " 12.5 ", "shop": {"no": 7}}, messageId="fine"))
        await applied(stream)

        kept = {row.message_id: row for row in await quarantine.rows.list_page(10)}
        assert {id: (row.reason, row.detail) for id, row in kept.items()} == {
            "dear": ("TYPE_CONFLICT", "the property price is to be a NUMBER, and the value is a STRING"),
            "vip": ("TYPE_CONFLICT", "the trait vip is to be a BOOLEAN, and the value is a STRING"),
        }
        stored = [json.loads(opened(graph, row)["properties"]) for row in await graph.read(_STORED)]
        assert {"price": 12.5, "shop": {"no": "7"}} in stored
        assert len(stored) == 2
        assert (await quarantine.wait([(await quarantine.replay(call_id(SOURCE, "vip"))).id], 5))[0].outcome is (
            Outcome.STILL_REFUSED
        )

        await say(graph, None, "vip", on_conflict="COERCE", set_type="STRING")
        await say(graph, "Bought", "price", on_conflict=None)
        await asyncio.sleep(1)
        sent = [await quarantine.replay(call_id(SOURCE, message_id)) for message_id in ("vip", "dear")]
        done = await quarantine.wait([one.id for one in sent], TIMEOUT_S)
        assert [one.outcome for one in done] == [Outcome.APPLIED, Outcome.APPLIED]

    stored = [json.loads(opened(graph, row)["properties"]) for row in await graph.read(_STORED)]
    assert {"price": "12 francs", "shop": {"no": "7"}} in stored
    (row,) = await graph.read(_ATTRIBUTES)
    assert json.loads(opened(graph, row)["attributes"])["vip"]["v"] == "yes"
    assert counted((await properties_of(graph, "Bought"))["price"]) == {"NUMBER": 2, "STRING": 1}
