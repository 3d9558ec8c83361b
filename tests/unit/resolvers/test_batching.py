"""Look-ups that arrive together are read together, and no answer is older than its question."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from resolvers.batching import MAX_BATCH_KEYS, MAX_BATCHES_RUNNING, MIN_KEYS_OF_SECOND_BATCH, Coalescer


class Store:
    """Answers with its present value, when it is let."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.value = "old"
        self.gate = asyncio.Event()
        self.gate.set()
        self.running = self.most_running = 0

    async def read(self, keys: Sequence[int]) -> dict[int, str]:
        self.batches.append(list(keys))
        self.running += 1
        self.most_running = max(self.most_running, self.running)
        value = self.value
        await self.gate.wait()
        self.running -= 1
        return {key: f"{value} {key}" for key in keys if key >= 0}


async def test_what_arrives_in_one_turn_is_one_batch() -> None:
    store = Store()
    coalescer = Coalescer(store.read)

    found = await asyncio.gather(*(coalescer.load(key) for key in (1, 2, 1, -1)))

    assert found == ["old 1", "old 2", "old 1", None]
    assert store.batches == [[1, 2, -1]]


async def test_what_arrives_while_batches_run_goes_with_the_next() -> None:
    store = Store()
    coalescer = Coalescer(store.read)
    store.gate.clear()
    asked = []
    keys = range(MIN_KEYS_OF_SECOND_BATCH + 5)
    for key in keys:
        asked.append(asyncio.ensure_future(coalescer.load(key)))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    store.gate.set()

    await asyncio.gather(*asked)

    assert [len(batch) for batch in store.batches] == [1, MIN_KEYS_OF_SECOND_BATCH, 4]
    assert store.most_running == MAX_BATCHES_RUNNING
    assert sorted(key for batch in store.batches for key in batch) == list(keys)


async def test_a_question_never_joins_a_batch_that_is_running() -> None:
    store = Store()
    coalescer = Coalescer(store.read)
    store.gate.clear()
    first = asyncio.ensure_future(coalescer.load(1))
    await asyncio.sleep(0.01)
    store.value = "new"
    second = asyncio.ensure_future(coalescer.load(1))
    await asyncio.sleep(0.01)
    store.value = "newest"
    store.gate.set()

    assert (await first, await second) == ("old 1", "newest 1")


async def test_a_batch_is_bounded() -> None:
    store = Store()
    coalescer = Coalescer(store.read)

    await asyncio.gather(*(coalescer.load(key) for key in range(MAX_BATCH_KEYS + 1)))

    assert [len(batch) for batch in store.batches] == [MAX_BATCH_KEYS, 1]


async def test_a_fault_reaches_everyone_and_the_next_batch_works() -> None:
    fails = [True]

    async def read(keys: Sequence[int]) -> dict[int, int]:
        if fails.pop() if fails else False:
            raise ValueError("broken")
        return dict.fromkeys(keys, 1)

    coalescer = Coalescer(read)
    found = await asyncio.gather(coalescer.load(1), coalescer.load(2), return_exceptions=True)

    assert [type(one) for one in found] == [ValueError, ValueError]
    assert await coalescer.load(1) == 1


async def test_one_that_gives_up_takes_nothing_from_the_others() -> None:
    store = Store()
    coalescer = Coalescer(store.read)
    store.gate.clear()
    first, second = (asyncio.ensure_future(coalescer.load(1)) for _ in range(2))
    await asyncio.sleep(0.01)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    store.gate.set()

    assert await second == "old 1"
