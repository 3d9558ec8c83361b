"""Builds the columnar store anew, from everything that the graph holds, while the graph goes on changing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from analytics.engines.port import Store
from analytics.store.batch import Batch, Position
from base import clock
from graph.client import GraphClient
from graph.repositories.projection import ProjectionRepository
from graph.repositories.system import count_sizes
from workers.projection.reading import PAGE_CUSTOMERS, ProjectionReader

# Told how much is done, 0 to 1.
Progress = Callable[[float], None]

# With all their events in one record: some megabytes where each has done ten things.
PAGE_IDENTIFIERS: Final = 500


async def rebuild(graph: GraphClient, reader: ProjectionReader, store: Store, progress: Progress) -> None:
    """Fill a new store. What changes meanwhile is named by notes that its follower reads next.

    Raises:
        Unavailable: Neo4j went away; begin again with a new store.
    """
    repository = ProjectionRepository(graph)
    start = await repository.take_cut(clock.now_ms())
    sizes = await count_sizes(graph)
    total, done = max(1, sizes["Customer"] + sizes["Identifier"]), 0
    after = ""
    while page := await repository.page_everybody(after, PAGE_CUSTOMERS):
        after = page[-1]
        people, tags = await reader.customers(page)
        batch = Batch(
            customers=people,
            tags=tags,
            members=await reader.members(page),
            moves=await reader.moves(page),
            changes=await reader.changes(page),
        )
        await _add(store, batch)
        done += len(page)
        progress(min(1.0, done / total))
    after = ""
    while page := await repository.page_identifiers(after, PAGE_IDENTIFIERS):
        after = page[-1]
        await _add(store, Batch(owners=await reader.owners(page), events=await reader.hanging(page)))
        done += len(page)
        progress(min(1.0, done / total))
    end = await repository.take_cut(clock.now_ms())
    position = Position(
        start.changes, start.touched, doubtful_until=end.touched, doubtful_changes_until=end.changes, built=True
    )
    await asyncio.to_thread(store.apply, Batch(), position)
    await asyncio.to_thread(store.checkpoint)
    progress(1.0)


async def _add(store: Store, batch: Batch) -> None:
    await asyncio.to_thread(store.apply, batch, Position(), fresh=True)
