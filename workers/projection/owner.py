"""Owns the columnar store: keeps it up with the graph, and builds it anew when it cannot be followed."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from typing import Final

from redis.asyncio import Redis
from redis.exceptions import RedisError

from analytics.engines.port import Place, Store
from base import clock, logs, metrics
from base.errors import ConfigurationFault, Unavailable
from base.keys import Keyring
from graph.client import GraphClient
from graph.repositories.projection import ProjectionRepository
from graph.repositories.sharing import ClosedKeys, SharingRepository
from graph.warm import warm
from workers.projection import state
from workers.projection.follower import Follower, Lost
from workers.projection.reading import ProjectionReader
from workers.projection.rebuild import rebuild
from workers.projection.state import Doing, ProjectionState

# How long the store waits for news when there was none: a part of its lag.
IDLE_S: Final = 0.25
TELL_EVERY_S: Final = 1.0
PAUSE_S: Final = 1.0

_log = logs.get_logger()


class ProjectionOwner:
    """One a deployment: a store has one writer."""

    def __init__(self, graph: GraphClient, redis: Redis, keyring: Keyring, place: Place):
        self._graph = graph
        self._redis = redis
        self._place = place
        self._repository = ProjectionRepository(graph)
        self._reader = ProjectionReader(self._repository, keyring)
        self._store: Store | None = None
        self._follower: Follower | None = None
        self._broken = False
        self._away: Unavailable | None = None
        self._news = asyncio.Event()
        self._followed = asyncio.Condition()
        self._doing, self._progress, self.builds = Doing.BUILDING, 0.0, 0
        self.last_error: str | None = None

    @property
    def as_of_ms(self) -> int:
        """Everything that was committed up to this instant is in the store; 0 before the first build."""
        return 0 if self._follower is None else self._follower.as_of_ms

    @property
    def is_building(self) -> bool:
        """Whether it is built anew: what answers meanwhile stays behind."""
        return self._doing is Doing.BUILDING

    async def closed_keys(self) -> ClosedKeys:
        """The segments and tags that not everybody may see now."""
        return await SharingRepository(self._graph).list_closed_keys()

    def store(self) -> Store:
        """The store to ask.

        Raises:
            Unavailable: there is none yet, or it cannot be reached.
        """
        if self._store is None or not self.as_of_ms:
            if self._away is not None:
                raise self._away
            raise Unavailable(
                f"The columnar store is being built, {self._progress:.0%} done.", hint="Ask again when it is there."
            )
        return self._store

    def distrust(self, store: Store) -> None:
        """Have a store opened again that does not answer any more."""
        if store is self._store:
            self._broken = True
            self._news.set()

    async def reach(self, at_ms: int, within_s: float) -> None:
        """Wait until the store is as of an instant, or for some time: then it lags."""
        self._news.set()
        try:
            async with asyncio.timeout(within_s), self._followed:
                await self._followed.wait_for(lambda: self.as_of_ms >= at_ms)
        except TimeoutError:
            pass

    async def run(self) -> None:
        """Follow until cancelled."""
        telling = asyncio.create_task(self._tell(), name="tell")
        try:
            while True:
                try:
                    await self._step()
                    self.last_error = self._away = None
                except ConfigurationFault as fault:
                    self._broken = self._place.is_of_store(fault)
                    self.last_error = str(fault)
                    self._away = Unavailable(str(fault), hint="See the log of the role `analytics`.")
                    _log.error("columns_not_opened", reason=str(fault))
                    await asyncio.sleep(PAUSE_S)
                except (Unavailable, RedisError, OSError) as fault:
                    self._broken = self._place.is_of_store(fault)
                    self.last_error = "The columnar store waits for Neo4j or Redis."
                    if self._broken and isinstance(fault, Unavailable):
                        self.last_error, self._away = fault.message, fault
                    _log.warning("columns_postponed", fault=type(fault).__name__)
                    await asyncio.sleep(PAUSE_S)
                except Exception as fault:
                    self._broken = self._place.is_of_store(fault)
                    self.last_error = f"The columnar store failed: {type(fault).__name__}."
                    _log.error("columns_failed", exc_info=fault)
                    await asyncio.sleep(PAUSE_S)
        finally:
            telling.cancel()
            await asyncio.wait([telling])
            if self._store is not None:
                await asyncio.to_thread(self._store.close)

    async def _step(self) -> None:
        """Open, build or follow, whatever comes next."""
        if self._broken and self._store is not None:
            _log.warning("columns_opened_again")
            await asyncio.to_thread(self._store.close)
            self._store = self._follower = None
        self._broken = False
        if self._store is None:
            if not self.builds:
                # Planned before they are needed: each takes half a second the first time.
                await warm(self._graph, ("projection", "touched"))
            self._store = await asyncio.to_thread(self._place.open)
            if self._store.position.built:
                self._follow(self._store)
        if self._follower is None or await state.is_wanted(self._redis):
            await self._build()
            return
        try:
            more = await self._follower.step()
        except Lost as lost:
            _log.warning("columns_lost", reason=str(lost))
            await self._build()
            return
        metrics.COLUMNS_AS_OF.set(self.as_of_ms / 1000)
        async with self._followed:
            self._followed.notify_all()
        if not more:
            with suppress(TimeoutError):
                async with asyncio.timeout(IDLE_S):
                    await self._news.wait()
            self._news.clear()

    async def _build(self) -> None:
        """Build a new store, and put it in the place of the one that answers meanwhile."""
        self._doing, self._progress = Doing.BUILDING, 0.0
        started_s = time.monotonic()
        building = await asyncio.to_thread(self._place.begin)
        try:
            await rebuild(self._graph, self._reader, building, self._show)
        except BaseException:
            await asyncio.to_thread(building.close)
            raise
        # Whoever asks the old one at this moment gets a fault, and may ask again.
        old, self._store, self._follower = self._store, None, None
        await asyncio.to_thread(self._place.put, building, old)
        self.builds += 1
        await state.note_built(self._redis)
        _log.info("columns_built", taken_ms=round((time.monotonic() - started_s) * 1000))

    def _follow(self, store: Store) -> None:
        self._doing, self._progress = Doing.FOLLOWING, 1.0
        self._follower = Follower(store, self._repository, self._reader)

    def _show(self, progress: float) -> None:
        self._progress = progress

    async def _tell(self) -> None:
        while True:
            told = ProjectionState(
                doing=self._doing,
                answers=self.as_of_ms > 0,
                progress=self._progress,
                as_of_ms=self.as_of_ms,
                told_ms=clock.now_ms(),
                builds=self.builds,
                engine=self._place.name,
                last_error=self.last_error,
            )
            with suppress(RedisError, OSError):
                await state.tell(self._redis, told)
            await asyncio.sleep(TELL_EVERY_S)
