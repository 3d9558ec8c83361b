"""However calls arrive (order, repeats, batches, workers), the graph comes out the same."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence

import pytest
from redis.asyncio import Redis

from base import clock
from base.keys import Keyring
from graph.client import GraphClient
from tests.property.graph.comparing import differences
from tests.property.graph.streams import NOW_MS, SEGMENTS, Call, batches, random_calls, shuffled
from tests.support.line import Line, assert_sequences
from tests.support.stores import wipe

COUNT = 36
WORKERS = 16


@pytest.fixture(autouse=True)
def _one_instant(monkeypatch: pytest.MonkeyPatch) -> None:
    """Memberships are compared as of one instant, so no time passes."""
    monkeypatch.setattr(clock, "now_ms", lambda: NOW_MS)


class World:
    """Empties the graph and applies calls, again and again."""

    def __init__(self, graph: GraphClient, redis: Redis, keyring: Keyring):
        self._stores = graph, redis, keyring

    async def lines(self, count: int) -> list[Line]:
        """Workers on an empty graph with the segments."""
        graph, redis, _ = self._stores
        await wipe(graph, redis)
        lines = [Line.of(*self._stores) for _ in range(count)]
        for key, rule in SEGMENTS.items():
            await lines[0].segment(key, rule)
        return lines

    async def picture(self, parts: Sequence[Sequence[Call]], workers: int = 1) -> dict[str, object]:
        """Apply batches, by one worker in order or by several at once; what the graph then shows."""
        lines = await self.lines(workers)

        async def work(line: Line, own: Sequence[Sequence[Call]]) -> None:
            for part in own:
                await line.apply(*part)

        await asyncio.gather(*(work(line, parts[number::workers]) for number, line in enumerate(lines)))
        assert_sequences(await lines[0].changes())
        return await lines[0].picture()


@pytest.fixture
def world(graph: GraphClient, redis: Redis, keyring: Keyring) -> World:
    return World(graph, redis, keyring)


@pytest.mark.parametrize("seed", range(3))
async def test_order_repeats_and_batches_play_no_part(seed: int, world: World) -> None:
    calls, chance = random_calls(seed, COUNT), random.Random(seed)
    first = await world.picture([[call] for call in calls])
    for _ in range(2):
        assert differences(first, await world.picture(batches(shuffled(calls, chance), chance))) == {}


@pytest.mark.parametrize("seed", range(10, 12))
async def test_the_number_of_workers_plays_no_part(seed: int, world: World) -> None:
    calls, chance = random_calls(seed, COUNT), random.Random(seed)
    first = await world.picture([calls])
    again = shuffled(calls, chance)
    assert differences(first, await world.picture([[call] for call in again], WORKERS)) == {}
