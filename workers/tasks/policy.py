"""Lets the graph follow a new policy of identity in the background. Whether it has to is the policy's state."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import cast

from base import logs
from base.errors import Unavailable
from graph.repositories.policy import DONE, FAILED, PENDING, SUPERSEDED, Counts, PolicyRecord
from workers.claims import claim
from workers.decisions.upkeep import Superseded
from workers.policy.follow import Follower
from workers.queue import default_job_id
from workers.tasks.services import TaskServices

PROGRESS_EVERY_S = 1.0
# Of two versions the older must not work beside the newer; trials are in nobody's way.
FOLLOW_CLAIM = "follow_policy"

_log = logs.get_logger()


def claim_name(policy_id: str, *, trial: bool) -> str:
    """What a worker holds while it lets the graph follow."""
    return default_job_id("follow_policy", policy_id) if trial else FOLLOW_CLAIM


async def follow_policy(ctx: Mapping[str, object], policy_id: str) -> None:
    """Bring the graph up to date with a version of the policy, or find out what a trial would change.

    Ends quietly when there is nothing to do, or another worker is at it. While Neo4j or Redis is away the state stays
    PENDING, and `recovery` brings the job back.
    """
    services = cast("TaskServices", ctx["services"])
    record = await services.policies.find(policy_id)
    if record is None or record.state != PENDING:
        return
    async with claim(services.redis, claim_name(policy_id, trial=record.trial)) as is_mine:
        if is_mine:
            await _follow(services, record)


async def _follow(services: TaskServices, record: PolicyRecord) -> None:
    shown = _Progress(services, record)
    follower = Follower(services.graph, services.live, services.upkeep, record, shown.show)
    try:
        counts = await follower.run()
        await services.policies.set_progress(record.id, DONE, 1.0, counts)
    except Superseded:
        await services.policies.set_progress(record.id, SUPERSEDED, shown.done, shown.counts)
    except Unavailable as fault:
        services.faults["policy"] = fault.message
        _log.warning("policy_postponed", policy=record.id, fault=fault.message)
        return
    except Exception as fault:
        services.faults["policy"] = f"The graph could not follow the policy of identity: {type(fault).__name__}."
        _log.error("policy_failed", policy=record.id, exc_info=fault)
        text = (
            f"It failed ({type(fault).__name__}); the log of the worker tells more. Change the policy again to retry."
        )
        await services.policies.set_progress(record.id, FAILED, shown.done, shown.counts, text)
        return
    services.faults.pop("policy", None)
    _log.info("policy_followed", policy=record.id, version=record.policy.version, trial=record.trial)


class _Progress:
    """Writes progress at most once a second, and ends when a newer version is in force."""

    def __init__(self, services: TaskServices, record: PolicyRecord):
        self._services = services
        self._record = record
        self._next_s = time.monotonic() + PROGRESS_EVERY_S
        self.done = 0.0
        self.counts = Counts()

    async def show(self, done: float, counts: Counts) -> None:
        """Raises:
        Superseded: whoever follows the newer version does all of it.
        """
        self.done, self.counts = max(done, self.done), counts
        if time.monotonic() < self._next_s:
            return
        self._next_s = time.monotonic() + PROGRESS_EVERY_S
        policies, record = self._services.policies, self._record
        if not record.trial and (await policies.get_current()).id != record.id:
            raise Superseded
        await policies.set_progress(record.id, PENDING, self.done, counts)
