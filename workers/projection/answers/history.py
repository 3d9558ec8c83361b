"""What moved in ranges of time, from the columnar store.

Other than how things are spread, this is not told as of an instant: a store that lags is not asked, since the graph can
answer too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias, TypeVar

from analytics.engines.port import Reader
from analytics.query import asking
from analytics.query.expressions import Table
from analytics.query.history import changes_query, members_query, stages_query
from analytics.query.sources import Tables
from base import clock
from base.errors import Unavailable
from workers.projection.answers.answering import REACH_S, Answering, run

T = TypeVar("T")
Ask: TypeAlias = Callable[[Table], list[tuple[Any, ...]]]


async def count_stage_moves(
    answering: Answering, tag: str, from_ms: int, to_ms: int, reasons: Sequence[str]
) -> dict[str, object]:
    """How often customers moved between any two stages of a tag in from ≤ t < to: [before, stage, count]."""

    def work(reader: Reader, tables: Tables) -> dict[str, object]:
        query = stages_query(tables, tag, from_ms, to_ms, reasons)
        return {"moves": asking.in_one_state(reader, lambda ask: [list(row) for row in ask(query)])}

    return await _asked(answering, work)


async def count_segment_moves(answering: Answering, segment: str, edges_ms: Sequence[int]) -> dict[str, object]:
    """Members now, and [entered, exited] between each two of the ascending edges and after the last of them."""

    def work(reader: Reader, tables: Tables) -> dict[str, object]:
        def count(ask: Ask) -> dict[str, object]:
            ((members,),) = ask(members_query(tables, segment))
            found = {
                int(bucket): [entered, exited]
                for bucket, entered, exited in ask(changes_query(tables, segment, edges_ms))
            }
            return {"members": members, "moves": [found.get(place, [0, 0]) for place in range(len(edges_ms))]}

        return asking.in_one_state(reader, count)

    return await _asked(answering, work)


async def _asked(answering: Answering, work: Callable[[Reader, Tables], T]) -> T:
    asked_ms = clock.now_ms()
    await answering.owner.reach(asked_ms, REACH_S)
    store = answering.owner.store()
    if answering.owner.as_of_ms < asked_ms:
        raise Unavailable("The columnar store lags.", hint="`kith status` shows by how much.")
    return await run(answering.owner, store, lambda reader: work(reader, Tables(store.layout, store.engine)))
