"""The main job in one line: a call, a recognised customer, a profile, a live segment, a subscriber."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from typing import Any

import pytest

from base.ids import call_id
from ingest.sources import DEFAULT_SOURCE
from tests.support.applied import assert_alternating, changes_of, wait_until_drained
from tests.support.client import Client
from tests.support.service import Stores

PROFILE = """query ($value: String!) { customer(identifier: {namespace: "user_id", value: $value}) {
  id identifiers { namespace value } attributes { name value source } segments { segment { key } segmentVersion }
  events { edges { node { id name at properties } } } } }"""
SEARCH = "query ($search: String!) { customers(search: $search) { edges { node { id } } } }"
EXPLAIN = "query ($id: ID!, $key: String!) { explain(customer: $id, segment: $key) { answer } }"
UPDATE_S = 60.0
POLL_S = 0.05
MOVERS, VISITORS = 100, 30


class Ear:
    """Gathers a subscription's updates in the background."""

    def __init__(self) -> None:
        self.heard: list[dict[str, Any]] = []

    async def listen(self, updates: AsyncIterator[Any]) -> None:
        """Until cancelled."""
        async for update in updates:
            self.heard.append(update)

    async def wait_for(self, count: int) -> list[dict[str, Any]]:
        """Everything heard, once there is that much."""
        await _until(lambda: _now(len(self.heard) >= count))
        return self.heard


@asynccontextmanager
async def listening(updates: AsyncIterator[Any]) -> AsyncIterator[Ear]:
    """A subscription for the length of the block."""
    ear = Ear()
    async with aclosing(updates):  # type: ignore[type-var]
        task = asyncio.create_task(ear.listen(updates))
        try:
            yield ear
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


@pytest.mark.timeout(300)
async def test_a_call_reaches_profile_segment_and_subscriber(client: Client, behind: Stores) -> None:
    rule = {"event": {"name": "Tea Bought", "op": "GTE", "values": [2], "window": {"last": "PT1H"}}}
    await client.create_segments({"tea-lovers": rule})
    user = "main-path-1"
    visit = {"type": "track", "anonymousId": "main-path-visitor", "event": "Tea Bought", "properties": {"amount": 3}}
    known = {"type": "identify", "userId": user, "anonymousId": "main-path-visitor", "traits": {"name": "Han Meimei"}}
    bought = {"type": "track", "userId": user, "event": "Tea Bought", "properties": {"amount": 5.5}}

    async with listening(client.updates(["tea-lovers"], after="0")) as ear:
        await client.track(visit | {"messageId": "main-1"}, known | {"messageId": "main-2"})
        await client.wait_until_applied(["main-1", "main-2"])
        assert ear.heard == [], "once is not twice"
        await client.track(bought | {"messageId": "main-3"})
        (update,) = await ear.wait_for(1)

    profile = await client.ask(PROFILE, value=user)
    event_id = call_id(DEFAULT_SOURCE, "main-3")
    assert update["kind"] == "ENTERED"
    assert (update["segment"]["key"], update["sequence"], update["customerId"]) == ("tea-lovers", 1, profile["id"])
    assert update["cause"] == {"kind": "EVENT", "eventId": event_id}
    assert {(one["namespace"], one["value"]) for one in profile["identifiers"]} >= {("user_id", user)}
    assert len(profile["identifiers"]) == 2
    assert profile["attributes"] == [{"name": "name", "value": "Han Meimei", "source": DEFAULT_SOURCE}]
    assert profile["segments"] == [{"segment": {"key": "tea-lovers"}, "segmentVersion": 1}]
    nodes = [edge["node"] for edge in profile["events"]["edges"]]
    assert [(one["name"], one["properties"]) for one in nodes] == [
        ("Tea Bought", {"amount": 5.5}),
        ("Tea Bought", {"amount": 3}),
    ]
    assert nodes[0]["id"] == event_id
    assert [edge["node"]["id"] for edge in (await client.ask(SEARCH, search="meimei han"))["edges"]] == [profile["id"]]
    assert (await client.ask(EXPLAIN, id=profile["id"], key="tea-lovers"))["answer"] is True
    assert [change.customer for change in await changes_of(behind.graph, "tea-lovers")] == [profile["id"]]


@pytest.mark.timeout(300)
async def test_subscribers_over_sse_and_websocket_hear_every_change_once(client: Client, behind: Stores) -> None:
    moves = 4
    rules: dict[str, dict[str, object]] = {
        "e2e-gold": {"attribute": {"name": "tier", "op": "EQ", "values": ["gold"]}},
        "e2e-fresh": {"event": {"name": "Visited", "window": {"last": "PT3S"}}},
    }
    keys = list(rules)
    await client.create_segments(rules)

    async with (
        listening(client.updates(keys, after="0")) as sse,
        listening(client.updates_by_socket(keys, after="0")) as socket,
    ):
        for move in range(moves):
            tier = "gold" if move % 2 == 0 else "silver"
            for number in range(0, MOVERS, 10):
                users = [f"e2e-mover-{one}" for one in range(number, number + 10)]
                await client.track(
                    *({"type": "identify", "userId": user, "traits": {"tier": tier}} for user in users),
                    *({"type": "track", "userId": user, "event": "Visited"} for user in users[:3]),
                )
            await wait_until_drained(behind)
        # The last visits leave their window by themselves.
        await _until(lambda: _everybody_left(behind))
        changes = await changes_of(behind.graph, *keys)
        expected = [change.id for change in changes]
        by_sse = [one["id"] for one in await sse.wait_for(len(expected))]
        by_socket = [one["id"] for one in await socket.wait_for(len(expected))]
        middle = sse.heard[len(expected) // 2]["cursor"]

    assert_alternating(changes)
    assert sum(change.segment == "e2e-gold" for change in changes) == MOVERS * moves
    assert by_sse == expected
    assert by_socket == expected
    async with listening(client.updates_by_socket(keys, after=middle)) as later:
        rest = expected[len(expected) // 2 + 1 :]
        assert [one["id"] for one in await later.wait_for(len(rest))] == rest


async def _everybody_left(behind: Stores) -> bool:
    changes = await changes_of(behind.graph, "e2e-fresh")
    last = {change.customer: change.kind for change in changes}
    return len(last) == VISITORS and set(last.values()) == {"EXITED"}


async def _now(answer: bool) -> bool:
    return answer


async def _until(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(UPDATE_S):
        while True:
            if await condition():
                return
            await asyncio.sleep(POLL_S)
