"""Owns the file of the columnar store: keeps it up with the graph, and builds it anew when it cannot be followed."""

from __future__ import annotations

import asyncio
import os
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

import duckdb
from redis.asyncio import Redis
from redis.exceptions import RedisError

from analytics.store.file import ColumnFile
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
FOLDER: Final = "columns"
FILE: Final = "columns.duckdb"
NEW_FILE: Final = "columns.new.duckdb"

_log = logs.get_logger()


class ProjectionOwner:
    """One a deployment: DuckDB lets one process open a file.

    Args:
        data_dir: the file is in a folder of its own below.
    """

    def __init__(self, graph: GraphClient, redis: Redis, keyring: Keyring, data_dir: Path, memory_mb: int):
        self._graph = graph
        self._redis = redis
        self._key = keyring.columns_key()
        self._path = data_dir / FOLDER / FILE
        self._memory_mb = memory_mb
        self._repository = ProjectionRepository(graph)
        self._reader = ProjectionReader(self._repository, keyring)
        self._file: ColumnFile | None = None
        self._follower: Follower | None = None
        self._broken = False
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

    def file(self) -> ColumnFile:
        """The file to ask.

        Raises:
            Unavailable: there is none yet.
        """
        if self._file is None or not self.as_of_ms:
            raise Unavailable(
                f"The columnar store is being built, {self._progress:.0%} done.", hint="Ask again when it is there."
            )
        return self._file

    def distrust(self, file: ColumnFile) -> None:
        """Have a file opened again that does not work any more: a fault inside DuckDB closes it to everybody."""
        if file is self._file:
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
                    self.last_error = None
                except ConfigurationFault as fault:
                    self.last_error = str(fault)
                    _log.error("columns_not_opened", reason=str(fault))
                    await asyncio.sleep(PAUSE_S)
                except (Unavailable, RedisError, OSError) as fault:
                    self.last_error = "The columnar store waits for Neo4j or Redis."
                    _log.warning("columns_postponed", fault=type(fault).__name__)
                    await asyncio.sleep(PAUSE_S)
                except Exception as fault:
                    self._broken = isinstance(fault, duckdb.Error)
                    self.last_error = f"The columnar store failed: {type(fault).__name__}."
                    _log.error("columns_failed", exc_info=fault)
                    await asyncio.sleep(PAUSE_S)
        finally:
            telling.cancel()
            await asyncio.wait([telling])
            if self._file is not None:
                await asyncio.to_thread(self._file.close)

    async def _step(self) -> None:
        """Open, build or follow, whatever comes next."""
        if self._broken and self._file is not None:
            _log.warning("columns_opened_again")
            await asyncio.to_thread(self._file.close)
            self._file = self._follower = None
        self._broken = False
        if self._file is None:
            if not self.builds:
                # Planned before they are needed: each takes half a second the first time.
                await warm(self._graph, ("projection", "touched"))
            self._file = await asyncio.to_thread(self._open)
            if self._file.position.built:
                self._follow(self._file)
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
        """Build a new file, and put it in the place of the one that answers meanwhile."""
        self._doing, self._progress = Doing.BUILDING, 0.0
        started_s = time.monotonic()
        new = self._path.with_name(NEW_FILE)
        _remove(new)
        building = await asyncio.to_thread(ColumnFile, new, self._key, memory_mb=self._memory_mb)
        try:
            await rebuild(self._graph, self._reader, building, self._show)
        finally:
            await asyncio.to_thread(building.close)
        if self._file is not None:
            # Whoever asks it at this moment gets a fault, and may ask again.
            await asyncio.to_thread(self._file.close)
        self._file = self._follower = None
        _remove(self._path)
        os.replace(new, self._path)
        self.builds += 1
        await state.note_built(self._redis)
        _log.info("columns_built", taken_ms=round((time.monotonic() - started_s) * 1000))

    def _follow(self, file: ColumnFile) -> None:
        self._doing, self._progress = Doing.FOLLOWING, 1.0
        self._follower = Follower(file, self._repository, self._reader)

    def _show(self, progress: float) -> None:
        self._progress = progress

    def _open(self) -> ColumnFile:
        """The file as it was left; a new one where it cannot be read."""
        try:
            return ColumnFile(self._path, self._key, memory_mb=self._memory_mb)
        except duckdb.IOException as fault:
            if "lock" in str(fault):
                raise ConfigurationFault(
                    f"Another process has {FOLDER}/{FILE} open: one role `analytics` a deployment."
                ) from fault
            return self._open_new(fault)
        except duckdb.Error as fault:
            return self._open_new(fault)

    def _open_new(self, fault: duckdb.Error) -> ColumnFile:
        # It holds nothing that the graph does not hold.
        _log.warning("columns_unreadable", fault=type(fault).__name__)
        _remove(self._path)
        return ColumnFile(self._path, self._key, memory_mb=self._memory_mb)

    async def _tell(self) -> None:
        while True:
            told = ProjectionState(
                doing=self._doing,
                answers=self.as_of_ms > 0,
                progress=self._progress,
                as_of_ms=self.as_of_ms,
                told_ms=clock.now_ms(),
                builds=self.builds,
                last_error=self.last_error,
            )
            with suppress(RedisError, OSError):
                await state.tell(self._redis, told)
            await asyncio.sleep(TELL_EVERY_S)


def _remove(path: Path) -> None:
    for each in (path, path.with_name(path.name + ".wal")):
        each.unlink(missing_ok=True)
