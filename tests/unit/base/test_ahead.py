"""Working ahead changes nothing but the time it takes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator

import pytest

from base.ahead import ahead


class Source:
    """Counts what it made, and whether it was stopped."""

    def __init__(self, count: int, fault: Exception | None = None):
        self.count, self.fault = count, fault
        self.made = 0
        self.stopped = False

    async def items(self) -> AsyncGenerator[int, None]:
        try:
            while self.made < self.count:
                self.made += 1
                yield self.made
            if self.fault is not None:
                raise self.fault
            # Where it is stopped when nobody waits for it any more.
            await asyncio.sleep(0)
        finally:
            self.stopped = True


async def test_items_keep_their_order() -> None:
    async with ahead(Source(50).items()) as items:
        assert [item async for item in items] == list(range(1, 51))


async def test_several_may_take_from_it() -> None:
    async with ahead(Source(50).items()) as items:
        taken: list[list[int]] = [[], [], []]
        await asyncio.gather(*(_take_all(items, mine) for mine in taken))
    assert sorted(item for mine in taken for item in mine) == list(range(1, 51))
    assert all(mine == sorted(mine) for mine in taken)


async def _take_all(items: AsyncIterator[int], mine: list[int]) -> None:
    async for item in items:
        mine.append(item)
        await asyncio.sleep(0)


@pytest.mark.parametrize(("size", "made"), [(1, 3), (4, 6)])
async def test_it_runs_ahead_and_not_further(size: int, made: int) -> None:
    """One is looked at, `size` wait, one waits for room."""
    source = Source(50)
    async with ahead(source.items(), size) as items:
        assert await anext(items) == 1
        for _ in range(100):
            await asyncio.sleep(0)
        assert source.made == made


async def test_a_fault_comes_where_its_item_would_have_been() -> None:
    seen: list[int] = []
    with pytest.raises(ValueError, match="broken"):
        await take(Source(3, ValueError("broken")), seen)
    assert seen == [1, 2, 3]


async def test_who_stops_early_stops_the_source() -> None:
    source = Source(50)
    with pytest.raises(KeyError):
        await take(source, [], enough=1)
    assert source.made < 5
    assert source.stopped


async def take(source: Source, seen: list[int], enough: int | None = None) -> None:
    async with ahead(source.items()) as items:
        async for item in items:
            seen.append(item)
            if len(seen) == enough:
                raise KeyError("enough")
