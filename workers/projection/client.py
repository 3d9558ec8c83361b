"""Asks the owner of the columnar store: the side of everybody else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import RedisError

from base.errors import Unavailable
from workers.projection import state
from workers.projection.replies import answer_of
from workers.queue import Questions


@dataclass(frozen=True, slots=True)
class Counted:
    """How many customers, and as of when (ms)."""

    count: int
    as_of_ms: int


@dataclass(frozen=True, slots=True)
class Built:
    """The answer to a rule for everybody, kept for a while under a name.

    Args:
        count: of the customers for whom it holds.
        differing: of the customers whom it tells apart from what was stored.
        as_of_ms: everything that was committed up to this instant was read.
    """

    name: str
    count: int
    differing: int
    as_of_ms: int


class ResultGone(Exception):
    """A result is not kept any more; begin again."""


class ColumnStore:
    """The columnar store as everybody but its owner sees it."""

    def __init__(self, redis: Redis):
        self._redis = redis
        self._questions = Questions(redis)

    async def count(self, rule: Mapping[str, object]) -> Counted:
        """For how many customers a checked rule, as a document, holds.

        Raises:
            Unavailable: nobody owns the store, it is being built, or it did not answer in time.
            BadInput: the store has no room for a name of the rule.
        """
        answer = await self._ask("count", dict(rule))
        return Counted(answer["count"], answer["as_of_ms"])

    async def begin_build(self, segment: str, rule: bytes) -> Built:
        """Answer a segment's rule (JSON) for everybody, with all that was committed before.

        Raises:
            Unavailable: nobody owns the store, it is being built, or it lags.
            BadInput: the store has no room for a name of the rule.
        """
        answer = await self._ask("begin_build", segment, rule)
        return Built(answer["name"], answer["count"], answer["differing"], answer["as_of_ms"])

    async def page_build(self, name: str, after: int, limit: int) -> list[str]:
        """Ids of customers whom a result tells apart from what was stored, behind the first `after` of them.

        Raises:
            ResultGone, Unavailable.
        """
        return await self._page("page_build", name, after, limit)

    async def page_result(self, name: str, after: str, limit: int) -> list[str]:
        """Ids of the customers of a result behind the id `after`, ascending.

        Raises:
            ResultGone, Unavailable.
        """
        return await self._page("page_result", name, after, limit)

    async def end_build(self, name: str) -> None:
        """Nobody needs a result any more.

        Raises:
            Unavailable: it will make room by itself.
        """
        await self._ask("end_build", name)

    async def _page(self, question: str, *args: object) -> list[str]:
        ids: list[str] | None = (await self._ask(question, *args))["ids"]
        if ids is None:
            raise ResultGone
        return ids

    async def _ask(self, question: str, *args: object) -> Mapping[str, Any]:
        try:
            told = await state.find(self._redis)
        except (RedisError, OSError) as fault:
            raise Unavailable("Redis cannot be reached now.") from fault
        if told is None:
            raise Unavailable("Nobody owns the columnar store.", hint="Start the role `analytics`.")
        return answer_of(await self._questions.ask(question, *args))
