"""Decisions that take effect in the background. Whether one needs it is its state, see `recovery`."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Final, cast

from base import clock, logs
from base.errors import Unavailable
from graph.repositories.decision import RUNNING, DecisionRecord
from graph.repositories.erasure import Place, find_report
from ingest.forgetting import forget_erased
from ingest.stream import IngestStream
from workers.claims import claim
from workers.decisions.steps import Kind
from workers.projection import state as projection
from workers.queue import default_job_id
from workers.tasks.services import TaskServices

# How much later than it was received a call may be appended to the stream: a gateway waits that long for Redis, and
# clocks of machines differ.
LATE_APPEND_MS = 15_000
# How long a job waits for what others do; after that `recovery` brings it back.
WAIT_S = 10.0
POLL_S = 0.05

_log = logs.get_logger()


async def carry_out_decision(ctx: Mapping[str, object], decision: str) -> None:
    """Do what is left of a decision, page by page.

    Ends quietly when there is nothing to do, or nothing yet: while calls that were received before the decision wait to
    be applied, or a store is away, the state stays RUNNING, and `recovery` brings the job back.
    """
    services = cast("TaskServices", ctx["services"])
    async with claim(services.redis, default_job_id("carry_out_decision", decision)) as is_mine:
        if not is_mine:
            return
        try:
            pages = 0
            while await services.desk.carry_on(decision, await applied_until_ms(services.stream)):
                pages += 1
            await _end_erasure(services, decision)
        except Unavailable as fault:
            services.faults["decision"] = fault.message
            _log.warning("decision_postponed", decision=decision, fault=fault.message)
            return
        except Exception as fault:
            services.faults["decision"] = f"A decision could not be carried out: {type(fault).__name__}."
            _log.error("decision_failed", decision=decision, exc_info=fault)
            return
        services.faults.pop("decision", None)
        if pages:
            _log.info("decision_carried_on", decision=decision, pages=pages)


async def _end_erasure(services: TaskServices, decision: str) -> None:
    """An erased person's calls are deleted: go through the other places, and note each that is done.

    Ends early where a place is not done yet; what is noted is not done again when the job comes back.
    """
    found = await services.decisions.find(decision)
    if found is None or found.kind != Kind.ERASE or found.state != RUNNING:
        return
    report = await find_report(services.graph, decision)
    done = set(report.places) if report else set()
    if Place.CALLS not in done and not await services.desk.reach(decision, Place.CALLS, found.call_count):
        return
    for place, step in _STEPS.items():
        if place in done:
            continue
        count = await step(services, found)
        if count is None:
            return
        if count != _ABSENT:
            await services.desk.reach(decision, place, count if place is Place.QUARANTINE else None)
    await services.desk.end_erasure(decision)
    _log.info("person_erased", decision=decision)


async def _applied(services: TaskServices, found: DecisionRecord) -> int | None:
    """Calls that were accepted before have been applied, which dropped them, or put aside; those that come later are
    known by their tombstones.
    """

    async def is_done() -> bool:
        return clock.now_ms() - (await services.stream.backlog()).lag_ms > found.at_ms

    return 0 if await _within(is_done) else None


async def _forgotten(services: TaskServices, _found: DecisionRecord) -> int | None:
    return await forget_erased(services.graph, services.quarantine, services.live.keyring)


async def _followed(services: TaskServices, _found: DecisionRecord) -> int | None:
    """The columnar store has followed. Where nobody owns one, that stays open, and the erasure is done without."""
    deleted_ms = clock.now_ms()
    absent = False

    async def is_done() -> bool:
        nonlocal absent
        told = await projection.find(services.redis)
        absent = told is None
        return told is None or told.as_of_ms > deleted_ms

    if not await _within(is_done):
        return None
    return _ABSENT if absent else 0


async def _within(is_done: Callable[[], Awaitable[bool]]) -> bool:
    """Whether something is done within `WAIT_S`."""
    deadline_s = time.monotonic() + WAIT_S
    while not await is_done():
        if time.monotonic() > deadline_s:
            return False
        await asyncio.sleep(POLL_S)
    return True


# In place of a count: there is no such place.
_ABSENT: Final = -1
# Place → what is to be done there: a count, None while it is not done, or `_ABSENT`.
_STEPS: Final[Mapping[Place, Callable[[TaskServices, DecisionRecord], Awaitable[int | None]]]] = {
    Place.INGEST: _applied,
    Place.QUARANTINE: _forgotten,
    Place.COLUMNS: _followed,
}


async def applied_until_ms(stream: IngestStream) -> int:
    """All calls received until this instant have been applied.

    Raises:
        Unavailable: Redis is away.
    """
    backlog = await stream.backlog()
    return clock.now_ms() - backlog.lag_ms - LATE_APPEND_MS
