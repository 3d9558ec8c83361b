"""Counts what each key and user takes, over all processes together, mostly without asking anybody."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable

from redis.asyncio import Redis
from redis.exceptions import RedisError

from access.bucket import BURST_S, TAKE, Bucket
from base import logs
from base.errors import RateLimited
from base.valkey import RATE_PREFIX

# Taken from the shared bucket at once: what comes in within this time. A process asks for a busy key about as often.
SLICE_S = 0.1
# What is left of a slice is not worth more than this, or processes that were busy once would sit on it.
SLICE_LIFE_S = 1.0
# A store that takes longer, or is away, is not waited for, and left alone for a while: limits must not become a fault
# of their own. Each process counts by itself then.
ANSWER_S = 0.25
AWAY_S = 1.0
# Of recognised keys and users; whoever was not seen for longest is forgotten first.
MAX_SHARES = 20_000

_log = logs.get_logger()


class _Share:
    """What one process holds of one bucket."""

    __slots__ = ("closed_count", "closed_until_s", "fresh_until_s", "own", "refilling", "tokens")

    def __init__(self) -> None:
        self.tokens = 0
        self.fresh_until_s = 0.0
        self.closed_until_s = 0.0
        self.closed_count = 0
        self.refilling: asyncio.Task[None] | None = None
        self.own: Bucket | None = None

    def spend(self, count: int, now_s: float) -> bool:
        if now_s > self.fresh_until_s:
            self.tokens = 0
        if self.tokens < count:
            return False
        self.tokens -= count
        return True

    def closed_for_s(self, count: int, now_s: float) -> float:
        return self.closed_until_s - now_s if count >= self.closed_count else 0.0

    def close(self, count: int, wait_ms: int, now_s: float) -> None:
        self.closed_count, self.closed_until_s = count, now_s + wait_ms / 1000


class Meter:
    """Limits by token buckets in Redis, from which a process takes slices.

    Args:
        redis: a client with bytes in and out.
        clock: seconds that never go back.
    """

    def __init__(self, redis: Redis, clock: Callable[[], float] = time.monotonic):
        self._script = redis.register_script(TAKE)
        self._clock = clock
        self._shares: OrderedDict[str, _Share] = OrderedDict()
        self._away_until_s = 0.0

    def check(self, name: str) -> None:
        """Refuse somebody at once of whom it is known that not even one token is there. No I/O.

        Raises:
            RateLimited: with the time until it is.
        """
        share = self._shares.get(name)
        if share is not None and share.tokens == 0:
            wait_s = share.closed_for_s(1, self._clock())
            if wait_s > 0:
                raise RateLimited(wait_s)

    async def take(self, name: str, per_s: int, count: int) -> None:
        """Take tokens; one round trip for each slice.

        Args:
            name: whose bucket.
            per_s: tokens that come in a second, of which the bucket holds `BURST_S` seconds' worth. 0: no limit.
            count: more than a bucket holds count as a full one, so that nothing is refused for ever.

        Raises:
            RateLimited: they are not there; nothing was taken.
        """
        if per_s == 0:
            return
        count = min(count, per_s * BURST_S)
        share = self._share(name)
        while not share.spend(count, self._clock()):
            wait_s = share.closed_for_s(count, self._clock())
            if wait_s > 0:
                raise RateLimited(wait_s)
            if share.refilling is None:
                share.refilling = asyncio.create_task(self._refill(share, name, per_s, count))
            # Whoever comes meanwhile waits for the same answer; one who leaves does not take it from the others.
            await asyncio.shield(share.refilling)

    def _share(self, name: str) -> _Share:
        share = self._shares.get(name)
        if share is None:
            share = self._shares[name] = _Share()
            if len(self._shares) > MAX_SHARES:
                self._shares.popitem(last=False)
        self._shares.move_to_end(name)
        return share

    async def _refill(self, share: _Share, name: str, per_s: int, needed: int) -> None:
        try:
            wanted = max(needed, int(per_s * SLICE_S))
            given, wait_ms = await self._ask(share, name, per_s, needed, wanted)
            now_s = self._clock()
            if given:
                share.tokens += given
                share.fresh_until_s = now_s + SLICE_LIFE_S
            else:
                share.close(needed, wait_ms, now_s)
        finally:
            share.refilling = None

    async def _ask(self, share: _Share, name: str, per_s: int, needed: int, wanted: int) -> tuple[int, int]:
        if self._clock() >= self._away_until_s:
            try:
                async with asyncio.timeout(ANSWER_S):
                    given, wait_ms = await self._script([RATE_PREFIX + name], [per_s, needed, wanted])
                share.own = None
                return given, wait_ms
            except (RedisError, OSError, TimeoutError) as fault:
                self._away_until_s = self._clock() + AWAY_S
                _log.warning("rate limits are counted by this process alone", fault=type(fault).__name__)
        if share.own is None:
            share.own = Bucket(per_s, self._clock())
        return share.own.take(needed, wanted, self._clock())
