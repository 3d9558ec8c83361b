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
from graph.repositories.sharing import NOTHING_CLOSED
from rules.parser import parse_rule
from rules.tags.definition import Sql, rule_of
from rules.tags.parser import parse_definition
from workers.projection.answers.answering import Answering, run
from workers.projection.answers.kept import KeptResult

# A build waits longer than a person, but not for a store that cannot follow.
REACH_S: Final = 20.0


async def begin_build(answering: Answering, segment: str, document: bytes) -> dict[str, object]:
    """Answer a segment's rule (JSON) for everybody, and keep the answer.

    Returns:
        Its name, how many customers it has, as of when (ms).
    """
    rule = parse_rule(msgspec.json.decode(document))

    def keep(connection: DuckDBPyConnection, name: str, layout: Layout, now_ms: int) -> Kept:
        check_known(rule, layout)
        return asking.keep_customers(connection, name, rule, Tables(layout), now_ms, answering.zone)

    return await _begin(answering, segment, keep, is_tag=False)


async def begin_tag_build(
    answering: Answering, tag: str, document: bytes, zone: str | None, keep_old: bool
) -> dict[str, object]:
    """The same for a tag's definition (JSON).

    Args:
        zone: of the tag; None for the deployment's.
        keep_old: who has no value any more keeps the stored one.
    """
    definition = parse_definition(msgspec.json.decode(document))
    own = ZoneInfo(zone) if zone else answering.zone
    keeping_old_of = tag if keep_old else None

    closed = await answering.owner.closed_keys() if isinstance(definition, Sql) else NOTHING_CLOSED

    def keep(connection: DuckDBPyConnection, name: str, layout: Layout, now_ms: int) -> Kept:
        if isinstance(definition, Sql):
            values = sql_values(connection, definition, layout, now_ms, own, answering.limits, closed)
            return asking.keep_table(connection, name, values, keeping_old_of)
        check_known(rule_of(definition), layout)
        return asking.keep_tag(connection, name, definition, Tables(layout), now_ms, own, keeping_old_of)

    return await _begin(answering, tag, keep, is_tag=True)


async def _begin(
    answering: Answering, key: str, keep: Callable[[DuckDBPyConnection, str, Layout, int], Kept], *, is_tag: bool
) -> dict[str, object]:
    asked_ms = clock.now_ms()
    if not answering.owner.is_building:
        await answering.owner.reach(asked_ms, REACH_S)
    file, now_ms = answering.owner.file(), answering.owner.as_of_ms
    if now_ms < asked_ms:
        # What was saved or changed before might be missing.
        raise Unavailable("The columnar store lags.", hint="`kith status` shows by how much.")
    name = results.new_name()
    kept = await run(answering.owner, file, lambda connection: keep(connection, name, file.layout, now_ms))
    for other in answering.results.add(file, name, KeptResult(key, is_tag, kept)):
        await run(answering.owner, file, partial(results.drop, name=other))
    return {"name": name, "count": kept.count, "as_of_ms": now_ms}


async def compare_build(answering: Answering, name: str) -> dict[str, object]:
    """How many customers a result tells apart from what is stored now; null: it is kept no longer."""
    result = answering.results.find(answering.owner.file(), name)
    if result is None:
        return {"differing": None}

    def compare(connection: DuckDBPyConnection) -> int:
        if result.is_tag:
            return results.compare_values(connection, result.kept, result.key)
        return results.compare_members(connection, result.kept, result.key)

    return {"differing": await run(answering.owner, answering.owner.file(), compare)}


async def page_build(answering: Answering, name: str, after: int, limit: int) -> dict[str, object]:
    """Ids of customers whom the result tells apart from what was stored, behind a place."""
    answering.results.find(answering.owner.file(), name)
    return await _page(answering, partial(results.page_differing, name=name, after=after, limit=limit))


async def page_values(answering: Answering, name: str, after: int, limit: int) -> dict[str, object]:
    """The same with their values, where the result is of a tag."""
    answering.results.find(answering.owner.file(), name)
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
    if answering.results.remove(name):
        await run(answering.owner, answering.owner.file(), partial(results.drop, name=name))
    return {}


async def _page(answering: Answering, read: Callable[[DuckDBPyConnection], list[str]]) -> dict[str, object]:
    try:
        return {"ids": await run(answering.owner, answering.owner.file(), read)}
    except Gone:
        return {"ids": None}
