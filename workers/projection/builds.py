"""Full builds, as the owner of the columnar store answers them: the result at once, and in pages whom it is news of.

A result has a name that nobody guesses and no other has. It is kept until it is given up, or others need the room; then
whoever still needs it begins again, and what was done since is in the store by then.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final
from zoneinfo import ZoneInfo

import msgspec
from duckdb import DuckDBPyConnection

from analytics.query import asking
from analytics.query.known import check_known
from analytics.query.sources import Tables
from analytics.store import results
from analytics.store.results import Gone, Kept
from analytics.store.tables import Layout
from base import clock
from base.errors import Unavailable
from rules.parser import parse_rule
from rules.tree import Rule
from workers.projection.answering import Answering, run

# A build waits longer than a person, but not for a store that cannot follow.
REACH_S: Final = 20.0
# Results of that many builds are kept; a worker does two at once.
KEPT: Final = 16


async def begin_build(answering: Answering, segment: str, document: bytes) -> dict[str, object]:
    """Answer a segment's rule (JSON) for everybody, and keep the answer.

    Returns:
        Its name, how many customers it has, how many it tells apart from the segment's members, as of when (ms).
    """
    rule = parse_rule(msgspec.json.decode(document))
    asked_ms = clock.now_ms()
    await answering.owner.reach(asked_ms, REACH_S)
    file, now_ms = answering.owner.file(), answering.owner.as_of_ms
    if now_ms < asked_ms:
        # What was saved or changed before might be missing.
        raise Unavailable("The columnar store lags.", hint="`kith status` shows by how much.")
    name = results.new_name()
    kept = await run(
        answering.owner,
        file,
        partial(
            _keep,
            name=name,
            segment=segment,
            rule=rule,
            layout=file.layout,
            now_ms=now_ms,
            zone=answering.zone,
        ),
    )
    answering.kept.append(name)
    if len(answering.kept) > KEPT:
        await run(answering.owner, file, partial(results.drop, name=answering.kept.pop(0)))
    return {"name": name, "count": kept.count, "differing": kept.differing, "as_of_ms": now_ms}


async def page_build(answering: Answering, name: str, after: int, limit: int) -> dict[str, object]:
    """Ids of customers whom the result tells apart from what was stored, behind a place."""
    return await _page(answering, partial(results.page_differing, name=name, after=after, limit=limit))


async def page_result(answering: Answering, name: str, after: str, limit: int) -> dict[str, object]:
    """Ids of customers of the result, behind an id."""
    return await _page(answering, partial(results.page_result, name=name, after=after, limit=limit))


async def end_build(answering: Answering, name: str) -> dict[str, object]:
    """Keep a result no longer."""
    if name in answering.kept:
        answering.kept.remove(name)
        await run(answering.owner, answering.owner.file(), partial(results.drop, name=name))
    return {}


async def _page(answering: Answering, read: Callable[[DuckDBPyConnection], list[str]]) -> dict[str, object]:
    try:
        return {"ids": await run(answering.owner, answering.owner.file(), read)}
    except Gone:
        return {"ids": None}


def _keep(
    connection: DuckDBPyConnection,
    *,
    name: str,
    segment: str,
    rule: Rule,
    layout: Layout,
    now_ms: int,
    zone: ZoneInfo,
) -> Kept:
    check_known(rule, layout)
    return asking.keep_customers(connection, name, segment, rule, Tables(layout), now_ms, zone)
