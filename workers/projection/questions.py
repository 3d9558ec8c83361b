"""What the owner of the columnar store answers: jobs, each while its asker waits."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Final, cast
from zoneinfo import ZoneInfo

from duckdb import DuckDBPyConnection

from analytics.query import asking
from analytics.query.known import check_known
from analytics.query.sources import Tables
from analytics.store.tables import Layout
from base import clock
from base.errors import KithError
from rules.parser import parse_rule
from rules.tree import Rule
from workers.projection.answering import REACH_S, Answering, run
from workers.projection.builds import begin_build, end_build, page_build, page_result
from workers.projection.replies import reply_of


async def count(ctx: Mapping[str, object], document: dict[str, object]) -> dict[str, object]:
    """For how many customers a checked rule holds, and as of when (ms); or the fault, as `replies` has it."""
    answering = cast("Answering", ctx["answering"])
    try:
        rule = parse_rule(document)
        await answering.owner.reach(clock.now_ms(), REACH_S)
        file, now_ms = answering.owner.file(), answering.owner.as_of_ms
        found = await run(file, partial(_count, rule=rule, layout=file.layout, now_ms=now_ms, zone=answering.zone))
    except KithError as fault:
        return reply_of(fault)
    return {"count": found, "as_of_ms": now_ms}


QUESTIONS: Final = (count, begin_build, page_build, page_result, end_build)


def _count(connection: DuckDBPyConnection, rule: Rule, layout: Layout, now_ms: int, zone: ZoneInfo) -> int:
    check_known(rule, layout)
    return asking.count(connection, rule, Tables(layout), now_ms, zone)
