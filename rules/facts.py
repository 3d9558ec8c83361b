"""What is known of one customer, in the shape that rules read."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from rules.tree import Scalar


@dataclass(slots=True)
class EventHistory:
    """One event name's occurrences: parallel sequences, sorted by (time, id).

    Without ids it takes a fifth of the memory: for those who only ask whether a rule holds, and add no event twice.
    Events of one instant are then in any order.
    """

    at_ms: array[int] = field(default_factory=lambda: array("q"))
    ids: list[str] | None = field(default_factory=list)
    properties: list[Mapping[str, object]] = field(default_factory=list)

    @classmethod
    def of(cls, events: Iterable[tuple[int, str, Mapping[str, object]]]) -> EventHistory:
        """A history of (time, id, properties) in any order; an event given twice is kept once."""
        history = cls()
        for at_ms, event_id, properties in sorted(events, key=lambda event: (event[0], event[1])):
            history.insert(at_ms, event_id, properties)
        return history

    def insert(self, at_ms: int, event_id: str, properties: Mapping[str, object]) -> bool:
        """Puts an event in its place, cheapest at the end; False when it is there already, which ids tell."""
        times = self.at_ms
        if not times or at_ms > times[-1]:
            place = len(times)
        else:
            place = bisect_right(times, at_ms)
            if self.ids is not None:
                end = place
                place = bisect_left(self.ids, event_id, bisect_left(times, at_ms), end)
                if place < end and self.ids[place] == event_id:
                    return False
        times.insert(place, at_ms)
        if self.ids is not None:
            self.ids.insert(place, event_id)
        self.properties.insert(place, properties)
        return True

    def take_over(self, other: EventHistory) -> None:
        """Puts all events of another history in their places, in one pass: both with ids or neither, none twice."""
        times = [*self.at_ms, *other.at_ms]
        properties = [*self.properties, *other.properties]
        if self.ids is None or other.ids is None:
            order = sorted(range(len(times)), key=times.__getitem__)
        else:
            ids = [*self.ids, *other.ids]
            order = sorted(range(len(times)), key=lambda place: (times[place], ids[place]))
            self.ids = [ids[place] for place in order]
        self.at_ms = array("q", [times[place] for place in order])
        self.properties = [properties[place] for place in order]

    def __len__(self) -> int:
        return len(self.at_ms)


class Given(NamedTuple):
    """An imported value of a tag, with its place in the order of imports: round, then row. The greatest counts."""

    round: int
    row: int
    value: Scalar | list[Scalar]


@dataclass(slots=True)
class Facts:
    """One customer's facts: attribute values, events by name, keys of the segments the customer is in, tags' values,
    keys of segments that have one of the customer's identifiers on their imported list, and the newest value of each
    tag that was imported for one of the identifiers.

    Values are decoded JSON. A missing key and a null are the same: no value. Times are ISO 8601 texts.
    """

    attributes: Mapping[str, object] = field(default_factory=dict)
    events: Mapping[str, EventHistory] = field(default_factory=dict)
    segments: Collection[str] = frozenset()
    tags: Mapping[str, object] = field(default_factory=dict)
    lists: Collection[str] = frozenset()
    given: Mapping[str, Given] = field(default_factory=dict)


NO_EVENTS = EventHistory()
