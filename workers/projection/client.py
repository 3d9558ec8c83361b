"""Asks the owner of the columnar store: the side of everybody else."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import RedisError

from analytics.query.order import FIRST, Order, Place
from base.errors import Unavailable
from base.keys import Keyring
from graph.repositories.segment_history import Moves
from graph.repositories.stage import MoveCount
from rules.tags.compiled import TagValue
from workers.projection import state
from workers.projection.replies import answer_of, sealed_question
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
        count: of the customers for whom it holds, or who have a value.
        as_of_ms: everything that was committed up to this instant was read.
    """

    name: str
    count: int
    as_of_ms: int


class ResultGone(Exception):
    """A result is not kept any more; begin again."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A page of customers.

    Args:
        as_of_ms: the state of the store; everything that was committed up to this instant is in it.
        now_ms: the instant at which the rule was asked.
    """

    places: Sequence[Place]
    as_of_ms: int
    now_ms: int


@dataclass(frozen=True, slots=True)
class Spread:
    """How the values of a tag are spread.

    Args:
        values: (value, how many customers have it), the most frequent first.
        customers: how many have any.
        least, greatest, average: of the numbers; None without any.
        buckets: how many numbers lie in each part between `rules.tags.spread.bounds_of`.
        as_of_ms: the state of the store; None for the graph.
    """

    values: Sequence[tuple[object, int]]
    customers: int
    least: float | None
    greatest: float | None
    average: float | None
    buckets: Sequence[int]
    as_of_ms: int | None


@dataclass(frozen=True, slots=True)
class StatementReads:
    """What the statement of a tag may read.

    Args:
        names: (attribute, name), (event, name), (property, event, name).
        segments, tags: texts in it that may be keys.
    """

    names: Sequence[tuple[str, ...]]
    segments: Sequence[str]
    tags: Sequence[str]


class ColumnStore:
    """The columnar store as everybody but its owner sees it.

    Args:
        keyring: questions and answers may hold values of people: nothing of these lies in Redis in the clear.
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

    async def begin_build(self, segment: str, rule: bytes) -> Built:
        """Answer a segment's rule (JSON) for everybody, with all that was committed before.

        Raises:
            Unavailable: nobody owns the store, it is being built, or it lags.
            BadInput: the store has no room for a name of the rule.
        """
        answer = await self._ask("begin_build", segment, rule)
        return Built(answer["name"], answer["count"], answer["as_of_ms"])

    async def begin_tag_build(self, tag: str, definition: bytes, zone: str | None, *, keep_old: bool) -> Built:
        """The same for a tag's definition (JSON).

        Args:
            zone: of the tag; None for the deployment's.
            keep_old: who has no value any more keeps the stored one.

        Raises:
            Unavailable: as `begin_build`.
            BadInput: the store has no room for a name; or the statement of a tag by SQL cannot give its values.
        """
        answer = await self._ask("begin_tag_build", tag, definition, zone, keep_old)
        return Built(answer["name"], answer["count"], answer["as_of_ms"])

    async def compare_build(self, name: str) -> int:
        """How many customers a result tells apart from what is stored now; once, before they are read.

        Raises:
            ResultGone, Unavailable.
        """
        differing: int | None = (await self._ask("compare_build", name))["differing"]
        if differing is None:
            raise ResultGone
        return differing

    async def page_values(self, name: str, after: int, limit: int) -> list[tuple[str, TagValue | None]]:
        """Like `page_build`, with the values of a tag's result; None: none any more.

        Raises:
            ResultGone, Unavailable.
        """
        found = (await self._ask("page_values", name, after, limit))["values"]
        if found is None:
            raise ResultGone
        return [(id, value) for id, value in found]

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

    async def list_customers(
        self,
        rule: Mapping[str, object] | None,
        order: Order,
        *,
        is_known: bool,
        after: Place = FIRST,
        count: int,
        now_ms: int | None = None,
    ) -> Listed:
        """Customers for whom a checked rule (None: any) holds, in an order, behind a place.

        Args:
            is_known: whether the registry knows the name by which they are ordered.
            now_ms: that of the first page, so that windows stay where they are; None on the first page.

        Raises:
            Unavailable: nobody owns the store, it is being built, or it did not answer in time.
            BadInput: nobody ever had a value to order by, or the store has no room for a name.
        """
        asked = [order.by.value, order.name, order.descending, is_known]
        document = None if rule is None else dict(rule)
        answer = await self._ask("list_customers", document, asked, list(after), count, now_ms)
        return Listed([Place(*place) for place in answer["places"]], answer["as_of_ms"], answer["now_ms"])

    async def spread_tag(self, tag: str, *, is_list: bool, value_count: int, bucket_count: int) -> Spread:
        """How the values of a tag are spread; no buckets for 0.

        Raises:
            Unavailable: nobody owns the store, it is being built, or it did not answer in time.
        """
        answer = await self._ask("spread_tag", tag, is_list, value_count, bucket_count)
        values = [(value, customers) for value, customers in answer.pop("values")]
        return Spread(values=values, **answer)

    async def count_stage_moves(self, tag: str, from_ms: int, to_ms: int, reasons: Sequence[str]) -> list[MoveCount]:
        """How often customers moved between any two stages of a tag in from ≤ t < to, in no order.

        Raises:
            Unavailable: nobody owns the store, it is being built, it lags, or it did not answer in time.
        """
        answer = await self._ask("count_stage_moves", tag, from_ms, to_ms, list(reasons))
        return [MoveCount(*row) for row in answer["moves"]]

    async def count_segment_moves(self, segment: str, edges_ms: Sequence[int]) -> tuple[int, list[Moves]]:
        """Members now, and who moved between each two of the ascending edges, and after the last of them.

        Raises:
            Unavailable: as `count_stage_moves`.
        """
        answer = await self._ask("count_segment_moves", segment, list(edges_ms))
        return answer["members"], [Moves(*moved) for moved in answer["moves"]]

    async def find_customers(self, attribute: str, texts: Collection[str]) -> list[tuple[str, str]]:
        """(text, customer) of everybody whose value of an attribute is one of the texts.

        A number is found by any text that spells it.

        Raises:
            Unavailable, BadInput: as `count`.
        """
        found = (await self._ask("find_customers", attribute, sorted(texts)))["found"]
        return [(text, customer) for text, customer in found]

    async def check_sql(self, text: str, of_type: str, zone: str | None) -> StatementReads:
        """See that a statement can give the values of a tag, and what it reads; it is not run.

        Args:
            of_type: name of a `ValueType`.
            zone: of the tag; None for the deployment's.

        Raises:
            Unavailable: as `count`.
            BadInput: it cannot; at the field `text` or `type`.
        """
        answer = await self._ask("check_sql", text, of_type, zone)
        names = [tuple(name) for name in answer["names"]]
        return StatementReads(names, answer["segments"], answer["tags"])

    async def _ask(self, question: str, *args: object) -> dict[str, Any]:
        try:
            told = await state.find(self._redis)
        except (RedisError, OSError) as fault:
            raise Unavailable("Redis cannot be reached now.") from fault
        if told is None:
            raise Unavailable("Nobody owns the columnar store.", hint="Start the role `analytics`.")
        if not told.answers and told.last_error:
            raise Unavailable(f"The columnar store does not answer now. {told.last_error}")
        if not told.answers:
            raise Unavailable(
                f"The columnar store is being built, {told.progress:.0%} done.", hint="Ask again when it is there."
            )
        return answer_of(self._keyring, await self._questions.ask(sealed_question(self._keyring, question, args)))
