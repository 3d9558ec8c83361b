"""Which new names the registry takes while it has room. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from graph.repositories.registry import Sizes
from rules.names import Names

# What a company names by hand stays far below; above it somebody uses data as names, and a dictionary of them helps
# nobody. An event's properties are more than one call may have at its top.
MAX_ATTRIBUTES = 2_000
MAX_EVENTS = 1_000
MAX_PROPERTIES_OF_AN_EVENT = 500
MAX_PROPERTIES = 20_000


def with_room(new: Names, events: frozenset[str], sizes: Sizes, of_events: Mapping[str, int]) -> Names:
    """Those of the new names that find room, the first by name; properties only of events that are listed.

    Args:
        events: those that the registry has.
        sizes: how many names it has.
        of_events: how many properties an event has; those without any may be missing.
    """
    attributes = sorted(new.attributes)[: max(0, MAX_ATTRIBUTES - sizes.attributes)]
    listed = sorted(new.events)[: max(0, MAX_EVENTS - sizes.events)]
    properties: list[tuple[str, str]] = []
    counts = Counter(of_events)
    for event, name in sorted(new.properties):
        if sizes.properties + len(properties) >= MAX_PROPERTIES:
            break
        if (event in events or event in listed) and counts[event] < MAX_PROPERTIES_OF_AN_EVENT:
            counts[event] += 1
            properties.append((event, name))
    return Names(frozenset(attributes), frozenset(listed), frozenset(properties))
