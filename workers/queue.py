"""Background jobs on arq. The only module that knows arq's keys and options.

A job is a nudge, never the truth: what has to be done is a status in the graph (`workers.tasks.recovery` looks for it),
and a job that finds nothing to do ends. So a lost queue costs time only, and a job may run twice. A question to the
columnar store is a job too, in a queue of its own, which is of no use when nobody waits for it any more.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import msgpack  # type: ignore[import-untyped]
from arq.connections import ArqRedis
from arq.constants import in_progress_key_prefix
from arq.typing import WorkerCoroutine
from arq.worker import Function, Worker, func
from redis.asyncio import Redis
from redis.asyncio.client import Pipeline
from redis.exceptions import RedisError

from base import logs
from base.errors import Unavailable
from base.valkey import ARQ_QUEUE, QUESTIONS_QUEUE

# arq drops a job 24 h after its time; a service that was down for a holiday still finds its jobs.
EXPIRES_EXTRA_MS = int(timedelta(days=30).total_seconds() * 1000)
# A build of the largest graphs takes hours. What limits a stuck job is its claim (`workers.claims`).
JOB_TIMEOUT_S = 24 * 3600
POLL_S = 0.25
# Builds lock the same customers page by page, so more at once wait for each other; two keep a short one from waiting
# for a long one.
JOBS_AT_ONCE = 2
# The status decides how often work is tried, not arq.
MAX_TRIES = 1_000_000

# Whoever asks waits at most so long; the API's own time-out for such a request is 60 s.
ANSWER_TIMEOUT_S = 55
ANSWER_POLL_S = 0.01
ANSWER_JOB = "answer"
# A page takes milliseconds and must not wait for two builds that pass over everybody. Each has a thread; of the five at
# least that Python gives, the follower needs one.
ANSWERS_AT_ONCE = 4
KEEP_ANSWER_S = 60

_log = logs.get_logger()


class JobQueue:
    """Puts jobs into the queue.

    Args:
        redis: a client with bytes in and out; its connections are shared.
    """

    def __init__(self, redis: Redis):
        self._arq = _arq_client(redis)

    async def enqueue(self, task: str, *args: object, job_id: str | None = None) -> None:
        """Queue one job, unless the same one waits or runs.

        Args:
            task: name of a function of the worker.
            args: ids and numbers, no objects.
            job_id: equal ids are one job; by default task and arguments, e.g. `build_segment:buyers:3`.

        Returns:
            Nothing, also when Redis is away: the status that the caller has committed brings the job later.
        """
        try:
            await self._arq.enqueue_job(task, *args, _job_id=job_id or default_job_id(task, *args))
        except (RedisError, OSError) as fault:
            _log.warning("job_postponed", task=task, fault=type(fault).__name__)

    async def release(self, job_id: str) -> None:
        """Let a job run again whose worker died: arq keeps it marked as running for its whole time-out."""
        await self._arq.delete(in_progress_key_prefix + job_id)


class NoAnswer(Unavailable):
    """A question was not answered in time, or whoever was to answer it failed; Redis is there."""


class Questions:
    """Asks the role that owns the columnar store, and waits for what it answers.

    Args:
        redis: a client with bytes in and out; its connections are shared.
    """

    def __init__(self, redis: Redis):
        self._arq = _arq_client(redis)

    async def ask(self, question: bytes) -> bytes:
        """What the role makes of a question.

        Raises:
            NoAnswer: nobody answers in time.
            Unavailable: Redis is away.
        """
        try:
            job = await self._arq.enqueue_job(
                ANSWER_JOB, question, _queue_name=QUESTIONS_QUEUE, _expires=ANSWER_TIMEOUT_S
            )
            assert job is not None, "its id is new"
            answer: bytes = await job.result(timeout=ANSWER_TIMEOUT_S, poll_delay=ANSWER_POLL_S)
        except (RedisError, OSError) as fault:
            raise Unavailable("Redis cannot be reached now.") from fault
        except Exception as fault:
            # arq gives back whatever the function raised, and its own faults for a job that was lost.
            raise NoAnswer("The columnar store did not answer.", hint="`kith status` shows what it does.") from fault
        return answer


def default_job_id(task: str, *args: object) -> str:
    """The id that `enqueue` gives."""
    return ":".join([task, *map(str, args)])


def make_worker(redis: Redis, tasks: Sequence[WorkerCoroutine], context: dict[str, object]) -> Worker:
    """An arq worker that runs `tasks`, each called with `context` first. It ends with a fault when Redis goes away."""
    functions: list[Function] = [func(task, keep_result=0, max_tries=MAX_TRIES) for task in tasks]
    return _worker(redis, ARQ_QUEUE, functions, context, POLL_S, JOB_TIMEOUT_S, JOBS_AT_ONCE)


def make_answerer(redis: Redis, answer: WorkerCoroutine, context: dict[str, object]) -> Worker:
    """An arq worker that answers questions, each once and while its asker waits."""
    functions: list[Function] = [func(answer, name=ANSWER_JOB, keep_result=KEEP_ANSWER_S, max_tries=1)]
    return _worker(redis, QUESTIONS_QUEUE, functions, context, ANSWER_POLL_S, ANSWER_TIMEOUT_S, ANSWERS_AT_ONCE)


def _worker(
    redis: Redis,
    queue: str,
    functions: Sequence[Function],
    context: dict[str, object],
    poll_s: float,
    timeout_s: float,
    at_once: int,
) -> Worker:
    return Worker(
        functions,
        queue_name=queue,
        redis_pool=_arq_client(redis),
        ctx=dict(context),
        # Signals belong to the role, which also runs other loops.
        handle_signals=False,
        max_jobs=at_once,
        job_timeout=timeout_s,
        keep_result=0,
        poll_delay=poll_s,
        job_serializer=_pack,
        job_deserializer=_unpack,
        expires_extra_ms=EXPIRES_EXTRA_MS,
        log_results=False,
    )


class _Pipeline(Pipeline):
    """Gives its connection back when it is cancelled while it is about to: arq is stopped at any instant."""

    async def reset(self) -> None:
        try:
            await super().reset()  # type: ignore[no-untyped-call]
        except asyncio.CancelledError:
            if (connection := self.connection) is not None:
                self.connection = None
                await connection.disconnect(nowait=True)
                await self.connection_pool.release(connection)
            raise


class _Client(ArqRedis):
    def pipeline(self, transaction: bool = True, shard_hint: str | None = None) -> Pipeline:
        return _Pipeline(self.connection_pool, self.response_callbacks, transaction, shard_hint)


def _arq_client(redis: Redis) -> ArqRedis:
    return _Client(
        redis.connection_pool,
        job_serializer=_pack,
        job_deserializer=_unpack,
        default_queue_name=ARQ_QUEUE,
        expires_extra_ms=EXPIRES_EXTRA_MS,
    )


def _pack(job: object) -> bytes:
    # arq stores the exception of a job that it could not start; its kind is enough, and pickle is out of the question.
    return bytes(msgpack.packb(job, default=lambda value: type(value).__name__))


def _unpack(raw: bytes) -> dict[str, object]:
    job: dict[str, object] = msgpack.unpackb(raw)
    return job
