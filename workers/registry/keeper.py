"""Keeps the registry of names for one ingest worker: what it saw goes to the graph, what people said comes from it.

Off the transaction of a micro-batch: sums are added every few seconds, so a worker that dies loses some of a volume. A
name is never lost: one that this process has not brought to the graph yet is brought there before the entries that hold
it are acknowledged.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Sequence

from base import metrics
from graph.client import GraphClient, Transaction
from graph.repositories import registry as repository
from graph.repositories.registry import OnConflict, RegistryRepository, SightingRows, Sizes, StrictName
from ingest.strictness import Strict, Strictness
from rules.names import Names
from workers.applier.batch import PreparedCall
from workers.registry.room import with_room
from workers.registry.sightings import Sightings, attribute_rows, event_rows, property_rows


class RegistryKeeper:
    """One an ingest worker."""

    def __init__(self, graph: GraphClient):
        self._graph = graph
        self._registry = RegistryRepository(graph)
        self._waiting = Sightings()
        # What a flush took and could not write.
        self._taken: Sightings | None = None
        self._flushing = asyncio.Lock()
        # Names that are in the graph for certain.
        self._known = Names()
        # While the registry refuses names, each batch may bring others; they wait for the next flush like all else.
        self._is_full = False
        self._version = 0
        self._strictness: Strictness | None = None

    def note(self, fresh: Iterable[PreparedCall], repeats: Iterable[PreparedCall]) -> None:
        """What calls held that took effect now, and that had taken effect before."""
        for prepared in fresh:
            self._waiting.add(prepared.call)
        for prepared in repeats:
            self._waiting.add(prepared.call, times=0)

    def has_news(self) -> bool:
        """Whether names wait that may be new to the graph."""
        if self._is_full:
            return False
        waiting = self._waiting.names()
        if self._taken is not None:
            waiting |= self._taken.names()
        return bool(waiting - self._known)

    async def flush(self) -> None:
        """Add what was seen to the graph.

        Raises:
            Unavailable: it is kept, and added by the next flush.
        """
        async with self._flushing:
            if self._taken is not None:
                await self._write(self._taken)
            self._taken, self._waiting = self._waiting, Sightings()
            await self._write(self._taken)
            self._taken = None

    async def refresh(self) -> Strictness:
        """What people said of types, as the graph has it now.

        Raises:
            Unavailable: what was known stands.
        """
        # Read before the names: who changes one between the two is found next time.
        version, _ = await self._registry.get_state()
        if self._strictness is None or version != self._version:
            self._strictness, self._version = strictness_of(await self._registry.list_strict()), version
        return self._strictness

    async def _write(self, seen: Sightings) -> None:
        wanted = seen.names()
        if not wanted and not seen.unlisted:
            return

        async def work(tx: Transaction) -> Names:
            sizes = await repository.lock(tx)
            unknown = wanted - self._known
            found, new = await _look_up(tx, unknown, sizes) if unknown else (Names(), Names())
            listed = wanted & (self._known | found | new)
            await repository.merge_sightings(tx, _rows(seen, listed, new, _unlisted(seen, wanted - listed)))
            return listed

        listed = await self._graph.write("merge_sightings", work)
        self._known |= listed
        self._is_full = listed != wanted
        metrics.UNLISTED.inc(_unlisted(seen, wanted - listed))


async def _look_up(tx: Transaction, unknown: Names, sizes: Sizes) -> tuple[Names, Names]:
    """Which of these names the registry has, and which it takes of the others."""
    events = sorted({event for event, _ in unknown.properties})
    found = (await repository.get_named(tx, unknown | Names(events=frozenset(events)))).names()
    new = unknown - found
    return found, with_room(new, found.events, sizes, await repository.count_properties(tx, events))


def _rows(seen: Sightings, listed: Names, new: Names, unlisted: int) -> SightingRows:
    return SightingRows(
        attribute_rows(seen.attributes, listed.attributes),
        event_rows(seen.events, listed.events, Counter(event for event, _ in new.properties)),
        property_rows(seen.properties, listed.properties),
        len(new.attributes),
        len(new.events),
        len(new.properties),
        unlisted,
    )


def _unlisted(seen: Sightings, refused: Names) -> int:
    """Values under names that were refused here or in memory."""
    return (
        seen.unlisted
        + sum(sum(seen.attributes[name].counts) for name in refused.attributes)
        + sum(sum(seen.events[name].counts) for name in refused.events)
        + sum(sum(seen.properties[key].counts) for key in refused.properties)
    )


def strictness_of(names: Sequence[StrictName]) -> Strictness:
    """What becomes of values, from the names that do not take every one."""
    attributes: dict[str, Strict] = {}
    properties: dict[str, dict[str, Strict]] = {}
    for one in names:
        into = attributes if one.event is None else properties.setdefault(one.event, {})
        into[one.name] = Strict(one.type, one.on_conflict is OnConflict.COERCE)
    return Strictness(attributes, properties)
