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
    """Queue a job for every segment and tag that is to be built or deleted, every decision that is to be carried out
    and every policy that the graph has to follow, that nobody is at.

    A job that still waits in the queue is left alone: its id is the same.

    Returns:
        For how many nobody was at it.

    Raises:
        Unavailable, RedisError: Neo4j or Redis is away.
    """
    tasks: list[tuple[str | int, ...]] = []
    for segment in await services.builds.list_unfinished():
        if segment.status == BUILDING:
            tasks.append(("build_segment", segment.key, segment.version))
        else:
            tasks.append(("delete_segment", segment.key))
    tasks += [
        ("build_tag", tag.key, tag.version) if tag.status == BUILDING else ("delete_tag", tag.key)
        for tag in await services.tag_builds.list_unfinished()
    ]
    tasks += [("carry_out_decision", decision) for decision in await services.decisions.list_running()]
    if not await is_claimed(services.redis, FOLLOW_CLAIM):
        tasks += [("follow_policy", policy) for policy in await services.policies.list_unfinished()]
    count = 0
    for task, *args in tasks:
        job_id = default_job_id(str(task), *args)
        if await is_claimed(services.redis, job_id):
            continue
        count += 1
        await services.queue.release(job_id)
        await services.queue.enqueue(str(task), *args, job_id=job_id)
    return count
