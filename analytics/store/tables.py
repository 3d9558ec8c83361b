"""The tables of the columnar store and which columns they have. Pure.

| table | a row is | columns |
|---|---|---|
| customers | a living customer | customer (number), id, created_at (ms), then those of the attributes |
| owners | an identifier that one customer has had all the time | identifier (number), customer |
| stretches | a time in which a customer had another identifier | identifier, from_ms, to_ms (excluded), customer |
| event tables, one a name | an event | identifier, at (ms), id, then those of the properties |
| members | a customer in a segment | customer, segment (key), since (ms) |
| tag_values | a customer's value of a tag | customer, tag (key), since (ms), then one a kind, named like it |
| moves | a move between stages of a life cycle | customer, tag (key), at (ms), before, stage, reason, version |
| changes | somebody entered or left | customer, segment, sequence, entered, at (ms), version, cause, position |

Events hang on identifiers, so that a merge or a split moves rows of `owners` and `stretches`, and no event. An
identifier is in one of the two or, when nobody has it, in neither.

Moves and changes stay under the number that a customer had then, whoever was merged since. The cause is that of
leaving, as the graph keeps it, and null for entering; the position is that in the log of changes, 0 where the row was
read from the graph.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from analytics.store.spread import Kind

CUSTOMERS: Final = "customers"
OWNERS: Final = "owners"
STRETCHES: Final = "stretches"
MEMBERS: Final = "members"
TAG_VALUES: Final = "tag_values"
MOVES: Final = "moves"
CHANGES: Final = "changes"
EVENT_TABLES: Final = "event_tables"

# Path → kind → name of the column. What has never had a value is missing.
Columns: TypeAlias = Mapping[str, Mapping[Kind, str]]


@dataclass(frozen=True, slots=True)
class EventTable:
    """Where the events of one name are."""

    table: str
    columns: Columns


@dataclass(frozen=True, slots=True)
class Layout:
    """Which columns there are at the moment.

    Attributes:
        attributes: columns of `customers`.
        events: by the event's name; a name that no event had is missing.
        incomplete: tables with too many columns, and EVENT_TABLES where there are too many tables: what has no column
            or table there may yet have values.
    """

    attributes: Columns = field(default_factory=dict)
    events: Mapping[str, EventTable] = field(default_factory=dict)
    incomplete: frozenset[str] = frozenset()
