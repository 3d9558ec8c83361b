"""Builds and deletes segments in the background. Whether a segment needs it is its status, see `recovery`."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from typing import cast

from base import clock, logs
from base.errors import KithError, Unavailable
from base.ids import change_id
from delivery.change import AnyChange, Change
from graph.client import Transaction
from graph.repositories import apply as apply_repository
from graph.repositories.segment import SegmentRepository
from graph.repositories.segment_build import BUILDING, DELETING, remove_members
from workers.claims import claim
from workers.live.builder import Superseded
from workers.live.outbox import Memberships, commit, positioned
from workers.queue import default_job_id
from workers.tasks.services import TaskServices

# Each progress is a write to a node that every new member locks too.
PROGRESS_EVERY_S = 1.0
PAGE_MEMBERS = 500
PAGE_INTERVALS = 5_000
# A live batch that began before the deletion may still add members; it ends within the client's time for retries.
LATE_PAUSE_S = 0.5

_log = logs.get_logger()


async def build_segment(ctx: Mapping[str, object], key: str, version: int) -> None:
    """Build a segment's rule in full and make it live.

    Ends quietly when there is nothing to do: built already, changed again, deleted, or another worker is at it. A
    failed build leaves the members as they are, with status FAILED and `last_error`; while Neo4j or Redis is away the
    status stays BUILDING, and `recovery` brings the job back.
    """
    services = cast("TaskServices", ctx["services"])
    async with claim(services.redis, default_job_id("build_segment", key, version)) as is_mine:
        state = await services.builds.find_state(key) if is_mine else None
        if state is None or (state.status, state.version) != (BUILDING, version):
            return
        started_s = time.monotonic()
        try:
            shown = _Progress(services, key, version)
            await services.builder.build(key, version, shown.show, state.built_until, state.progress)
            done = await services.builds.finish(key, version, clock.now_ms())
        except Superseded:
            done = False
        except Unavailable as fault:
            services.faults["build"] = fault.message
            _log.warning("build_postponed", segment=key, version=version, fault=fault.message)
            return
        except Exception as fault:
            services.faults["build"] = f"The build of a segment failed: {type(fault).__name__}."
            _log.error("build_failed", segment=key, version=version, exc_info=fault)
            await services.builds.fail(key, version, _safe_text(fault))
            return
        services.faults.pop("build", None)
        _log.info(
            "segment_built" if done else "build_superseded",
            segment=key,
            version=version,
            taken_ms=round((time.monotonic() - started_s) * 1000),
        )


async def delete_segment(ctx: Mapping[str, object], key: str) -> None:
    """Take a hidden segment out of the graph: its members leave with a change each, then its history and itself."""
    services = cast("TaskServices", ctx["services"])
    async with claim(services.redis, default_job_id("delete_segment", key)) as is_mine:
        state = await services.builds.find_state(key) if is_mine else None
        if state is None or state.status != DELETING:
            return
        try:
            while not await _remove_once(services, key):
                if (state := await services.builds.find_state(key)) is None or state.status != DELETING:
                    return
                await asyncio.sleep(LATE_PAUSE_S)
        except Unavailable as fault:
            services.faults["deletion"] = fault.message
            _log.warning("deletion_postponed", segment=key, fault=fault.message)
            return
        services.faults.pop("deletion", None)
        _log.info("segment_deleted", segment=key)


async def _remove_once(services: TaskServices, key: str) -> bool:
    """Remove all that hangs on the segment now, then the node; False when something was added meanwhile."""
    members = SegmentRepository(services.graph)
    while ids := await members.list_members(key, "", PAGE_MEMBERS):
        await _remove_page(services, key, ids)
    while await services.builds.remove_intervals(key, PAGE_INTERVALS):
        pass
    while await services.builds.remove_list(key, PAGE_INTERVALS):
        pass
    return await services.builds.remove_segment(key)


async def _remove_page(services: TaskServices, key: str, ids: list[str]) -> None:
    async def work(tx: Transaction) -> list[AnyChange]:
        now_ms = clock.now_ms()
        # The same lock order as everywhere: customers by id, then the counter of positions.
        locked = await apply_repository.lock_customers(tx, sorted(ids), now_ms)
        removed = await remove_members(tx, key, sorted(locked))
        changes = [
            Change(
                position=0,
                id=change_id(member.customer, key, member.sequence + 1, now_ms),
                kind="EXITED",
                segment=key,
                segment_version=member.segment_version,
                customer=member.customer,
                sequence=member.sequence + 1,
                occurred_at=now_ms,
                cause="RULE",
            )
            for member in removed
        ]
        return positioned(changes, await commit(tx, Memberships(), changes, now_ms))

    await services.publisher.publish(await services.graph.write("remove_members", work))


class _Progress:
    """Writes progress at most once a second, and ends a build that something newer has replaced."""

    def __init__(self, services: TaskServices, key: str, version: int):
        self._services = services
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
        if not await self._services.builds.set_progress(self._key, self._version, progress, built_until):
            raise Superseded(self._key)


def _safe_text(fault: Exception) -> str:
    """What people may read: the text of a fault made for them, else only its kind, since texts may hold values."""
    if isinstance(fault, KithError):
        return fault.message
    return f"The build failed ({type(fault).__name__}); the log of the worker tells more. Save the rule again to retry."
