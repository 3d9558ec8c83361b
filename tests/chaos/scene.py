"""One chaos run: a service, its load, a subscriber, faults, and the wait until everything is caught up."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

from redis.exceptions import RedisError

from base import clock
from base.errors import Unavailable
from base.keys import Keyring
from base.valkey import INGEST_STREAM
from delivery.stream import ChangeStream
from graph.repositories.change import ChangeRepository
from ingest.stream import IngestStream
from tests.chaos.calls import RULES
from tests.chaos.faults import Fault
from tests.chaos.picture import read_picture, read_stream, read_swept
from tests.chaos.senders import TRICKLE, Senders
from tests.chaos.subscriber import Subscriber
from tests.chaos.verdict import judge
from tests.support.client import Client
from tests.support.service import Service, Stores, stores_of

# A trickle of calls goes on: what counts is that the service is not behind. Generous for a machine that is busy with
# other things.
CAUGHT_UP_S = 240.0
LAG_MS = 3_000
SWEEP_LAG_MS = 5_000
POLL_S = 0.25


@dataclass(frozen=True, slots=True)
class Scene:
    """A service under load."""

    service: Service
    stores: Stores
    senders: Senders
    subscriber: Subscriber

    async def strike(self, fault: Fault, after_s: float) -> None:
        """Let a fault happen under full load, then wait until the service has caught up."""
        self.senders.pace = 1.0
        await asyncio.sleep(after_s)
        started_s = time.monotonic()
        before = len(self.senders.told.acknowledged)
        await fault.happen(self.service)
        over_s = time.monotonic() - started_s
        self.senders.pace = TRICKLE
        over_ms = clock.now_ms()
        await self._until(lambda: self._keeps_up(over_ms), f"caught up after {fault.name}")
        taken_s = time.monotonic() - started_s
        acknowledged = len(self.senders.told.acknowledged) - before
        print(
            f"{fault.name}: over after {over_s:.1f} s, caught up after {taken_s:.1f} s, {acknowledged} calls meanwhile"
        )

    async def judge(self) -> None:
        """Stop the load, wait until nothing is on its way any more, compare everything with everything."""
        self.senders.stop()
        stopped_ms = clock.now_ms()
        await self._until(lambda: self._is_settled(stopped_ms), "settled")
        picture = await read_picture(self.stores.graph)
        told, heard = self.senders.told, self.subscriber.heard

        async def has_heard() -> bool:
            return len(heard.updates) >= len(picture.changes)

        await self._until(has_heard, "heard everything")
        updates = list(heard.updates)
        print(
            f"{len(told.sent)} calls sent, {len(told.acknowledged)} acknowledged, answers {dict(told.answers)}; "
            f"{len(picture.events)} events, {len(picture.customers)} customers, {len(picture.outbox)} changes; "
            f"{heard.connections} connections of the subscriber, told {sorted(set(heard.codes))}"
        )
        stream = await read_stream(self.stores.redis)
        judge(told, picture, stream, updates, RULES, Keyring(self.stores.settings.secret_key))

    async def _keeps_up(self, since_ms: int) -> bool:
        """Whether nothing waits for long, and the sweep has worked since an instant."""
        backlog = await IngestStream(self.stores.redis, Keyring(self.stores.settings.secret_key)).backlog()
        swept_ms = await read_swept(self.stores.graph)
        fresh = backlog.lag_ms < LAG_MS and swept_ms > max(since_ms, clock.now_ms() - SWEEP_LAG_MS)
        return fresh and await asyncio.to_thread(self.service.is_ready)

    async def _is_settled(self, since_ms: int) -> bool:
        if not self.senders.finished or await self.stores.redis.xlen(INGEST_STREAM):
            return False
        return await self._keeps_up(since_ms)

    async def _until(self, condition: Callable[[], Awaitable[bool]], what: str) -> None:
        deadline_s = time.monotonic() + CAUGHT_UP_S
        while True:
            assert self.subscriber.broken is None, f"the subscriber cannot go on: {self.subscriber.broken}"
            self.service.check_alive()
            with suppress(Unavailable, RedisError, OSError):
                if await condition():
                    return
            assert time.monotonic() < deadline_s, f"not {what}; {await self._state()}:\n{self.service.log_tail()}"
            await asyncio.sleep(POLL_S)

    async def _state(self) -> str:
        try:
            backlog = await IngestStream(self.stores.redis, Keyring(self.stores.settings.secret_key)).backlog()
            swept_ms = await read_swept(self.stores.graph)
            committed = await ChangeRepository(self.stores.graph).get_last_position()
            published = (await ChangeStream(self.stores.redis).bounds()).last
        except (Unavailable, RedisError, OSError) as fault:
            return repr(fault)
        return (
            f"{backlog.entries_count} requests wait for {backlog.lag_ms} ms, swept {clock.now_ms() - swept_ms} ms ago, "
            f"{committed} changes, {published} published, {len(self.subscriber.heard.updates)} heard"
        )


@asynccontextmanager
async def scene_on(service: Service, seed: int) -> AsyncIterator[Scene]:
    """Segments, load and a subscriber on a running service; the load stops at the end."""
    async with stores_of(service) as stores:
        async with Client(service.url, stores.settings.write_key, stores.settings.admin_token) as client:
            await client.create_segments(RULES)
        senders = Senders(service.url, stores.settings.write_key, seed)
        subscriber = Subscriber(service.url, stores.settings.admin_token, seed)
        tasks = [asyncio.create_task(senders.run()), asyncio.create_task(subscriber.run())]
        try:
            yield Scene(service, stores, senders, subscriber)
            for task in tasks:
                assert not task.done() or task.exception() is None, task.exception()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
