"""Builds by the answer of the columnar store: only whom it tells apart from what is stored is evaluated on the graph.

The store answers with everything that was committed before it was asked; what comes later is evaluated live, by the
rules that are being built. So whoever is not told apart needs nothing, and a page finds nothing to do for whom live
evaluation has met meanwhile. Before a page is written, the answer serves whoever counts or lists.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Final, Protocol, TypeVar

import msgspec

from base import logs
from base.ahead import ahead, at_once
from base.errors import BadInput, Unavailable
from base.pages import pages
from graph.repositories.segment_build import BuildResult, BuildState
from rules.needs import needs, tag_name
from rules.parser import parse_rule
from rules.tags.compiled import TagValue
from rules.tags.definition import Imported, is_over_everybody, rule_of
from rules.tags.parser import parse_definition
from workers.live.builder import PAGE_CUSTOMERS, Progress, Superseded
from workers.projection.client import Built, ColumnStore, ResultGone
from workers.queue import NoAnswer
from workers.tasks.services import TaskServices

T = TypeVar("T")

# How often a build begins again whose result had to make room.
TRIES: Final = 5
# Ids of one question.
PAGE_IDS: Final = 10_000
# Pages that are evaluated at once: while one waits for Neo4j, the other is worked out.
BUILDERS: Final = 2

_log = logs.get_logger()


async def build_segment_from_columns(services: TaskServices, state: BuildState, progress: Progress) -> int | None:
    """Build a segment, and say as of when (ms); None where the store has no answer: everybody has to be evaluated.

    Raises:
        Superseded: the version is no longer the current one.
        Unavailable: Neo4j or Redis went away.
    """
    if needs(parse_rule(msgspec.json.decode(state.document))).lists:
        # The store knows who is in a segment, not who is on its list.
        return None
    columns, document = services.columns, state.document.encode()

    async def evaluate(page: Sequence[str]) -> None:
        await services.builder.build_page(state.key, state.version, page)

    async def bring(built: Built) -> None:
        await _bring_to_graph(columns, built, columns.page_build, evaluate, progress)

    return await _build(
        services, services.builds, state, lambda: columns.begin_build(state.key, document), bring, otherwise=True
    )


async def build_tag_from_columns(services: TaskServices, state: BuildState, progress: Progress) -> int | None:
    """Compute a tag, and say as of when (ms); None where the store has no answer: each customer has to be computed.

    Raises:
        Superseded: the version is no longer the current one.
        Unavailable: Neo4j or Redis went away; or the store has no answer, and nothing else can give it.
        BadInput: a statement cannot give the tag's values.
    """
    definition = parse_definition(msgspec.json.decode(state.document))
    if isinstance(definition, Imported) or needs(rule_of(definition)).lists:
        # What hangs on identifiers is in the graph alone.
        return None
    columns, document = services.columns, state.document.encode()
    compared = is_over_everybody(definition)

    async def evaluate(page: Sequence[str]) -> None:
        await services.builder.build_page(tag_name(state.key), state.version, page)

    async def put(page: Sequence[tuple[str, TagValue | None]]) -> None:
        await services.builder.put_page(state.key, state.version, dict(page))

    async def bring(built: Built) -> None:
        if compared:
            await _bring_to_graph(columns, built, columns.page_values, put, progress)
        else:
            await _bring_to_graph(columns, built, columns.page_build, evaluate, progress)

    return await _build(
        services,
        services.tag_builds,
        state,
        lambda: columns.begin_tag_build(state.key, document, state.zone, keep_old=state.keep_old),
        bring,
        otherwise=not compared,
    )


class _Results(Protocol):
    async def set_result(self, key: str, version: int, result: BuildResult) -> bool:
        """Note what a build found; False when something newer has taken over."""


async def _build(
    services: TaskServices,
    builds: _Results,
    state: BuildState,
    begin: Callable[[], Awaitable[Built]],
    bring: Callable[[Built], Awaitable[None]],
    *,
    otherwise: bool,
) -> int | None:
    """Ask, note the result, bring it to the graph.

    Args:
        otherwise: whether there is another way, so that a store without an answer is no fault.
    """
    for _ in range(TRIES):
        try:
            built = await begin()
        except (Unavailable, BadInput) as fault:
            if not otherwise:
                raise
            _log.info("built_without_columns", key=state.key, version=state.version, reason=fault.message)
            return None
        if not await builds.set_result(state.key, state.version, BuildResult(built.name, built.count, built.as_of_ms)):
            raise Superseded(state.key)
        try:
            await bring(built)
        except ResultGone:
            continue
        except NoAnswer as fault:
            if not otherwise:
                raise
            _log.warning("built_without_columns", key=state.key, version=state.version, reason=fault.message)
            return None
        finally:
            with suppress(Unavailable):
                await services.columns.end_build(built.name)
        return built.as_of_ms
    if not otherwise:
        raise Unavailable("The columnar store loses results before they are in the graph.")
    return None


async def _bring_to_graph(
    columns: ColumnStore,
    built: Built,
    read: Callable[[str, int, int], Awaitable[Sequence[T]]],
    write: Callable[[Sequence[T]], Awaitable[None]],
    progress: Progress,
) -> None:
    """Write whom a result tells apart, in pages, several at once.

    Args:
        read: (name of a result, how many to pass over, how many) → the next.
    """
    done, differing = 0, await columns.compare_build(built.name)

    async def build(found: AsyncIterator[Sequence[T]]) -> None:
        nonlocal done
        async for page in found:
            await write(page)
            done += len(page)
            await progress(done / differing, "")

    async def read_on() -> AsyncGenerator[Sequence[T], None]:
        asked = 0
        while asked < differing:
            rows = await read(built.name, asked, PAGE_IDS)
            if not rows:
                raise ResultGone
            for page in pages(rows, PAGE_CUSTOMERS):
                yield page
            asked += len(rows)

    async with ahead(read_on()) as found:
        await at_once(build(found) for _ in range(BUILDERS))
