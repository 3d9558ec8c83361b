"""Asks a store about everybody, in one state of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import pyarrow as pa

from analytics.engines.port import Reader
from analytics.query.expressions import Table, held
from analytics.query.population import count_query, prepare, to_query
from analytics.query.sources import Tables
from analytics.query.tag_values import tag_values_query
from analytics.store.results import Kept
from rules.tags.definition import Definition, rule_of
from rules.tree import Rule

T = TypeVar("T")


def customers(reader: Reader, rule: Rule, tables: Tables, now_ms: int, zone: ZoneInfo) -> pa.Table:
    """Everybody for whom a checked rule holds at an instant: one column, `customer`."""
    with reader.one_state():
        return reader.table(_found(reader, rule, tables, now_ms, zone))


def count(reader: Reader, rule: Rule, tables: Tables, now_ms: int, zone: ZoneInfo) -> int:
    """How many they are."""
    with reader.one_state():
        found = prepare(rule, tables, now_ms, zone, reader.batches)
        ((number,),) = reader.rows(count_query(rule, tables, now_ms, zone, found).as_table())
        return int(number)


def keep_customers(reader: Reader, name: str, rule: Rule, tables: Tables, now_ms: int, zone: ZoneInfo) -> Kept:
    """Keep who they are, as the result `name`."""
    with reader.one_state():
        return reader.keep_members(name, _found(reader, rule, tables, now_ms, zone))


def tag_values(reader: Reader, definition: Definition, tables: Tables, now_ms: int, zone: ZoneInfo) -> pa.Table:
    """The value of everybody who has one of a checked tag that is computed, as `tag_values_query` says."""
    with reader.one_state():
        return reader.table(_values(reader, definition, tables, now_ms, zone))


def keep_tag(
    reader: Reader,
    name: str,
    definition: Definition,
    tables: Tables,
    now_ms: int,
    zone: ZoneInfo,
    keeping_old_of: str | None = None,
) -> Kept:
    """Keep the same as the result `name`.

    Args:
        keeping_old_of: the tag whose stored values those keep who have none any more; None: nobody does.
    """
    with reader.one_state():
        return reader.keep_values(name, _values(reader, definition, tables, now_ms, zone), keeping_old_of)


def keep_table(reader: Reader, name: str, values: pa.Table, keeping_old_of: str | None = None) -> Kept:
    """Keep values that were found already; arguments as of `keep_tag`."""
    with reader.one_state():
        return reader.keep_values(name, held(values), keeping_old_of)


def rows_of(
    reader: Reader,
    rule: Rule,
    tables: Tables,
    now_ms: int,
    zone: ZoneInfo,
    ask: Callable[[Table], Table],
) -> list[tuple[Any, ...]]:
    """What is asked about everybody for whom a checked rule holds at an instant.

    Args:
        ask: their table, as `customers` gives it → a table whose rows are the answer; few, since all are in memory.
    """
    with reader.one_state():
        return reader.rows(ask(_found(reader, rule, tables, now_ms, zone)))


def in_one_state(reader: Reader, work: Callable[[Callable[[Table], list[tuple[Any, ...]]]], T]) -> T:
    """What some work makes of the rows of several tables, which it asks for; all are read in one state."""
    with reader.one_state():
        return work(reader.rows)


def _found(reader: Reader, rule: Rule, tables: Tables, now_ms: int, zone: ZoneInfo) -> Table:
    found = prepare(rule, tables, now_ms, zone, reader.batches)
    return to_query(rule, tables, now_ms, zone, found)


def _values(reader: Reader, definition: Definition, tables: Tables, now_ms: int, zone: ZoneInfo) -> Table:
    found = prepare(rule_of(definition), tables, now_ms, zone, reader.batches)
    return tag_values_query(definition, tables, now_ms, zone, found)
