"""What a rule reads of everybody, while its conditions are gone through."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

from analytics.query.conditions import Asked
from analytics.query.days import day_expression, last_birthday_ms
from analytics.query.expressions import Condition, Table, or_else
from analytics.query.passes import Pass
from analytics.query.sources import Cells, Tables
from analytics.store.spread import Kind

# The customers with what was gathered of them beside → who is meant; null is false.
Answer: TypeAlias = Callable[[Table], Condition]


@dataclass(frozen=True, slots=True)
class Part:
    """A rule, or a part of one.

    Attributes:
        keys: of what is gathered; whoever has no row in one of them is not meant.
    """

    answer: Answer
    keys: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Joined:
    """A value that is read from a table beside the customers; `cells` finds it after the join."""

    key: str
    cells: Callable[[Table], Cells]


@dataclass(slots=True)
class Gathering:
    """Tables to join to the customers, each with the customer's column under a name of its own, its key.

    Attributes:
        few: a table of customers, without any of whom nobody is meant; None: it may be anybody.
    """

    tables: Tables
    asked: Asked
    few: Table | None = None
    _passes: dict[str, Pass] = field(default_factory=dict)
    _others: dict[str, Table] = field(default_factory=dict)

    def events(self, name: str) -> Pass | None:
        """The pass over the events of a name; None when there never was one."""
        label = f"event {name}"
        if label not in self._passes:
            rows = self.tables.events(name, self.few)
            if rows is None:
                return None
            self._passes[label] = Pass(f"events{len(self._passes)}", rows)
        return self._passes[label]

    def members(self) -> Pass:
        """The pass over the memberships."""
        return self._passes.setdefault("members", Pass("members", self.tables.members()))

    def tag(self, tag: str) -> Joined:
        """The value of a tag."""
        rows, cells = self._tag(tag)
        return self._join(rows, cells)

    def day_of_tag(self, tag: str) -> Joined:
        """The day that a tag's value names."""
        return self._day(*self._tag(tag))

    def day_of_attribute(self, name: str) -> Joined | None:
        """The day that an attribute's value names; None where there never was one."""
        rows = self.tables.customers()
        cells = self.tables.attribute(rows, name)
        return self._day(rows, cells) if Kind.INSTANT in cells else None

    def add(self, customers: Table) -> str:
        """The key of a table of customers, each once."""
        return self._join(customers, {}).key

    def joined(self, keys: frozenset[str]) -> Table:
        """The customers with all that was gathered beside them; only those who have a row in the tables of `keys`."""
        tables = {**{each.key: each.table() for each in self._passes.values()}, **self._others}
        joined = self.tables.customers()
        for key, table in sorted(tables.items(), key=lambda pair: pair[0] not in keys):
            join = joined.inner_join if key in keys else joined.left_join
            joined = join(table, joined.customer == table[key])
        return joined

    def _tag(self, tag: str) -> tuple[Table, Cells]:
        values = self.tables.tag_values()
        rows = values.filter(values.tag == self.asked.engine.text(tag))
        return rows, {kind: rows[kind.value] for kind in Kind}

    def _day(self, rows: Table, cells: Cells) -> Joined:
        """In a table of its own: an expression as long as a zone's history is written once there, not at every use."""
        last_ms = last_birthday_ms(self.asked.now_ms, self.asked.zone)
        at_ms = cells[Kind.INSTANT]
        day = day_expression(at_ms, None, last_ms, self.asked.zone)
        named = or_else(cells[Kind.DAY], day) if Kind.DAY in cells else day
        return self._join(rows.filter(at_ms <= last_ms), {Kind.DAY: named})

    def _join(self, rows: Table, cells: Cells) -> Joined:
        key = f"beside{len(self._others)}"
        columns = {kind: f"{key}_{kind.value}" for kind in cells}
        self._others[key] = rows.select(
            rows.customer.name(key), **{columns[kind]: cell for kind, cell in cells.items()}
        )
        return Joined(key, lambda customers: {kind: customers[column] for kind, column in columns.items()})
