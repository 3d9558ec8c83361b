"""The passing of time: events and dates that leave or enter a window move customers, without a call.

Every second the sweep looks at the instants between its watermark and now. TRICKY: with `workers/live/outbox.py`.
The sweep first announces how far it will look, under the lock that every commit of an evaluation takes; whatever
commits later evaluates up to the announced instant itself. So no instant falls between the two.
"""

from __future__ import annotations

import asyncio
from uuid import uuid4

from redis.asyncio import Redis
from redis.exceptions import RedisError

from base import clock, logs
from base.errors import Unavailable
from base.pages import pages
from base.valkey import PREFIX
from delivery.publisher import ChangePublisher
from graph.client import GraphClient, Transaction
from graph.repositories import live as repository
from graph.repositories.live import RangeRow, SweepRange
from rules.days import next_day_start
from rules.instants import AttributeRange, EventRange, TagRange, sweep_ranges
from rules.needs import tag_name
from workers.live.catalogue import Catalogue
from workers.live.context import LiveContext
from workers.live.reevaluate import Reevaluated, reevaluate

EVERY_S = 0.5
PAGE_CUSTOMERS = 500
# One sweep looks at no more than this: after a long stop it works through the past in steps.
MAX_STEP_MS = 3_600_000
LEASE_KEY = PREFIX + "sweep"
LEASE_MS = 5_000

_log = logs.get_logger()


class Sweep:
    """Moves customers because of time. Any number of processes may run it; a lease keeps all but one idle."""

    def __init__(self, graph: GraphClient, redis: Redis, publisher: ChangePublisher, live: LiveContext):
        self._graph = graph
        self._redis = redis
        self._publisher = publisher
        self._live = live
        self._token = uuid4().hex
        # Complete up to here, not yet written down.
        self._done_ms = 0
        self.last_error: str | None = None

    async def run(self) -> None:
        """Run until cancelled."""
        while True:
            started_ms = clock.now_ms()
            try:
                if await self._lease():
                    await self.step(clock.now_ms())
                self.last_error = None
            except (Unavailable, RedisError) as fault:
                self.last_error = "the sweep waits for Neo4j or Redis"
                _log.warning("sweep_postponed", fault=type(fault).__name__)
            except Exception as fault:
                self.last_error = f"the sweep failed: {type(fault).__name__}"
                _log.error("sweep_failed", exc_info=fault)
            await asyncio.sleep(max(0.05, EVERY_S - (clock.now_ms() - started_ms) / 1000))

    async def step(self, now_ms: int) -> int:
        """Sweep from the watermark up to `now_ms` (or one step of it).

        The next step, of whatever process, writes down that this one is complete; lost, it is done again.

        Returns:
            How many changes it made.
        """

        async def announce(tx: Transaction) -> tuple[SweepRange, Catalogue]:
            announced = await repository.announce_sweep(tx, self._done_ms, now_ms, MAX_STEP_MS)
            return announced, await self._live.load(tx, announced.catalogue)

        announced, catalogue = await self._graph.write("announce_sweep", announce)
        after_ms, until_ms = announced.after, announced.until
        if until_ms <= after_ms:
            return 0
        found = await self._find(catalogue, after_ms, until_ms)
        count = 0
        for page in pages(sorted(found), PAGE_CUSTOMERS):
            count += await self._reevaluate(
                {customer: sorted(found[customer]) for customer in page}, after_ms, until_ms
            )
        self._done_ms = until_ms
        return count

    async def _find(self, catalogue: Catalogue, after_ms: int, until_ms: int) -> dict[str, set[str]]:
        """Customer → rules whose answer may have changed in (after, until]."""
        events: dict[RangeKey, set[str]] = {}
        attributes: dict[RangeKey, set[str]] = {}
        tags: dict[RangeKey, set[str]] = {}
        for rule in catalogue.in_order(catalogue.whenever):
            key = rule.key
            for part in sweep_ranges(rule.rule, after_ms, until_ms, rule.zone):
                match part:
                    case EventRange(name, from_ms, to_ms):
                        events.setdefault((name, from_ms, to_ms), set()).add(key)
                    case AttributeRange(name, from_ms, to_ms):
                        attributes.setdefault((name.partition(".")[0], from_ms, to_ms), set()).add(key)
                    case TagRange(name, from_ms, to_ms):
                        tags.setdefault((name, from_ms, to_ms), set()).add(key)
        found: dict[str, set[str]] = {}
        by_name = _by_name(events)
        for name, customer in await repository.scan_events(self._graph, _rows(events)):
            found.setdefault(customer, set()).update(by_name[name])
        by_name = _by_name(attributes)
        for name, customer in await repository.scan_attributes(self._graph, _rows(attributes)):
            found.setdefault(customer, set()).update(by_name[name])
        by_name = _by_name(tags)
        for name, customer in await repository.scan_tags(self._graph, _rows(tags)):
            found.setdefault(customer, set()).update(by_name[name])
        for name, customer in await repository.scan_tagged(self._graph, _counting(catalogue, after_ms, until_ms)):
            found.setdefault(customer, set()).add(tag_name(name))
        for name, customer in await repository.scan_starting_events(self._graph, after_ms, until_ms):
            found.setdefault(customer, set()).update(catalogue.by_event.get(name, ()))
        return found

    async def _reevaluate(self, rules_of: dict[str, list[str]], after_ms: int, until_ms: int) -> int:
        async def work(tx: Transaction) -> Reevaluated:
            return await reevaluate(tx, self._live, rules_of, "TIME", after_ms=after_ms, until_ms=until_ms)

        done = await self._graph.write("sweep_page", work)
        self._live.cache.put(done.states)
        if done.changes:
            await self._publisher.publish(done.changes)
        return len(done.changes)

    async def _lease(self) -> bool:
        if await self._redis.set(LEASE_KEY, self._token, nx=True, px=LEASE_MS):
            return True
        if await self._redis.get(LEASE_KEY) != self._token.encode():
            return False
        await self._redis.pexpire(LEASE_KEY, LEASE_MS)
        return True


RangeKey = tuple[str, int, int]


def _rows(ranges: dict[RangeKey, set[str]]) -> list[RangeRow]:
    return [RangeRow(name=name, after=after, until=until) for name, after, until in sorted(ranges)]


def _counting(catalogue: Catalogue, after_ms: int, until_ms: int) -> list[str]:
    """Keys of the tags that count days, where a day begins in (after, until]."""
    return [
        rule.tag.key
        for rule in catalogue.in_order(catalogue.whenever)
        if rule.tag is not None and rule.tag.counts_days and next_day_start(after_ms, rule.zone) <= until_ms
    ]


def _by_name(ranges: dict[RangeKey, set[str]]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for (name, _, _), keys in ranges.items():
        found.setdefault(name, set()).update(keys)
    return found
