"""The tables that a rule reads, as Ibis tables that are found by name when the question is asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from analytics.query.expressions import DUCKDB, Condition, Engine, Table, Value, result_table, table, union_of
from analytics.store.spread import Kind, stored_text
from analytics.store.tables import CHANGES, CUSTOMERS, MEMBERS, MOVES, OWNERS, STRETCHES, TAG_VALUES, Columns, Layout

# What there is of a value, by kind; a kind that no value ever had is missing.
Cells: TypeAlias = Mapping[Kind, Value]

_TYPES: Final[Mapping[Kind, str]] = {
    Kind.TEXT: "string",
    Kind.FOLDED: "string",
    Kind.INSTANT: "int64",
    Kind.DAY: "int32",
    Kind.NUMBER: "float64",
    Kind.FLAG: "boolean",
    Kind.OTHER: "boolean",
    Kind.TEXTS: "array<string>",
    Kind.NUMBERS: "array<float64>",
    Kind.FLAGS: "array<boolean>",
}


@dataclass(frozen=True, slots=True)
class Building:
    """Results that count in the place of what is stored, since they are being brought to the graph.

    Attributes:
        segments: key → the result's table.
        tags: key → the result's table, and its columns.
    """

    segments: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, tuple[str, Sequence[str]]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Tables:
    """The tables of one layout on one engine. Without I/O."""

    layout: Layout
    engine: Engine = DUCKDB
    building: Building = Building()

    def customers(self) -> Table:
        """Everybody: customer, created_at (ms), then the columns of attributes."""
        # One column more than is asked for at least: a selection of all that are known here would be one of all.
        return table(CUSTOMERS, {"customer": "int64", "created_at": "int64", **_columns(self.layout.attributes)})

    def people(self) -> Table:
        """Everybody, with `id` and `created_at` (ms) beside the columns of `customers`."""
        own = {"customer": "int64", "id": "string", "created_at": "int64"}
        return table(CUSTOMERS, {**own, **_columns(self.layout.attributes)})

    def attribute(self, customers: Table, name: str) -> Cells:
        """An attribute in a table that has the columns of `customers`."""
        return _cells(customers, self.layout.attributes, name)

    def events(self, name: str, few: Table | None = None) -> Table | None:
        """The events of a name that are somebody's: customer, at, id, then the columns of properties.

        None: there never was an event of this name.

        Args:
            few: only those of these customers; so that engines look for them first.
        """
        event = self.layout.events.get(stored_text(name))
        if event is None:
            return None
        events = table(event.table, {"identifier": "int64", "at": "int64", "id": "string", **_columns(event.columns)})
        owners = table(OWNERS, {"identifier": "int64", "customer": "int64"})
        stretches = table(STRETCHES, {"identifier": "int64", "from_ms": "int64", "to_ms": "int64", "customer": "int64"})
        if few is not None:
            owners, stretches = owners.inner_join(few, "customer"), stretches.inner_join(few, "customer")
        for_ever = events.inner_join(owners, "identifier").drop("identifier")
        in_stretches = events.inner_join(stretches, _in_stretch(events, stretches)).drop(
            "identifier", "identifier_right", "from_ms", "to_ms"
        )
        return for_ever.union(in_stretches)

    def property(self, events: Table, event: str, name: str) -> Cells:
        """A property in a table that `events` gave."""
        return _cells(events, self.layout.events[stored_text(event)].columns, name)

    def members(self) -> Table:
        """Who is in which segment: customer, segment."""
        # All columns are named, so that what is united has as many on both sides.
        members = table(MEMBERS, {"customer": "int64", "segment": "string", "since": "int64"}).drop("since")
        built = self.building.segments
        if not built:
            return members
        found = [
            result_table(name, {"customer": "int64"}, self.engine).select("customer", segment=self.engine.text(key))
            for key, name in built.items()
        ]
        return union_of([members.filter(~members.segment.isin([self.engine.text(key) for key in built])), *found])

    def moves(self) -> Table:
        """Moves between stages of life cycles."""
        columns = {"tag": "string", "at": "int64", "before": "string", "stage": "string", "reason": "string"}
        return table(MOVES, columns)

    def changes(self) -> Table:
        """Who entered and left which segment when."""
        return table(CHANGES, {"segment": "string", "entered": "boolean", "at": "int64"})

    def tag_values(self) -> Table:
        """Who has which tags: customer, tag, then a column for each kind of value."""
        kinds = {kind.value: of for kind, of in _TYPES.items()}
        values = table(TAG_VALUES, {"customer": "int64", "tag": "string", "since": "int64", **kinds}).drop("since")
        built = self.building.tags
        if not built:
            return values
        found = [self._built_values(key, name, columns, kinds) for key, (name, columns) in built.items()]
        return union_of([values.filter(~values.tag.isin([self.engine.text(key) for key in built])), *found])

    def _built_values(self, key: str, name: str, columns: Sequence[str], kinds: Mapping[str, str]) -> Table:
        rows = result_table(name, {"customer": "int64", **{each: kinds[each] for each in columns}}, self.engine)
        return rows.select(
            "customer",
            tag=self.engine.text(key),
            **{kind: rows[kind] if kind in columns else self.engine.missing(of) for kind, of in kinds.items()},
        )


def _in_stretch(events: Table, stretches: Table) -> list[Condition]:
    return [
        events.identifier == stretches.identifier,
        events.at >= stretches.from_ms,
        events.at < stretches.to_ms,
    ]


def _columns(columns: Columns) -> dict[str, str]:
    return {name: _TYPES[kind] for by_kind in columns.values() for kind, name in by_kind.items()}


def _cells(rows: Table, columns: Columns, path: str) -> Cells:
    return {kind: rows[name] for kind, name in columns.get(stored_text(path), {}).items()}
