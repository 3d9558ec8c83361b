"""What a transaction changes that is read again for the columnar store.

A transaction that changes any of it leaves one node that names it, in the order of commits: whoever follows these nodes
and reads what they name, as it is then, misses nothing. Statements that write it say so to `Transaction.touched`.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Touched:
    """Names of what has changed.

    Args:
        events: ids of events that were created.
        customers: ids whose attributes have changed, or that exist now or no longer.
        owned: uids of identifiers that others have now, or at other times.
        hung: uids of identifiers whose events are others: some were hung elsewhere, taken back or deleted.
    """

    events: list[str] = field(default_factory=list)
    customers: set[str] = field(default_factory=set)
    owned: set[str] = field(default_factory=set)
    hung: set[str] = field(default_factory=set)

    def take(self) -> list[dict[str, list[str]]]:
        """The row of the node to write, or none when there is nothing; what was taken is forgotten."""
        if not (self.events or self.customers or self.owned or self.hung):
            return []
        row = {
            "events": self.events,
            "customers": sorted(self.customers),
            "owned": sorted(self.owned),
            "hung": sorted(self.hung),
        }
        self.events, self.customers, self.owned, self.hung = [], set(), set(), set()
        return [row]
