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

from analytics.engines.port import Reader, Store
from analytics.query import asking
from analytics.query.known import check_known
from analytics.query.sources import Tables
from analytics.store import results
from analytics.store.results import Gone, Kept
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

    def keep(reader: Reader, name: str, store: Store, now_ms: int) -> Kept:
        check_known(rule, store.layout)
        return asking.keep_customers(reader, name, rule, Tables(store.layout, store.engine), now_ms, answering.zone)

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

    def keep(reader: Reader, name: str, store: Store, now_ms: int) -> Kept:
        if isinstance(definition, Sql):
            values = reader.sql_values(definition, now_ms, own, answering.limits, closed)
            return asking.keep_table(reader, name, values, keeping_old_of)
        check_known(rule_of(definition), store.layout)
        return asking.keep_tag(
            reader, name, definition, Tables(store.layout, store.engine), now_ms, own, keeping_old_of
        )

    return await _begin(answering, tag, keep, is_tag=True)


async def _begin(
    answering: Answering, key: str, keep: Callable[[Reader, str, Store, int], Kept], *, is_tag: bool
) -> dict[str, object]:
    asked_ms = clock.now_ms()
    if not answering.owner.is_building:
        await answering.owner.reach(asked_ms, REACH_S)
    store, now_ms = answering.owner.store(), answering.owner.as_of_ms
    if now_ms < asked_ms:
        # What was saved or changed before might be missing.
        raise Unavailable("The columnar store lags.", hint="`kith status` shows by how much.")
    name = results.new_name()
    kept = await run(answering.owner, store, lambda reader: keep(reader, name, store, now_ms))
    for other in answering.results.add(store, name, KeptResult(key, is_tag, kept)):
        await run(answering.owner, store, partial(_drop, name=other))
    return {"name": name, "count": kept.count, "as_of_ms": now_ms}


async def compare_build(answering: Answering, name: str) -> dict[str, object]:
    """How many customers a result tells apart from what is stored now; null: it is kept no longer."""
    result = answering.results.find(answering.owner.store(), name)
    if result is None:
        return {"differing": None}

    def compare(reader: Reader) -> int:
        if result.is_tag:
            return reader.compare_values(result.kept, result.key)
        return reader.compare_members(result.kept, result.key)

    return {"differing": await run(answering.owner, answering.owner.store(), compare)}


async def page_build(answering: Answering, name: str, after: int, limit: int) -> dict[str, object]:
    """Ids of customers whom the result tells apart from what was stored, behind a place."""
    answering.results.find(answering.owner.store(), name)
    return await _page(answering, lambda reader: reader.page_differing(name, after, limit))


async def page_values(answering: Answering, name: str, after: int, limit: int) -> dict[str, object]:
    """The same with their values, where the result is of a tag."""
    answering.results.find(answering.owner.store(), name)
    try:
        found = await run(
            answering.owner,
            answering.owner.store(),
            lambda reader: reader.page_values(name, after, limit),
        )
    except Gone:
        return {"values": None}
    return {"values": found}


async def page_result(answering: Answering, name: str, after: str, limit: int) -> dict[str, object]:
    """Ids of customers of the result, behind an id."""
    return await _page(answering, lambda reader: reader.page_result(name, after, limit))


async def end_build(answering: Answering, name: str) -> dict[str, object]:
    """Keep a result no longer."""
    if answering.results.remove(name):
        await run(answering.owner, answering.owner.store(), lambda reader: reader.drop(name))
    return {}


async def _page(answering: Answering, read: Callable[[Reader], list[str]]) -> dict[str, object]:
    try:
        return {"ids": await run(answering.owner, answering.owner.store(), read)}
    except Gone:
        return {"ids": None}


def _drop(reader: Reader, name: str) -> None:
    reader.drop(name)
