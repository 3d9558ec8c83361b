"""What a transaction changes that is read again for the columnar store.

A transaction that changes any of it leaves one node that names it, in the order of commits: whoever follows these nodes
and reads what they name, as it is then, misses nothing. Statements that write it say so to `Transaction.touched`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

_SETS: Final = ("customers", "owned", "hung", "moved", "cleared", "dropped")


@dataclass(slots=True)
class Touched:
    """Names of what has changed.

    Args:
        events: ids of events that were created.
        customers: ids whose attributes have changed, or that exist now or no longer.
        owned: uids of identifiers that others have now, or at other times.
        hung: uids of identifiers whose events are others: some were hung elsewhere, taken back or deleted.
        moved: ids of customers whose moves between stages are others.
        cleared: ids of customers of whom nothing is left.
        dropped: keys of segments that are gone, with their history.
    """

    events: list[str] = field(default_factory=list)
    customers: set[str] = field(default_factory=set)
    owned: set[str] = field(default_factory=set)
    hung: set[str] = field(default_factory=set)
    moved: set[str] = field(default_factory=set)
    cleared: set[str] = field(default_factory=set)
    dropped: set[str] = field(default_factory=set)

    def take(self) -> list[dict[str, list[str]]]:
        """The row of the node to write, or none when there is nothing; what was taken is forgotten."""
        sets = (self.customers, self.owned, self.hung, self.moved, self.cleared, self.dropped)
        if not (self.events or any(sets)):
            return []
        row = {"events": self.events, **{name: sorted(names) for name, names in zip(_SETS, sets, strict=True)}}
        self.events = []
        for name in _SETS:
            setattr(self, name, set())
        return [row]
