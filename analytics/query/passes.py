"""One pass over each table that a rule reads, whatever the number of its conditions on it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

from analytics.query.expressions import Condition, Table, Value, all_of, any_of

# The mask of the rows that count → an aggregate of them; None: all rows count.
Aggregate: TypeAlias = Callable[[Condition | None], Value]


@dataclass(frozen=True, slots=True)
class Times:
    """The times (ms) of the events that count, both included; `first_ms` None is no bound."""

    first_ms: int | None
    last_ms: int

    def hold(self, at_ms: Value) -> Condition:
        """Whether a time is one of them."""
        until = at_ms <= self.last_ms
        return until if self.first_ms is None else (at_ms >= self.first_ms) & until


@dataclass(slots=True)
class Pass:
    """What is gathered of each customer in one pass over the rows of a table.

    Attributes:
        key: the name of the customer's column in what is gathered.
    """

    key: str
    rows: Table
    _aggregates: dict[str, tuple[Condition, Aggregate]] = field(default_factory=dict)
    _times: list[Times] = field(default_factory=list)

    def gather(self, mask: Condition, aggregate: Aggregate, times: Times | None = None) -> str:
        """The name of the column that will hold an aggregate of the rows of a mask; null where there are none.

        Args:
            times: for events, those that count beside the mask.
        """
        if times is not None:
            self._times.append(times)
            mask = times.hold(self.rows.at) & mask
        name = f"{self.key}_{len(self._aggregates)}"
        self._aggregates[name] = mask, aggregate
        return name

    def table(self) -> Table:
        """One row for each customer with a row that counts: the key, then the aggregates."""
        alone = len(self._aggregates) == 1
        aggregates = {
            name: aggregate(None if alone else mask).name(name) for name, (mask, aggregate) in self._aggregates.items()
        }
        counted = self.rows.filter(all_of([*self._hull(), any_of([mask for mask, _ in self._aggregates.values()])]))
        return counted.group_by(counted.customer.name(self.key)).aggregate(**aggregates)

    def _hull(self) -> list[Condition]:
        """Of several windows the times from the first to the last, by which an engine passes over whole blocks."""
        if len(self._times) < 2:
            return []
        firsts = [times.first_ms for times in self._times if times.first_ms is not None]
        first_ms = min(firsts) if len(firsts) == len(self._times) else None
        return [Times(first_ms, max(times.last_ms for times in self._times)).hold(self.rows.at)]
