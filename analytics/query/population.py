"""`to_query`: a rule as one question about everybody."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
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
from rules.operators import Operator
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


# Whoever comes into question is looked for before the events are read if they are at most this part of everybody: it
# spares the events of the others, and takes a join of its own (docs/adr/0016).
FEW: Final = 0.05


@dataclass(frozen=True, slots=True)
class Found:
    """What has to be read of the store before a rule can be asked as one expression.

    Attributes:
        sequences: by the identity of a sequence in the rule, its customers: a table of one column, `customer`.
        are_few: whether attributes and segments leave but few customers in question.
    """

    sequences: Mapping[int, Table] = field(default_factory=dict)
    are_few: bool = True


NOTHING: Final = Found()


def prepare(rule: Rule, tables: Tables, now_ms: int, zone: ZoneInfo, read: Read) -> Found:
    """The customers of each sequence of a checked rule, which no expression finds, and whether few are in question.

    Args:
        read: the batches that an expression yields. To see one state of the store, what is asked with the result has
            to be read in the same transaction.
    """
    are_few = _are_few(rule, tables, now_ms, zone, read)
    gathering = _gathering(rule, tables, now_ms, zone, are_few)
    sequences: dict[int, Table] = {}
    for leaf in leaves_of(rule):
        if isinstance(leaf, SequenceLeaf):
            moments = moments_of(leaf, gathering)
            sequences[id(leaf)] = numbers_of("customer", () if moments is None else who_fills(leaf, read(moments)))
    return Found(sequences, are_few)


def to_query(rule: Rule, tables: Tables, now_ms: int, zone: ZoneInfo, found: Found = NOTHING) -> Table:
    """Everybody for whom a checked rule holds at an instant, as a table of one column, `customer`.

    Total: a name, path or kind of value that has no column has no values.

    Args:
        found: what `prepare` gave for the very rule object; not needed where it has no sequences.
    """
    gathering = _gathering(rule, tables, now_ms, zone, found.are_few)
    part = part_of(rule, gathering, found)
    customers = gathering.joined(part.keys)
    return customers.filter(part.answer(customers)).select("customer")


def count_query(rule: Rule, tables: Tables, now_ms: int, zone: ZoneInfo, found: Found = NOTHING) -> Value:
    """How many they are."""
    return to_query(rule, tables, now_ms, zone, found).count()


def _gathering(rule: Rule, tables: Tables, now_ms: int, zone: ZoneInfo, are_few: bool) -> Gathering:
    asked = Asked(now_ms, zone, tables.engine)
    return Gathering(tables, asked, _few(rule, Gathering(tables, asked)) if are_few else None)


def _are_few(rule: Rule, tables: Tables, now_ms: int, zone: ZoneInfo, read: Read) -> bool:
    """Whether attributes and segments leave but few customers in question; asked where events are read besides."""
    if not any(isinstance(leaf, EventLeaf | HabitLeaf | SequenceLeaf) for leaf in leaves_of(rule)):
        return True
    few = _few(rule, Gathering(tables, Asked(now_ms, zone, tables.engine)))
    if few is None:
        return True
    asked, everybody = (_number(read(each.aggregate(n=each.count()))) for each in (few, tables.customers()))
    return asked <= FEW * everybody


def _number(batches: Iterable[pa.RecordBatch]) -> int:
    (number,) = (row["n"] for batch in batches for row in batch.to_pylist())
    return int(number)


def _few(rule: Rule, gathering: Gathering) -> Table | None:
    """Who comes into question by attributes and segments alone; None where the rule does not ask for any."""
    customers = few = gathering.tables.customers()
    members = gathering.tables.members()
    for part in _conjuncts(rule):
        if isinstance(part, SegmentLeaf):
            segment = members.filter(members.segment == gathering.asked.engine.text(part.key))
            few = few.semi_join(segment, "customer")
        elif _reads_attributes_only(part):
            few = few.filter(part_of(part, gathering, NOTHING).answer(customers))
    return None if few is customers else few.select("customer")


def _conjuncts(rule: Rule) -> list[Rule]:
    """Parts of which every one has to hold."""
    return [part for child in rule.children for part in _conjuncts(child)] if isinstance(rule, All) else [rule]


def _reads_attributes_only(rule: Rule) -> bool:
    leaves = leaves_of(rule)
    # Anniversaries are looked up in a table beside the customers.
    return bool(leaves) and all(
        isinstance(leaf, AttributeLeaf) and leaf.op is not Operator.ANNIVERSARY_WITHIN_NEXT for leaf in leaves
    )


def part_of(rule: Rule, gathering: Gathering, found: Found) -> Part:
    """A rule, or a part of one, with what it reads gathered; `found` as for `to_query`."""
    match rule:
        case All(children):
            parts = [part_of(child, gathering, found) for child in children]
            keys = frozenset[str]().union(*(part.keys for part in parts))
            return Part(lambda customers: all_of([part.answer(customers) for part in parts]), keys)
        case Any_(children):
            parts = [part_of(child, gathering, found) for child in children]
            keys = parts[0].keys.intersection(*(part.keys for part in parts))
            return Part(lambda customers: any_of([part.answer(customers) for part in parts]), keys)
        case Not(child):
            part = part_of(child, gathering, found)
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
            key = gathering.add(found.sequences[id(rule)])
            return Part(lambda customers: customers[key].notnull(), frozenset({key}))
        case SegmentLeaf(key) | ListLeaf(key):
            # Who is on a list is who is in its segment.
            return segment_part(key, gathering)
        case TagLeaf():
            return tag_part(rule, gathering)
        case _:
            assert_never(rule)
