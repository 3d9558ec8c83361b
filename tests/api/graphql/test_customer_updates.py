"""`customerUpdates` through the public API, over both transports, on what calls and decisions really do."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager, suppress
from typing import Any, Protocol

import pytest
import pytest_asyncio
from redis.asyncio import Redis

from base import clock
from base.keys import Keyring
from delivery.publisher import ChangePublisher
from graph.client import GraphClient
from tests.support.api import Api
from tests.support.line import Line
from tests.support.sightings import sighting
from tests.support.subscriptions import Hear, by_events, by_socket, subscribers

QUERY = """subscription ($ids: [ID!]!, $after: String) { customerUpdates(ids: $ids, after: $after) {
  cursor id kind customerId otherId occurredAt publishedAt
  customer { id identifiers { namespace value } segments { segment { key } } } } }"""
UNDO = """mutation ($id: ID!) { undo(decision: $id, reason: "wrong") { ... on IdentityEffect { decisionId } } }"""
MERGE = """mutation ($a: ID!, $b: ID!) { mergeCustomers(a: $a, b: $b, reason: "same") {
  ... on IdentityEffect { decisionId } } }"""
# Nothing was heard for longer than a look at the versions takes.
QUIET_S = 1.2
# A machine with other work reads the profile more slowly than the promise's own second allows for.
SLACK_S = 1.0


class Transport(Protocol):
    def __call__(self, api: Api, query: str, variables: Mapping[str, object]) -> AbstractAsyncContextManager[Hear]: ...


BOTH = pytest.mark.parametrize("transport", [by_socket, by_events])


@pytest.fixture
def line(graph: GraphClient, redis: Redis, keyring: Keyring) -> Line:
    return Line.of(graph, redis, keyring)


@pytest_asyncio.fixture(autouse=True, loop_scope="session")
async def nobody_else(api: Api) -> None:
    """Subscribers of the test before are gone."""
    await subscribers(api, 0)


async def take_in(line: Line, *calls: dict[str, object]) -> None:
    """Apply calls as the worker does, publication included."""
    applied = await line.apply(*calls)
    await ChangePublisher(line.redis, line.graph).publish(applied.changes)


async def two(line: Line) -> tuple[str, str]:
    """A member and a reader of mails, not yet known to be one."""
    await take_in(line, sighting(1, member="M"), sighting(2, email="e@x.org"))
    return await known(line, "user_id", "M"), await known(line, "email", "e@x.org")


async def known(line: Line, namespace: str, value: str) -> str:
    found = await line.customer(namespace, value)
    assert found is not None
    return found


async def next_of(hear: Hear, kind: str = "") -> dict[str, Any]:
    """The next update, of a kind: others before it are left out."""
    while True:
        update: dict[str, Any] = (await hear())["data"]["customerUpdates"]
        if kind in ("", update["kind"]) or (kind == "LOGGED" and update["kind"] != "UPDATED"):
            return update


@BOTH
async def test_both_hear_of_a_merge_by_a_call_and_of_its_undo_once(api: Api, line: Line, transport: Transport) -> None:
    m, e = await two(line)
    await take_in(line, sighting(3, member="M", email="e@x.org"))
    for asked, other in ((m, e), (e, m)):
        async with transport(api, QUERY, {"ids": [asked], "after": "0"}) as hear:
            update = await next_of(hear)
            assert (update["kind"], update["customerId"], update["otherId"]) == ("MERGED", asked, other)
            assert update["customer"]["id"] == m
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(hear(), QUIET_S)


@BOTH
async def test_a_decision_and_its_undo_are_heard_live_and_behind_each_cursor(
    api: Api, line: Line, transport: Transport
) -> None:
    m, e = await two(line)
    async with transport(api, QUERY, {"ids": [e]}) as hear:
        await subscribers(api, 1)
        await take_in(line, sighting(4, kind="track", email="e@x.org"))
        begun = await next_of(hear)
        assert (begun["kind"], begun["customerId"], begun["otherId"]) == ("UPDATED", e, None)
        decision = (await api.data(MERGE, {"a": m, "b": e}))["mergeCustomers"]["decisionId"]
        merged = await next_of(hear, "LOGGED")
        # It is the member now.
        await take_in(line, sighting(5, kind="track", member="M"))
        assert (await next_of(hear))["customer"]["id"] == m
        await api.data(UNDO, {"id": decision})
        parted = await next_of(hear, "LOGGED")
    assert [(one["kind"], one["customerId"], one["otherId"]) for one in (merged, parted)] == [
        ("MERGED", e, m),
        ("SPLIT", e, m),
    ]
    assert parted["customer"] == {"id": e, "identifiers": [{"namespace": "email", "value": "e@x.org"}], "segments": []}

    for after, left in ((begun, ["MERGED", "SPLIT"]), (merged, ["SPLIT"])):
        async with transport(api, QUERY, {"ids": [m], "after": after["cursor"]}) as hear:
            heard = [await next_of(hear) for _ in left]
            assert [one["kind"] for one in heard] == left
            assert {one["id"] for one in heard} <= {merged["id"], parted["id"]}
            assert {(one["customerId"], one["otherId"]) for one in heard} == {(m, e)}
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(hear(), QUIET_S)


@BOTH
async def test_updated_comes_within_a_second_and_shows_what_changed(api: Api, line: Line, transport: Transport) -> None:
    m, _ = await two(line)
    async with transport(api, QUERY, {"ids": [m]}) as hear:
        await subscribers(api, 1)
        await take_in(line, sighting(4, kind="track", member="M"))
        await next_of(hear, "UPDATED")
        await take_in(line, sighting(5, member="M", device="d"))
        applied_s = asyncio.get_running_loop().time()
        update = await next_of(hear, "UPDATED")
        assert asyncio.get_running_loop().time() - applied_s < 1.0 + SLACK_S
    assert {"namespace": "device_id", "value": "d"} in update["customer"]["identifiers"]


async def test_a_segment_that_is_left_by_time_alone_is_heard_of(api: Api, line: Line) -> None:
    rule = {"event": {"name": "Seen", "values": [1], "window": {"last": "PT1S"}}}
    await line.segment("now", rule)
    m, _ = await two(line)
    sweep = line.sweep()
    await sweep.step(clock.now_ms())
    async with by_socket(api, QUERY, {"ids": [m]}) as hear:
        await subscribers(api, 1)
        call = {**sighting(6, kind="track", member="M")}
        del call["timestamp"]
        await take_in(line, call)
        inside = await next_of(hear, "UPDATED")
        assert [one["segment"]["key"] for one in inside["customer"]["segments"]] == ["now"]
        await asyncio.sleep(1.1)
        await sweep.step(clock.now_ms())
        outside = await next_of(hear, "UPDATED")
    assert outside["customer"]["segments"] == []


async def test_many_changes_between_two_looks_are_one_update(api: Api, line: Line) -> None:
    m, _ = await two(line)
    async with by_socket(api, QUERY, {"ids": [m]}) as hear:
        await subscribers(api, 1)
        for number in range(10, 16):
            await take_in(line, sighting(number, kind="track", member="M"))
        heard: list[dict[str, Any]] = []
        with suppress(TimeoutError):
            while True:
                heard.append(await asyncio.wait_for(next_of(hear, "UPDATED"), QUIET_S))
    assert 1 <= len(heard) < 6
    assert len({one["id"] for one in heard}) == len(heard)


async def test_subscribers_of_segments_see_nothing_of_it_and_their_cursors_stay_valid(api: Api, line: Line) -> None:
    await line.segment("members", {"attribute": {"name": "vip", "op": "EQ", "values": [True]}})
    query = """subscription ($after: String) { segmentUpdates(after: $after) { cursor kind customerId } }"""
    m, e = await two(line)
    await take_in(line, sighting(3, member="M", traits={"vip": True}))
    await take_in(line, sighting(4, member="M", email="e@x.org"))
    await take_in(line, sighting(5, member="M", traits={"vip": False}))
    log = [one.kind for one in await line.log()]
    assert log == ["ENTERED", "MERGED", "EXITED"]
    async with by_events(api, query, {"after": "0"}) as hear:
        entered = (await hear())["data"]["segmentUpdates"]
        exited = (await hear())["data"]["segmentUpdates"]
    assert [(one["kind"], one["customerId"]) for one in (entered, exited)] == [("ENTERED", m), ("EXITED", m)]
    async with by_events(api, query, {"after": entered["cursor"]}) as hear:
        assert (await hear())["data"]["segmentUpdates"] == exited
    async with by_events(api, QUERY, {"ids": [e], "after": entered["cursor"]}) as hear:
        assert (await next_of(hear))["kind"] == "MERGED"


@BOTH
async def test_what_cannot_be_asked_is_refused_with_a_hint(api: Api, line: Line, transport: Transport) -> None:
    m, _ = await two(line)
    for variables, field in (
        ({"ids": [m, "cus_nobody"]}, "ids"),
        ({"ids": []}, "ids"),
        ({"ids": [f"cus_{number}" for number in range(101)]}, "ids"),
        ({"ids": [m], "after": "forged"}, "after"),
    ):
        async with transport(api, QUERY, variables) as hear:
            extensions = (await hear())["errors"][0]["extensions"]
            assert (extensions["code"], extensions["field"]) == ("BAD_USER_INPUT", field)
            assert extensions["hint"]
