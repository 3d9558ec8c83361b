"""What the owner of the columnar store answers: jobs, each while its asker waits."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final, TypeVar, cast
from zoneinfo import ZoneInfo

import duckdb
import msgspec
from duckdb import DuckDBPyConnection

from analytics.query import asking
from analytics.query.known import check_known
from analytics.query.looking_up import customers_with
from analytics.query.sources import Tables
from analytics.sql import values as checking
from analytics.store.file import ColumnFile
from analytics.store.tables import Layout
from base import clock
from base.errors import KithError
from base.keys import Keyring
from rules.parser import parse_rule
from rules.tags.definition import Sql
from rules.tree import Rule
from rules.type_problems import ValueType
from workers.projection.owner import ProjectionOwner
from workers.projection.replies import reply_of

T = TypeVar("T")

# How long a question waits until what was committed before it is in the store; a store that lags more says as of when.
REACH_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class Answering:
    """What the jobs work with, under the key `answering` of arq's context."""

    owner: ProjectionOwner
    zone: ZoneInfo
    keyring: Keyring


async def count(ctx: Mapping[str, object], document: dict[str, object]) -> dict[str, object]:
    """For how many customers a checked rule holds, and as of when (ms); or the fault, as `replies` has it."""
    answering = cast("Answering", ctx["answering"])
    try:
        rule = parse_rule(document)
        await answering.owner.reach(clock.now_ms(), REACH_S)
        file, now_ms = answering.owner.file(), answering.owner.as_of_ms
        found = await run(
            answering.owner, file, partial(_count, rule=rule, layout=file.layout, now_ms=now_ms, zone=answering.zone)
        )
    except KithError as fault:
        return reply_of(fault)
    return {"count": found, "as_of_ms": now_ms}


async def find_customers(ctx: Mapping[str, object], sealed: bytes) -> dict[str, object]:
    """Who has values of an attribute: (text, customer), sealed as the question is; or the fault."""
    answering = cast("Answering", ctx["answering"])
    asked = msgspec.json.decode(answering.keyring.open_entry(sealed), type=_Asked)
    try:
        await answering.owner.reach(clock.now_ms(), REACH_S)
        file = answering.owner.file()
        found = await run(
            answering.owner, file, lambda reader: customers_with(reader, file.layout, asked.attribute, asked.texts)
        )
    except KithError as fault:
        return reply_of(fault)
    return {"sealed": answering.keyring.seal_entry(msgspec.json.encode(found))}


async def check_sql(ctx: Mapping[str, object], text: str, of_type: str, zone: str | None) -> dict[str, object]:
    """Whether a statement can give a tag's values: the columns that it has; or the fault, at `text` or `type`.

    Args:
        of_type: name of a `ValueType`.
        zone: of the tag; None for the deployment's.
    """
    answering = cast("Answering", ctx["answering"])
    definition = Sql(text, ValueType(of_type))
    try:
        file, now_ms = answering.owner.file(), answering.owner.as_of_ms
        own = ZoneInfo(zone) if zone else answering.zone
        columns = await run(
            answering.owner, file, lambda reader: checking.check_sql(reader, definition, file.layout, now_ms, own)
        )
    except KithError as fault:
        return reply_of(fault)
    return {"columns": [list(column) for column in columns]}


QUESTIONS: Final = (count, find_customers, check_sql)


class _Asked(msgspec.Struct):
    attribute: str
    texts: list[str]


async def run(owner: ProjectionOwner, file: ColumnFile, work: Callable[[DuckDBPyConnection], T]) -> T:
    """Run blocking work on a connection of its own; cancelled, it is interrupted."""
    connection = file.reader()
    working = asyncio.ensure_future(asyncio.to_thread(work, connection))
    try:
        return await asyncio.shield(working)
    except asyncio.CancelledError:
        connection.interrupt()
        await asyncio.wait([working])
        raise
    except (duckdb.FatalException, duckdb.InternalException, duckdb.ConnectionException):
        owner.distrust(file)
        raise
    finally:
        connection.close()


def _count(connection: DuckDBPyConnection, rule: Rule, layout: Layout, now_ms: int, zone: ZoneInfo) -> int:
    check_known(rule, layout)
    return asking.count(connection, rule, Tables(layout), now_ms, zone)
