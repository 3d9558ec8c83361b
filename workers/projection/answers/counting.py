"""How many customers there are for whom a rule holds."""

from __future__ import annotations

from functools import partial
from zoneinfo import ZoneInfo

from analytics.engines.port import Reader
from analytics.query import asking
from analytics.query.known import check_known
from analytics.query.sources import Tables
from base import clock
from rules.parser import parse_rule
from rules.tree import Rule
from workers.projection.answers.answering import REACH_S, Answering, run


async def count(answering: Answering, document: dict[str, object]) -> dict[str, object]:
    """For how many customers a checked rule holds, and as of when (ms)."""
    rule = parse_rule(document)
    await answering.owner.reach(clock.now_ms(), REACH_S)
    store, now_ms = answering.owner.store(), answering.owner.as_of_ms
    found = await run(
        answering.owner,
        store,
        partial(_count, rule=rule, tables=answering.results.tables(store), now_ms=now_ms, zone=answering.zone),
    )
    return {"count": found, "as_of_ms": now_ms}


def _count(reader: Reader, rule: Rule, tables: Tables, now_ms: int, zone: ZoneInfo) -> int:
    check_known(rule, tables.layout)
    return asking.count(reader, rule, tables, now_ms, zone)
