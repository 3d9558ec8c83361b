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
from analytics.sql.values import sql_values
from analytics.store import results
from analytics.store.results import Gone, Kept
from analytics.store.tables import Layout
from base import clock
from base.errors import Unavailable
from rules.parser import parse_rule
from rules.tags.definition import Sql, rule_of
from rules.tags.parser import parse_definition
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

    def keep(connection: DuckDBPyConnection, name: str, layout: Layout, now_ms: int) -> Kept:
        check_known(rule, layout)
        return asking.keep_customers(connection, name, segment, rule, Tables(layout), now_ms, answering.zone)

    return await _begin(answering, keep)


async def begin_tag_build(
    answering: Answering, tag: str, document: bytes, zone: str | None, keep_old: bool
) -> dict[str, object]:
    """The same for a tag's definition (JSON): how many customers have a value, and how many another than is stored.

    Args:
        zone: of the tag; None for the deployment's.
        keep_old: who has no value any more keeps the stored one.
    """
    definition = parse_definition(msgspec.json.decode(document))
    own = ZoneInfo(zone) if zone else answering.zone

    def keep(connection: DuckDBPyConnection, name: str, layout: Layout, now_ms: int) -> Kept:
        if isinstance(definition, Sql):
            values = sql_values(connection, definition, layout, now_ms, own)
            return asking.keep_table(connection, name, tag, keep_old, values)
        check_known(rule_of(definition), layout)
        return asking.keep_tag(connection, name, tag, keep_old, definition, Tables(layout), now_ms, own)

    return await _begin(answering, keep)


async def _begin(
    answering: Answering, keep: Callable[[DuckDBPyConnection, str, Layout, int], Kept]
) -> dict[str, object]:
    asked_ms = clock.now_ms()
    await answering.owner.reach(asked_ms, REACH_S)
    file, now_ms = answering.owner.file(), answering.owner.as_of_ms
    if now_ms < asked_ms:
        # What was saved or changed before might be missing.
        raise Unavailable("The columnar store lags.", hint="`kith status` shows by how much.")
    name = results.new_name()
    kept = await run(answering.owner, file, lambda connection: keep(connection, name, file.layout, now_ms))
    answering.kept.append(name)
    if len(answering.kept) > KEPT:
        await run(answering.owner, file, partial(results.drop, name=answering.kept.pop(0)))
    return {"name": name, "count": kept.count, "differing": kept.differing, "as_of_ms": now_ms}


async def page_build(answering: Answering, name: str, after: int, limit: int) -> dict[str, object]:
    """Ids of customers whom the result tells apart from what was stored, behind a place."""
    return await _page(answering, partial(results.page_differing, name=name, after=after, limit=limit))


async def page_values(answering: Answering, name: str, after: int, limit: int) -> dict[str, object]:
    """The same with their values, where the result is of a tag."""
    try:
        found = await run(
            answering.owner,
            answering.owner.file(),
            partial(results.page_values, name=name, after=after, limit=limit),
        )
    except Gone:
        return {"values": None}
    return {"values": found}


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
