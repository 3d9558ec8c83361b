"""Finds work that lost its job: a killed worker, a Redis that forgot its queue, an enqueue that never happened."""

from __future__ import annotations

from base import logs
from graph.repositories.segment_build import BUILDING
from workers.claims import is_claimed
from workers.queue import default_job_id
from workers.tasks.policy import FOLLOW_CLAIM
from workers.tasks.services import TaskServices

_log = logs.get_logger()


async def requeue_unfinished(services: TaskServices) -> int:
    """Queue a job for every segment that is to be built or deleted, and every policy that the graph has to follow, that
    nobody is at.

    A job that still waits in the queue is left alone: its id is the same.

    Returns:
        How many nobody was at.

    Raises:
        Unavailable, RedisError: Neo4j or Redis is away.
    """
    count = 0
    for segment in await services.builds.list_unfinished():
        task = ("build_segment", segment.key, segment.version)
        if segment.status != BUILDING:
            task = ("delete_segment", segment.key)  # type: ignore[assignment]
        job_id = default_job_id(*task)
        if await is_claimed(services.redis, job_id):
            continue
        count += 1
        await services.queue.release(job_id)
        await services.queue.enqueue(*task, job_id=job_id)
    for policy_id in await services.policies.list_unfinished():
        job_id = default_job_id("follow_policy", policy_id)
        if await is_claimed(services.redis, job_id) or await is_claimed(services.redis, FOLLOW_CLAIM):
            continue
        count += 1
        await services.queue.release(job_id)
        await services.queue.enqueue("follow_policy", policy_id, job_id=job_id)
    return count
