"""Asks the owner of the columnar store; the API's side."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from redis.asyncio import Redis
from redis.exceptions import RedisError

from base.errors import Unavailable
from base.keys import Keyring
from workers.projection import state
from workers.projection.replies import answer_of
from workers.queue import Questions


@dataclass(frozen=True, slots=True)
class Counted:
    """How many customers, and as of when (ms)."""

    count: int
    as_of_ms: int


class ColumnStore:
    """The columnar store as everybody but its owner sees it.

    Args:
        keyring: for questions that hold values of people: nothing of these lies in Redis in the clear.
    """

    def __init__(self, redis: Redis, keyring: Keyring):
        self._redis = redis
        self._keyring = keyring
        self._questions = Questions(redis)

    async def count(self, rule: Mapping[str, object]) -> Counted:
        """For how many customers a checked rule, as a document, holds.

        Raises:
            Unavailable: nobody owns the store, it is being built, or it did not answer in time.
            BadInput: the store has no room for a name of the rule.
        """
        answer = await self._ask("count", dict(rule))
        return Counted(answer["count"], answer["as_of_ms"])

    async def find_customers(self, attribute: str, texts: Collection[str]) -> list[tuple[str, str]]:
        """(text, customer) of everybody whose value of an attribute is one of the texts.

        A number is found by any text that spells it.

        Raises:
            Unavailable, BadInput: as `count`.
        """
        sealed = self._keyring.seal_entry(msgspec.json.encode({"attribute": attribute, "texts": sorted(texts)}))
        answer = msgspec.json.decode(self._keyring.open_entry((await self._ask("find_customers", sealed))["sealed"]))
        return [(text, customer) for text, customer in answer]

    async def check_sql(self, text: str, of_type: str, zone: str | None) -> None:
        """See that a statement can give the values of a tag; it is not run.

        Args:
            of_type: name of a `ValueType`.
            zone: of the tag; None for the deployment's.

        Raises:
            Unavailable: as `count`.
            BadInput: it cannot; at the field `text` or `type`.
        """
        await self._ask("check_sql", text, of_type, zone)

    async def _ask(self, question: str, *args: object) -> Mapping[str, Any]:
        try:
            told = await state.find(self._redis)
        except (RedisError, OSError) as fault:
            raise Unavailable("Redis cannot be reached now.") from fault
        if told is None:
            raise Unavailable("Nobody owns the columnar store.", hint="Start the role `analytics`.")
        return answer_of(await self._questions.ask(question, *args))
