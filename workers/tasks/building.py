"""Builds and deletions in the background, of segments and tags alike.

Whether something needs one is its status, see `recovery`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Protocol, TypeAlias

from base import clock, logs
from base.errors import KithError, Unavailable
from graph.repositories.segment_build import BUILDING, DELETING, BuildState
from workers.claims import claim
from workers.live.builder import Progress, Superseded
from workers.queue import default_job_id
from workers.tasks.services import TaskServices

# Each progress is a write to a node that every new member locks too.
PROGRESS_EVERY_S = 1.0
# A live batch that began before a deletion may still add to it; it ends within the client's time for retries.
LATE_PAUSE_S = 0.5

# Removes all that hangs on something now, then its node; False when something was added meanwhile.
RemoveOnce: TypeAlias = Callable[[TaskServices, str], Awaitable[bool]]
# Builds by other means than a pass over everybody on the graph, and tells as of when (ms); None when it cannot.
QuickBuild: TypeAlias = Callable[[TaskServices, BuildState, Progress], Awaitable[int | None]]

_log = logs.get_logger()


class Builds(Protocol):
    """Where the state of builds is kept. The writers say False when something newer has taken over."""

    async def find_state(self, key: str) -> BuildState | None:
        """How far it is."""

    async def begin_run(self, key: str, version: int) -> None:
        """Note when a build began, unless it goes on."""

    async def set_progress(self, key: str, version: int, progress: float, built_until: str) -> bool:
        """Note how far it is."""

    async def finish(self, key: str, version: int, as_of_ms: int) -> bool:
        """It is complete."""

    async def fail(self, key: str, version: int, error: str) -> bool:
        """It failed."""


async def build(
    services: TaskServices,
    task: str,
    builds: Builds,
    name: str,
    key: str,
    version: int,
    quick: QuickBuild | None = None,
) -> None:
    """Build a definition in full.

    Ends quietly when there is nothing to do: built already, changed again, deleted, or another worker is at it. A
    failed build leaves what there is, with status FAILED and `last_error`; while Neo4j or Redis is away the status
    stays BUILDING, and `recovery` brings the job back.

    Args:
        task: names the claim, together with key and version.
        name: in the catalogue of rules.
        quick: spares the pass over everybody, if it can.
    """
    async with claim(services.redis, default_job_id(task, key, version)) as is_mine:
        state = await builds.find_state(key) if is_mine else None
        if state is None or (state.status, state.version) != (BUILDING, version):
            return
        started_s = time.monotonic()
        try:
            await builds.begin_run(key, version)
            progress = _Progress(builds, key, version)
            await services.builder.begin()
            as_of_ms = None if quick is None else await quick(services, state, progress.show)
            if as_of_ms is None:
                await services.builder.build_all(name, version, progress.show, state.built_until, state.progress)
                as_of_ms = clock.now_ms()
            done = await builds.finish(key, version, as_of_ms)
        except Superseded:
            done = False
        except Unavailable as fault:
            services.faults["build"] = fault.message
            _log.warning("build_postponed", built=name, version=version, fault=fault.message)
            return
        except Exception as fault:
            services.faults["build"] = f"The build of a segment or tag failed: {type(fault).__name__}."
            _log.error("build_failed", built=name, version=version, exc_info=fault)
            await builds.fail(key, version, _safe_text(fault))
            return
        services.faults.pop("build", None)
        _log.info(
            "built" if done else "build_superseded",
            built=name,
            version=version,
            taken_ms=round((time.monotonic() - started_s) * 1000),
        )


async def remove(services: TaskServices, task: str, builds: Builds, key: str, remove_once: RemoveOnce) -> None:
    """Take something hidden out of the graph; ends quietly when there is nothing to do.

    Args:
        task: names the claim, together with the key.
    """
    async with claim(services.redis, default_job_id(task, key)) as is_mine:
        if not is_mine or not await _is_leaving(builds, key):
            return
        try:
            while not await remove_once(services, key):
                if not await _is_leaving(builds, key):
                    return
                await asyncio.sleep(LATE_PAUSE_S)
        except Unavailable as fault:
            services.faults["deletion"] = fault.message
            _log.warning("deletion_postponed", task=task, key=key, fault=fault.message)
            return
        services.faults.pop("deletion", None)
        _log.info("deleted", task=task, key=key)


async def _is_leaving(builds: Builds, key: str) -> bool:
    state = await builds.find_state(key)
    return state is not None and state.status == DELETING


class _Progress:
    """Writes progress at most once a second, and ends a build that something newer has replaced."""

    def __init__(self, builds: Builds, key: str, version: int):
        self._builds = builds
        self._key = key
        self._version = version
        self._next_s = time.monotonic() + PROGRESS_EVERY_S

    async def show(self, progress: float, built_until: str) -> None:
        """Raises:
        Superseded: a newer version or a deletion has taken over.
        """
        if time.monotonic() < self._next_s:
            return
        self._next_s = time.monotonic() + PROGRESS_EVERY_S
        if not await self._builds.set_progress(self._key, self._version, progress, built_until):
            raise Superseded(self._key)


def _safe_text(fault: Exception) -> str:
    """What people may read: the text of a fault made for them, else only its kind, since texts may hold values."""
    if isinstance(fault, KithError):
        return fault.message
    return f"The build failed ({type(fault).__name__}); the log of the worker tells more. Save the rule again to retry."
