"""Consents of random calls, in any order, repeated and by several workers, are what a pure function says of them."""

from __future__ import annotations

import asyncio
import json
import random
from typing import Any

import pytest
from redis.asyncio import Redis

from base.clock import iso
from base.keys import Keyring
from graph.client import GraphClient
from rules.consent import SAID, ConsentState
from tests.property.graph.streams import Call, batches, shuffled
from tests.support.line import Line, query
from tests.support.sealed import opened
from tests.support.stores import wipe

START_MS = 1_700_000_000_000
COUNT = 40
WORKERS = 4
_ATTRIBUTES = query("MATCH (c:Customer) WHERE NOT c:Retired RETURN c.id AS id, c.attributes AS attributes")

Consents = dict[tuple[str, str], tuple[str, str | None]]


def random_consents(chance: random.Random) -> list[Call]:
    """Calls of one person, of every kind, few instants, few purposes: much is said at the same time."""
    calls: list[Call] = []
    for number in range(COUNT):
        said = [
            {
                "purpose": chance.choice(["marketing", "analytics"]),
                "channel": chance.choice(["email", "sms", None]),
                "state": chance.choice(SAID).value,
                "version": chance.choice([None, "1", "2"]),
            }
            for _ in range(chance.randrange(4))
        ]
        kind = chance.choice(["track", "identify", "page", "group"])
        call: Call = {"type": kind, "messageId": f"m{number}", "timestamp": iso(START_MS + chance.randrange(9) * 1_000)}
        call |= {"userId": "u"} if chance.random() < 0.6 else {"userId": "u", "anonymousId": "cookie"}
        call |= {"track": {"event": "Bought"}, "group": {"groupId": "g"}}.get(kind, {})
        calls.append(call | {"context": {"consent": {"records": said}}})
    return calls


def expected(calls: list[Any]) -> Consents:
    """Of each purpose and channel the newest; at one instant the more careful, then the greater version."""
    best: dict[tuple[str, str], tuple[str, int, str]] = {}
    for call in calls:
        for one in call["context"]["consent"]["records"]:
            key = (one["purpose"], one["channel"] or "*")
            rank = SAID.index(ConsentState(one["state"]))
            best[key] = max(best.get(key, ("", 0, "")), (call["timestamp"], rank, json.dumps(one["version"])))
    return {key: (SAID[rank].value, json.loads(version)) for key, (_, rank, version) in best.items()}


async def stored(graph: GraphClient) -> Consents:
    (row,) = await graph.read(_ATTRIBUTES)
    found: Consents = {}
    for name, one in json.loads(opened(graph, row)["attributes"]).items():
        _, purpose, channel = name.split("/")
        found[purpose, channel] = (SAID[one["v"][0]].value, one["v"][1])
    return found


@pytest.mark.parametrize("seed", range(6))
async def test_consents_in_any_order_equal_the_function(
    seed: int, graph: GraphClient, redis: Redis, keyring: Keyring
) -> None:
    chance = random.Random(seed)
    calls = random_consents(chance)
    for workers in (1, 1, WORKERS):
        await wipe(graph, redis)
        parts = batches(shuffled(calls, chance), chance)

        async def work(number: int, parts: list[list[Call]] = parts, workers: int = workers) -> None:
            line = Line.of(graph, redis, keyring)
            for part in parts[number::workers]:
                await line.apply(*part)

        await asyncio.gather(*(work(number) for number in range(workers)))
        assert await stored(graph) == expected(calls)
