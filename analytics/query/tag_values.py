"""`tag_values_query`: a tag's value of everybody who has one, as `rules/tags/compiled.py` computes it for a customer.

The value is in columns by kind, named and typed like those of the table `tag_values`, so that the two are compared and
counted as they are. A document would be no use for either: a double tells 3 from 3.0 no longer, each engine writes
numbers and texts in its own way, and the text of a time has no exact form in an engine whose calendar is shorter.

| type of the tag | columns |
|---|---|
| STRING | text |
| NUMBER | number |
| BOOLEAN | flag |
| TIME | instant of an event's time; text of a property |
| LIST | some of texts, numbers, flags, equally long: each element stands in one of them, with null in the others |

TRICKY: a new kind, or another meaning, changes both; `tests/property/query/test_tag_agreement.py` compares them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import assert_never
from zoneinfo import ZoneInfo

from analytics.query.conditions import Asked, literals
from analytics.query.days import day_expression
from analytics.query.expressions import (
    FALSE,
    Table,
    Value,
    all_of,
    at_least,
    at_most,
    first_of,
    nothing,
    number,
    or_else,
    record,
    value_or_null,
)
from analytics.query.gathering import Gathering
from analytics.query.leaves import measured, of_nothing, passing, times_of
from analytics.query.population import NOTHING, Found, part_of
from analytics.query.preferences import preferred
from analytics.query.ranking import rfm, shared
from analytics.query.sources import Tables
from analytics.store.spread import Kind
from base.clock import MAX_MS, MIN_MS
from rules.days import day_of
from rules.limits import MAX_TEXT_LENGTH
from rules.tags.definition import (
    Branch,
    Condition,
    Definition,
    FirstLast,
    Imported,
    Layer,
    Lifecycle,
    Manual,
    Preference,
    Rfm,
    Sql,
    Statistical,
    Take,
    Which,
)
from rules.tree import EventLeaf
from rules.type_problems import ValueType

_OF_TYPE: Mapping[ValueType | None, Kind] = {
    ValueType.STRING: Kind.TEXT,
    ValueType.TIME: Kind.TEXT,
    ValueType.NUMBER: Kind.NUMBER,
    ValueType.BOOLEAN: Kind.FLAG,
}


def tag_values_query(
    definition: Definition, tables: Tables, now_ms: int, zone: ZoneInfo, found: Found = NOTHING
) -> Table:
    """The value that a checked tag has at an instant: customer, then the columns of its kind, never null all.

    Total: a name, path or kind of value that has no column has no values.

    Args:
        found: what `prepare` gave for the very rules of the branches; not needed where they have no sequences.

    Raises:
        ValueError: its kind is not computed by rules.
    """
    gathering = Gathering(tables, Asked(now_ms, zone, tables.engine))
    match definition:
        case Condition(branches) | Lifecycle(branches):
            return _first_branch(branches, gathering, found)
        case Statistical(events, layers, shares):
            numbers = numbers_query(events, gathering)
            if shares:
                named = shared(numbers, shares, gathering)
                return with_value(named, {Kind.TEXT: named.text})
            return _layered(numbers, layers, gathering) if layers else numbers
        case Rfm():
            named = rfm(definition, gathering)
            return _nobody(Kind.TEXT, gathering) if named is None else with_value(named, {Kind.TEXT: named.text})
        case Preference():
            return preferred(definition, gathering)
        case FirstLast():
            return _first_last(definition, gathering)
        case Manual() | Imported() | Sql():
            raise ValueError("nobody computes it by rules")
        case _:
            assert_never(definition)


def numbers_query(events: EventLeaf, gathering: Gathering) -> Table:
    """What is measured of events, of everybody who has it: customer, number. Nothing else may be gathered."""
    measure, default = measured(events, gathering), of_nothing(events)
    key = None if measure is None or default is not None else measure.key
    customers = gathering.joined(frozenset() if key is None else frozenset({key}))
    if measure is None:
        value = number(0.0) if default is not None else nothing("float64")
    else:
        value = measure.value(customers).cast("float64")
    return with_value(customers, {Kind.NUMBER: value if default is None else or_else(value, number(default))})


def with_value(customers: Table, cells: Mapping[Kind, Value]) -> Table:
    """The customers who have a value, with it alone.

    TRICKY: the filter also ends the joins behind. Ibis would compute the value after whatever is joined next, by an
    outer join of rows that are not there.
    """
    ((kind, value),) = cells.items()
    valued = customers.select("customer", **{kind.value: value})
    return valued.filter(valued[kind.value].notnull())


def _first_branch(branches: Sequence[Branch], gathering: Gathering, found: Found) -> Table:
    """All branches are gathered together, so that they share the passes over the tables."""
    parts = [part_of(branch.rule, gathering, found) for branch in branches]
    customers = gathering.joined(frozenset.intersection(*(part.keys for part in parts)))
    kind, values = literals(tuple(branch.value for branch in branches), gathering.asked.engine)
    cases = [(part.answer(customers), value) for part, value in zip(parts, values, strict=True)]
    return with_value(customers, {kind: first_of(cases)})


def _layered(numbers: Table, layers: Sequence[Layer], gathering: Gathering) -> Table:
    def inside(layer: Layer) -> Value:
        ends = [] if layer.from_ is None else [numbers.number >= number(layer.from_)]
        return all_of(ends if layer.to is None else [*ends, numbers.number < number(layer.to)])

    cases = [(inside(layer), gathering.asked.engine.text(layer.value)) for layer in layers]
    return with_value(numbers, {Kind.TEXT: first_of(cases)})


def _first_last(definition: FirstLast, gathering: Gathering) -> Table:
    events, times = gathering.events(definition.events.name), times_of(definition.events.window, gathering)
    kind = _kind_taken(definition)
    if events is None:
        return _nobody(kind, gathering)
    passes = passing(definition.events.name, definition.events.where, events.rows, gathering)
    first, rows = definition.which is Which.FIRST, events.rows
    if definition.take is Take.PROPERTY:
        cells = gathering.tables.property(rows, definition.events.name, definition.property or "")
        if kind not in cells or (definition.property_type is ValueType.TIME and Kind.INSTANT not in cells):
            return _nobody(kind, gathering)
        taken, engine = _taken(definition, kind, cells, gathering), gathering.asked.engine
        order = record(at=rows.at, id=rows.id)
        column = events.gather(passes, lambda where: engine.picked(taken, order, where, first), times)
        customers = gathering.joined(frozenset({events.key}))
        return with_value(customers, {kind: customers[column]})
    column = events.gather(passes, lambda where: rows.at.min(where=where) if first else rows.at.max(where=where), times)
    customers = gathering.joined(frozenset({events.key}))
    at_ms = customers[column]
    if definition.take is Take.TIME:
        return with_value(customers, {kind: at_most(at_least(at_ms, MIN_MS), MAX_MS)})
    asked = gathering.asked
    days = day_of(asked.now_ms, asked.zone) - day_expression(at_ms, times.first_ms, times.last_ms, asked.zone)
    return with_value(customers, {kind: days.cast("float64")})


def _kind_taken(definition: FirstLast) -> Kind:
    if definition.take is Take.TIME:
        return Kind.INSTANT
    return Kind.NUMBER if definition.take is Take.DAYS_SINCE else _OF_TYPE[definition.property_type]


def _taken(definition: FirstLast, kind: Kind, cells: Mapping[Kind, Value], gathering: Gathering) -> Value:
    if kind is not Kind.TEXT:
        return cells[kind]
    fits = gathering.asked.engine.length(cells[kind]) <= MAX_TEXT_LENGTH
    if definition.property_type is ValueType.TIME:
        fits = fits & cells[Kind.INSTANT].notnull()
    return value_or_null(fits, cells[kind])


def _nobody(kind: Kind, gathering: Gathering) -> Table:
    customers = gathering.tables.customers()
    types = {Kind.TEXT: "string", Kind.NUMBER: "float64", Kind.FLAG: "boolean", Kind.INSTANT: "int64"}
    return customers.filter(FALSE).select("customer", **{kind.value: nothing(types[kind])})
