"""Keys and users are counted over all processes together, and go on being counted when Valkey is away."""

from __future__ import annotations

import asyncio

import pytest
from redis.asyncio import Redis

from access import meter as metering
from access.bucket import BURST_S, TAKE, Bucket
from access.meter import Meter
from base.errors import RateLimited
from base.valkey import RATE_PREFIX, connect

NAME = "KEY:k1"


class Clock:
    """Seconds that pass when the test says so."""

    def __init__(self) -> None:
        self.now_s = 1_000.0

    def __call__(self) -> float:
        return self.now_s


async def take_all(meter: Meter, per_s: int, count: int, times: int) -> int:
    """How many of so many takings were let pass."""
    passed = 0
    for _ in range(times):
        try:
            await meter.take(NAME, per_s, count)
        except RateLimited:
            continue
        passed += 1
    return passed


async def test_processes_share_one_bucket(redis: Redis) -> None:
    meters = [Meter(redis) for _ in range(4)]

    passed = await asyncio.gather(*(take_all(meter, 10, 1, 100) for meter in meters))

    # 100 of the bucket, what came in meanwhile, and nothing that two were given.
    assert 10 * BURST_S <= sum(passed) <= 10 * BURST_S + 30


async def test_a_slice_saves_round_trips(redis: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    meter = Meter(redis)
    asked = 0
    script = meter._script

    async def counted(*arguments: object) -> object:
        nonlocal asked
        asked += 1
        return await script(*arguments)

    monkeypatch.setattr(meter, "_script", counted)
    await asyncio.gather(*(meter.take(NAME, 10_000, 1) for _ in range(3_000)))

    assert asked <= 3


async def test_a_refusal_tells_when_it_will_do_and_then_it_does(redis: Redis) -> None:
    meter = Meter(redis)
    await meter.take(NAME, 5, 5 * BURST_S)

    with pytest.raises(RateLimited) as refused:
        await meter.take(NAME, 5, 5)
    assert refused.value.retry_after_s == 1
    await asyncio.sleep(1.05)
    await meter.take(NAME, 5, 5)


async def test_who_was_refused_is_refused_again_without_a_question(redis: Redis) -> None:
    meter = Meter(redis)
    await meter.take(NAME, 1, BURST_S)
    with pytest.raises(RateLimited):
        await meter.take(NAME, 1, 1)
    await redis.delete(RATE_PREFIX + NAME)

    with pytest.raises(RateLimited):
        await meter.take(NAME, 1, 1)
    with pytest.raises(RateLimited):
        meter.check(NAME)
    meter.check("somebody else")


async def test_more_than_a_bucket_holds_counts_as_a_full_one(redis: Redis) -> None:
    await Meter(redis).take(NAME, 2, 1_000)
    with pytest.raises(RateLimited):
        await Meter(redis).take(NAME, 2, 1_000)


async def test_no_limit_is_no_question(redis: Redis) -> None:
    await Meter(redis).take(NAME, 0, 10**9)
    assert await redis.exists(RATE_PREFIX + NAME) == 0


async def test_an_unused_bucket_goes_away(redis: Redis) -> None:
    await Meter(redis).take(NAME, 2, 1)
    assert 0 < await redis.pttl(RATE_PREFIX + NAME) <= (BURST_S + 1) * 1_000


async def test_without_valkey_each_process_counts_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    nowhere = connect("redis://127.0.0.1:9/0")
    meter = Meter(nowhere)

    assert 50 <= await take_all(meter, 5, 1, 200) <= 60
    await nowhere.aclose()


async def test_a_valkey_that_hangs_is_waited_for_once(redis: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metering, "ANSWER_S", 0.05)
    clock = Clock()
    meter = Meter(redis, clock)
    asked = 0

    async def hangs(*_: object) -> object:
        nonlocal asked
        asked += 1
        await asyncio.sleep(60)
        raise AssertionError

    monkeypatch.setattr(meter, "_script", hangs)
    for name in "abc":
        await meter.take(name, 5, 1)

    assert asked == 1
    clock.now_s += metering.AWAY_S + 0.1
    await meter.take("d", 5, 1)
    assert asked == 2


async def test_a_caller_who_leaves_does_not_take_the_answer_from_the_others(redis: Redis) -> None:
    meter = Meter(redis)
    leaving = asyncio.create_task(meter.take(NAME, 100, 1))
    staying = asyncio.create_task(meter.take(NAME, 100, 1))
    await asyncio.sleep(0)
    leaving.cancel()

    await staying


@pytest.mark.parametrize("steps", [[(10, 10), (95, 95), (1, 1)], [(100, 100), (1, 5)], [(1, 7), (93, 100), (200, 200)]])
async def test_the_bucket_of_one_process_and_that_of_all_are_the_same(
    redis: Redis, steps: list[tuple[int, int]]
) -> None:
    # Slow enough that nothing comes in while the test runs: 10 a second would be seen.
    script, own = redis.register_script(TAKE), Bucket(10, 0.0)

    for needed, wanted in steps:
        shared = await script(["kith:rate:both"], [10, needed, wanted])
        alone = own.take(needed, wanted, 0.0)
        assert shared[0] in (alone[0], alone[0] + 1)
        assert abs(shared[1] - alone[1]) < 100
