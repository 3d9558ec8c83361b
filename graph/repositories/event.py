"""Events of customers, and what became of calls."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from base.clock import MAX_MS, MIN_MS
from base.keys import EMPTY_DOCUMENT
from graph.client import GraphClient
from graph.personal import Field, PersonalData
from graph.queries import load

LIST_OF_CUSTOMERS = load("event/list_of_customers")
GET_APPLIED = load("event/get_applied")
LIST_SOURCES = load("event/list_sources")


# Later than any event can be: the end of a range that has none.
AFTER_ALL_MS = MAX_MS + 1


class EventRecord(msgspec.Struct, frozen=True, gc=False):
    """One event; `properties` is the stored JSON object, still encoded."""

    id: str
    name: str
    at_ms: int
    received_at_ms: int
    source: str
    properties: msgspec.Raw


class EventsAsked(msgspec.Struct, frozen=True):
    """A page of events: how many, of which names (None: all), from ≤ at < to, after which event."""

    count: int
    names: tuple[str, ...] | None = None
    from_ms: int = MIN_MS
    to_ms: int = AFTER_ALL_MS
    after_ms: int = AFTER_ALL_MS
    after_id: str = ""


def event_of(personal: PersonalData, row: Sequence[Any]) -> EventRecord:
    """The record behind one `[id, name, at, received_at, source, properties]` of a statement."""
    id_, name, at_ms, received_at_ms, source, properties = row
    document = personal.open(properties or EMPTY_DOCUMENT, Field.PROPERTIES, id_)
    return EventRecord(id_, name, at_ms, received_at_ms, source, msgspec.Raw(document.encode()))


class EventRepository:
    """Reads of events; every method is one statement."""

    def __init__(self, graph: GraphClient):
        self._graph = graph

    async def list_of_customers(self, ids: Sequence[str], asked: EventsAsked) -> dict[str, tuple[EventRecord, ...]]:
        """The same page of each customer's events, newest first, ties by id descending; by living customer."""
        rows = await self._graph.read(
            LIST_OF_CUSTOMERS,
            ids=list(ids),
            names=list(asked.names) if asked.names is not None else None,
            from_ms=asked.from_ms,
            to_ms=asked.to_ms,
            after_ms=asked.after_ms,
            after_id=asked.after_id,
            count=asked.count,
        )
        return {row["id"]: tuple(event_of(self._graph.personal, each) for each in row["events"]) for row in rows}

    async def find_applied(self, call_ids: Sequence[str]) -> dict[str, str | None]:
        """Call id → None when applied, else the reason why it is in the quarantine; unknown ids are missing."""
        rows = await self._graph.read(GET_APPLIED, ids=list(call_ids))
        return {row["id"]: row["reason"] for row in rows}

    async def list_sources(self) -> list[str]:
        """Keys of all sources, ascending."""
        return [row["key"] for row in await self._graph.read(LIST_SOURCES)]
