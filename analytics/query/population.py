"""`to_query`: a rule as one question about everybody."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final, TypeAlias, assert_never
from zoneinfo import ZoneInfo

import pyarrow as pa

from analytics.query.conditions import Asked
from analytics.query.expressions import Table, Value, all_of, any_of, negated, numbers_of
from analytics.query.gathering import Gathering, Part
from analytics.query.habits import habit_part
from analytics.query.leaves import EVERYBODY, attribute_part, event_part, segment_part, tag_part
from analytics.query.sequences import moments_of, who_fills
from analytics.query.sources import Tables
from rules.tree import (
    All,
    Any_,
    AttributeLeaf,
    EventLeaf,
    Everyone,
    HabitLeaf,
    ListLeaf,
    Not,
    Rule,
    SegmentLeaf,
    SequenceLeaf,
    TagLeaf,
    leaves_of,
)

Read: TypeAlias = Callable[[Table], Iterable[pa.RecordBatch]]


# By the identity of a sequence in a rule, its customers: a table of one column, `customer`.
Found: TypeAlias = Mapping[int, Table]
NOTHING: Final[Found] = {}


def prepare(rule: Rule, tables: Tables, now_ms: int, zone: ZoneInfo, read: Read) -> Found:
    """The customers of each sequence of a checked rule, which no expression finds; empty where there is none.

    Args:
        read: the batches that an expression yields. To see one state of the store, what is asked with the result has
            to be read in the same transaction.
    """
    asked = Asked(now_ms, zone, tables.engine)
    found: dict[int, Table] = {}
    for leaf in leaves_of(rule):
        if isinstance(leaf, SequenceLeaf):
            moments = moments_of(leaf, Gathering(tables, asked))
            found[id(leaf)] = numbers_of("customer", () if moments is None else who_fills(leaf, read(moments)))
    return found


def to_query(rule: Rule, tables: Tables, now_ms: int, zone: ZoneInfo, found: Found = NOTHING) -> Table:
    """Everybody for whom a checked rule holds at an instant, as a table of one column, `customer`.

    Total: a name, path or kind of value that has no column has no values.

    Args:
        found: what `prepare` gave for the very rule object; not needed where it has no sequences.
    """
    gathering = Gathering(tables, Asked(now_ms, zone, tables.engine))
    part = _part(rule, gathering, found)
    customers = gathering.joined(part.keys)
    return customers.filter(part.answer(customers)).select("customer")


def count_query(rule: Rule, tables: Tables, now_ms: int, zone: ZoneInfo, found: Found = NOTHING) -> Value:
    """How many they are."""
    return to_query(rule, tables, now_ms, zone, found).count()


def _part(rule: Rule, gathering: Gathering, found: Found) -> Part:
    match rule:
        case All(children):
            parts = [_part(child, gathering, found) for child in children]
            keys = frozenset[str]().union(*(part.keys for part in parts))
            return Part(lambda customers: all_of([part.answer(customers) for part in parts]), keys)
        case Any_(children):
            parts = [_part(child, gathering, found) for child in children]
            keys = parts[0].keys.intersection(*(part.keys for part in parts))
            return Part(lambda customers: any_of([part.answer(customers) for part in parts]), keys)
        case Not(child):
            part = _part(child, gathering, found)
            return Part(lambda customers: negated(part.answer(customers)))
        case Everyone():
            return EVERYBODY
        case AttributeLeaf():
            return attribute_part(rule, gathering)
        case EventLeaf():
            return event_part(rule, gathering)
        case HabitLeaf():
            return habit_part(rule, gathering)
        case SequenceLeaf():
            key = gathering.add(found[id(rule)])
            return Part(lambda customers: customers[key].notnull(), frozenset({key}))
        case SegmentLeaf(key) | ListLeaf(key):
            # Who is on a list is who is in its segment.
            return segment_part(key, gathering)
        case TagLeaf():
            return tag_part(rule, gathering)
        case _:
            assert_never(rule)
