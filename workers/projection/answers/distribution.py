"""How the values of a tag are spread, from the columnar store."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TypeAlias

from analytics.engines.port import Reader
from analytics.query import asking
from analytics.query.distribution import buckets_query, numbers_query, values_query
from analytics.query.expressions import Table
from analytics.query.sources import Tables
from analytics.store.spread import whole
from base import clock
from rules.tags.spread import bounds_of
from rules.tree import Scalar
from workers.projection.answers.answering import REACH_S, Answering, run

Ask: TypeAlias = Callable[[Table], list[tuple[Any, ...]]]


async def spread_tag(
    answering: Answering, tag: str, is_list: bool, value_count: int, bucket_count: int
) -> dict[str, object]:
    """The most frequent values of a tag with how many customers have them, how many have any, the least, greatest and
    average number, how many lie in each of so many equal parts between (none for 0), and as of when (ms); or the fault.
    """
    await answering.owner.reach(clock.now_ms(), REACH_S)
    store, as_of_ms = answering.owner.store(), answering.owner.as_of_ms
    work = partial(
        _spread,
        tag=tag,
        is_list=is_list,
        value_count=value_count,
        bucket_count=bucket_count,
        tables=answering.results.tables(store),
    )
    answer = await run(answering.owner, store, work)
    return {**answer, "as_of_ms": as_of_ms}


def _spread(
    reader: Reader, tag: str, is_list: bool, value_count: int, bucket_count: int, tables: Tables
) -> dict[str, object]:
    def work(ask: Ask) -> dict[str, object]:
        values = ask(values_query(tables, tag, is_list=is_list, count=value_count))
        ((customers, least, greatest, average),) = ask(numbers_query(tables, tag))
        buckets: list[int] = []
        if least is not None and bucket_count:
            bounds = bounds_of(least, greatest, bucket_count)
            held: dict[float, int] = dict(ask(buckets_query(tables, tag, bounds)))
            buckets = [int(held.get(place, 0)) for place in range(len(bounds) + 1)]
        return {
            "values": [[_shown(row[:-1]), row[-1]] for row in values],
            "customers": customers,
            "least": least,
            "greatest": greatest,
            "average": average,
            "buckets": buckets,
        }

    return asking.in_one_state(reader, work)


def _shown(cells: Sequence[Scalar | None]) -> Scalar:
    return whole(next(each for each in cells if each is not None))
