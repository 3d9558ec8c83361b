"""Keeps the columnar store up with the graph, a batch after the other; several batches a second under load."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from analytics.engines.port import Store
from base import clock, metrics
from graph.repositories.change import StoredChange
from graph.repositories.projection import Note, ProjectionRepository
from workers.projection.reading import ProjectionReader

# One batch: what some hundred small transactions, or a few large ones, have touched; about a second's work.
PAGE_NOTES: Final = 300
PAGE_NAMES: Final = 10_000
PAGE_CHANGES: Final = 20_000


class Lost(Exception):
    """The store cannot follow: what it would need is kept no longer, or the graph is another. Build it anew."""


class Follower:
    """Follows the notes of what was touched, and the log of changes.

    Args:
        store: has one follower.
    """

    def __init__(self, store: Store, repository: ProjectionRepository, reader: ProjectionReader):
        self._store = store
        self._repository = repository
        self._reader = reader
        self._position = store.position

    @property
    def as_of_ms(self) -> int:
        """Everything that was committed up to this instant is in the store."""
        return self._position.as_of_ms

    async def step(self) -> bool:
        """Follow one batch; whether there may be more.

        Raises:
            Lost: build the store anew.
            Unavailable: Neo4j is away.
        """
        before = self._position
        asked_ms = clock.now_ms()
        cut = await self._repository.get_cut()
        if (cut.touched, cut.changes) == (before.touched, before.changes):
            self._position = replace(before, as_of_ms=asked_ms)
            return False
        cut = await self._repository.take_cut(asked_ms)
        found = await self._repository.list_touched(before.touched, cut.touched, PAGE_NOTES)
        _check("notes", before.touched, cut.touched, found)
        changes = await self._repository.list_changes(before.changes, cut.changes, PAGE_CHANGES)
        _check("changes", before.changes, cut.changes, changes)
        notes = _few(_ripe(found, changes[-1].position if changes else before.changes))
        after = replace(
            before,
            touched=notes[-1].position if notes else before.touched,
            changes=changes[-1].position if changes else before.changes,
        )
        caught_up = (after.touched, after.changes) == (cut.touched, cut.changes)
        if caught_up:
            after = replace(after, as_of_ms=asked_ms)
        started_s = time.perf_counter()
        doubtful = bool(notes) and notes[0].position <= before.doubtful_until
        batch = await self._reader.touched(
            notes,
            changes,
            doubtful=doubtful,
            doubtful_changes=bool(changes) and changes[0].position <= before.doubtful_changes_until,
        )
        if batch.rehung:
            # Events that were created since hang there already, and a later note names them again.
            now = await self._repository.take_cut(clock.now_ms())
            after = replace(after, doubtful_until=max(after.doubtful_until, now.touched))
        await asyncio.to_thread(self._store.apply, batch, after)
        # It counts from here on, whatever becomes of the notes: events of a batch are not to be added twice.
        self._position = after
        metrics.COLUMNS_BATCH_SECONDS.observe(time.perf_counter() - started_s)
        if notes:
            await self._repository.delete_until(after.touched, PAGE_NOTES)
        return not caught_up


def _ripe(notes: Sequence[Note], position: int) -> Sequence[Note]:
    """The notes before the first that forgets changes which are not all there yet."""
    for number, note in enumerate(notes):
        if (note.cleared or note.dropped) and note.changes > position:
            return notes[:number]
    return notes


def _few(notes: Sequence[Note]) -> Sequence[Note]:
    """The first notes, at least one, that together name no more than a page."""
    names = 0
    for number, note in enumerate(notes):
        names += len(note.events) + len(note.customers) + len(note.owned) + len(note.hung) + len(note.moved)
        if names > PAGE_NAMES and number:
            return notes[:number]
    return notes


def _check(what: str, position: int, until: int, found: Sequence[Note] | Sequence[StoredChange]) -> None:
    """See that what was found follows the position without a hole."""
    if position > until:
        raise Lost(f"the graph is another, or older than the store: {what} end with {until}, not {position}")
    if position < until and (not found or found[0].position != position + 1):
        kept = f"from {found[0].position} on" if found else "no more"
        raise Lost(f"of the {what} behind {position}, up to {until}, are kept {kept}")
