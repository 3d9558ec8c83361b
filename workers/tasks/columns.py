"""Builds by the answer of the columnar store: only whom it tells apart from what is stored is evaluated on the graph.

The store answers with everything that was committed before it was asked; what comes later is evaluated live, by the
rules that are being built. So whoever is not told apart needs nothing, and a page finds nothing to do for whom live
evaluation has met meanwhile. Before a page is written, the answer serves whoever counts or lists.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import suppress
from typing import Final

import msgspec

from base import logs
from base.ahead import ahead, at_once
from base.errors import BadInput, Unavailable
from base.pages import pages
from graph.repositories.segment_build import BuildResult, BuildState
from rules.needs import needs
from rules.parser import parse_rule
from workers.live.builder import PAGE_CUSTOMERS, Progress, Superseded
from workers.projection.client import Built, ResultGone
from workers.tasks.services import TaskServices

# How often a build begins again whose result had to make room.
TRIES: Final = 5
# Ids of one question.
PAGE_IDS: Final = 10_000
# Pages that are evaluated at once: while one waits for Neo4j, the other is worked out.
BUILDERS: Final = 2

_log = logs.get_logger()


async def build_segment_from_columns(services: TaskServices, state: BuildState, progress: Progress) -> bool:
    """Build a segment; False where the store has no answer, so that everybody has to be evaluated.

    Raises:
        Superseded: the version is no longer the current one.
        Unavailable: Neo4j or Redis went away.
    """
    if needs(parse_rule(msgspec.json.decode(state.document))).lists:
        # The store knows who is in a segment, not who is on its list.
        return False
    for _ in range(TRIES):
        try:
            built = await services.columns.begin_build(state.key, state.document.encode())
        except (Unavailable, BadInput) as fault:
            _log.info("built_without_columns", segment=state.key, version=state.version, reason=fault.message)
            return False
        result = BuildResult(built.name, built.count, built.as_of_ms)
        if not await services.builds.set_result(state.key, state.version, result):
            raise Superseded(state.key)
        try:
            await _bring_to_graph(services, state, built, progress)
        except ResultGone:
            continue
        finally:
            with suppress(Unavailable):
                await services.columns.end_build(built.name)
        return True
    return False


async def _bring_to_graph(services: TaskServices, state: BuildState, built: Built, progress: Progress) -> None:
    done = 0

    async def build(found: AsyncIterator[Sequence[str]]) -> None:
        nonlocal done
        async for page in found:
            await services.builder.build_page(state.key, state.version, page)
            done += len(page)
            await progress(done / built.differing, "")

    async with ahead(_pages(services, built)) as found:
        await at_once(build(found) for _ in range(BUILDERS))


async def _pages(services: TaskServices, built: Built) -> AsyncGenerator[Sequence[str], None]:
    asked = 0
    while asked < built.differing:
        ids = await services.columns.page_build(built.name, asked, PAGE_IDS)
        if not ids:
            raise ResultGone
        for page in pages(ids, PAGE_CUSTOMERS):
            yield page
        asked += len(ids)
