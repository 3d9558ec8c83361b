"""What live evaluation knows of a customer, and a bounded cache of it that the customer's version validates."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from base import metrics
from rules.facts import EventHistory, Facts, Given
from rules.tags.compiled import TagValue

# About 1 KB a customer, 200 bytes for each name of event that it has, 40 bytes an event: together below 250 MB where
# customers have twenty names.
MAX_CUSTOMERS = 30_000
MAX_EVENTS = 3_000_000


class StoredAttribute(msgspec.Struct, array_like=False):
    """A derived attribute: value, when it was observed (ms), and by which source."""

    v: Any
    at: int
    s: str


@dataclass(frozen=True, slots=True)
class Membership:
    """The newest interval in one segment: inside since `at`, or outside since `at` (ms)."""

    inside: bool
    at: int
    version: int
    sequence: int


class Mark(msgspec.Struct, frozen=True, array_like=True):
    """A label that somebody put on a customer.

    Args:
        by_way_of: ids of customers that had it and were merged away since, the first one first: when one of them
            comes back, it takes the label with it.
    """

    label: str
    author: str
    at_ms: int
    by_way_of: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Tagged:
    """The newest value of a tag, since `at` (ms); None: it has had none since then.

    Args:
        marks: behind a value that people put together.
    """

    value: TagValue | None
    at: int
    version: int
    marks: tuple[Mark, ...] = ()


@dataclass(slots=True)
class CustomerState:
    """One customer's facts, as of `version` of the customer and `catalogue` of the rules, for answers from `reach_ms`.

    `values`, `events`, `segments`, `lists`, `given` and `tag_values` are what `facts` shows to rules; change them in
    place only.
    """

    id: str
    version: int
    catalogue: int
    reach_ms: int
    attributes: dict[str, StoredAttribute] = field(default_factory=dict)
    values: dict[str, object] = field(default_factory=dict)
    events: dict[str, EventHistory] = field(default_factory=dict)
    memberships: dict[str, Membership] = field(default_factory=dict)
    segments: set[str] = field(default_factory=set)
    tagged: dict[str, Tagged] = field(default_factory=dict)
    tag_values: dict[str, object] = field(default_factory=dict)
    lists: set[str] = field(default_factory=set)
    given: dict[str, Given] = field(default_factory=dict)
    event_count: int = 0

    def facts(self) -> Facts:
        """The view that rules read; it follows later changes of this state."""
        return Facts(self.values, self.events, self.segments, self.tag_values, self.lists, self.given)

    def add_event(self, name: str, at_ms: int, properties: Mapping[str, object], event_id: str | None = None) -> None:
        """Put an event into its history; a second time, it counts twice.

        Args:
            event_id: where the catalogue says that the order at one instant matters.
        """
        history = self.events.get(name)
        if history is None:
            history = self.events[name] = EventHistory(ids=None if event_id is None else [])
        history.insert(at_ms, event_id or "", properties)
        self.event_count += 1

    def set_tag(self, key: str, tagged: Tagged) -> None:
        """Replace a tag's value, in its stored form and in the facts."""
        self.tagged[key] = tagged
        if tagged.value is None:
            self.tag_values.pop(key, None)
        else:
            self.tag_values[key] = tagged.value

    def give(self, tag: str, given: Given) -> None:
        """Let an imported value count unless a newer one is there."""
        known = self.given.get(tag)
        if known is None or (known.round, known.row) < (given.round, given.row):
            self.given[tag] = given

    def take_over(self, other: CustomerState) -> None:
        """Add the events, lists and imported values of a customer who turned out to be this one.

        `other` is not to be used any more.
        """
        for name, history in other.events.items():
            own = self.events.get(name)
            if own is None:
                self.events[name] = history
            else:
                own.take_over(history)
        self.lists |= other.lists
        for tag, given in other.given.items():
            self.give(tag, given)
        self.event_count += other.event_count
        self.reach_ms = max(self.reach_ms, other.reach_ms)

    def set_attribute(self, name: str, value: StoredAttribute) -> None:
        """Replace a derived attribute, in its stored form and in the facts."""
        self.attributes[name] = value
        self.values[name] = value.v

    def remove_attribute(self, name: str) -> None:
        """Forget a derived attribute, in its stored form and in the facts."""
        del self.attributes[name]
        del self.values[name]


class StateCache:
    """The most recently used customers' states; one a process.

    A transaction takes states out, changes them and puts them back after its commit: a rolled back change is never
    seen again.
    """

    def __init__(self, max_customers: int = MAX_CUSTOMERS, max_events: int = MAX_EVENTS):
        self._states: OrderedDict[str, CustomerState] = OrderedDict()
        self._max_customers = max_customers
        self._max_events = max_events
        self._events = 0

    def take(self, customer: str, version: int, catalogue: int, from_ms: int) -> CustomerState | None:
        """The state if it is of exactly this version of the customer and of the rules; it leaves the cache.

        Args:
            from_ms: it has to tell the answers at this instant and later.
        """
        state = self._states.pop(customer, None)
        if state is None:
            metrics.CACHE.labels("facts", "miss").inc()
            return None
        self._events -= state.event_count
        if state.version != version or state.catalogue != catalogue or state.reach_ms > from_ms:
            metrics.CACHE.labels("facts", "stale").inc()
            return None
        metrics.CACHE.labels("facts", "hit").inc()
        return state

    def drop(self, customers: Iterable[str]) -> None:
        """Forget customers."""
        for customer in customers:
            state = self._states.pop(customer, None)
            if state is not None:
                self._events -= state.event_count

    def put(self, states: Iterable[CustomerState]) -> None:
        """Keep committed states; the least recently used make room."""
        for state in states:
            self.drop([state.id])
            self._states[state.id] = state
            self._events += state.event_count
        while len(self._states) > self._max_customers or (self._events > self._max_events and self._states):
            _, oldest = self._states.popitem(last=False)
            self._events -= oldest.event_count

    def clear(self) -> None:
        """Forget everyone."""
        self._states.clear()
        self._events = 0

    def __len__(self) -> int:
        return len(self._states)
