"""Decisions that take effect in the background. Whether one needs it is its state, see `recovery`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from base import clock, logs
from base.errors import Unavailable
from graph.repositories.decision import RUNNING
from ingest.forgetting import forget_erased
from ingest.stream import IngestStream
from workers.claims import claim
from workers.decisions.steps import Kind
from workers.queue import default_job_id
from workers.tasks.services import TaskServices

# How much later than it was received a call may be appended to the stream: a gateway waits that long for Redis, and
# clocks of machines differ.
LATE_APPEND_MS = 15_000

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
    """An erased person's calls are deleted; those that were put aside are left."""
    found = await services.decisions.find(decision)
    if found is None or found.kind != Kind.ERASE or found.state != RUNNING:
        return
    count = await forget_erased(services.graph, services.quarantine, services.live.keyring)
    await services.desk.end_erasure(decision)
    _log.info("person_erased", decision=decision, quarantined=count)


async def applied_until_ms(stream: IngestStream) -> int:
    """All calls received until this instant have been applied.

    Raises:
        Unavailable: Redis is away.
    """
    backlog = await stream.backlog()
    return clock.now_ms() - backlog.lag_ms - LATE_APPEND_MS
