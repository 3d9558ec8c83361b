"""Moves of customers between the stages of a life cycle: counted, and of one customer."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

from base.errors import BadInput, Unavailable
from graph.repositories.stage import FIRST_MOVE, MoveCount, MoveRecord
from graph.repositories.tag import TagRecord
from resolvers import counts
from resolvers.context import RequestContext
from resolvers.customers.profiles import Profile
from resolvers.pages import Page, check_first
from resolvers.tags.spread import WAIT_S
from rules.tags.definition import TagKind
from rules.tags.stages import MoveReason

HISTORY = "stage-history"


async def flow(
    context: RequestContext, tag: TagRecord, from_ms: int, to_ms: int, reasons: Sequence[MoveReason]
) -> list[MoveCount]:
    """How often customers moved between any two stages in from ≤ t < to, by the names of the stages, none first.

    Raises:
        BadInput: the tag is no life cycle, or the end does not lie after the beginning.
    """
    if tag.kind != TagKind.LIFECYCLE:
        raise BadInput(
            "Only a life cycle has moves between stages.", hint="Ask a tag of the kind LIFECYCLE.", field="flow"
        )
    if from_ms >= to_ms:
        raise BadInput("The time ends before it begins.", hint="Let `from` lie before `to`.", field="from")
    asked = sorted({reason.value for reason in reasons})
    found = await _count(context, tag.key, from_ms, to_ms, asked) if asked else []
    found = [
        replace(one, count=counts.shown(context, one.count, "flow", tag.key, one.before, one.stage)) for one in found
    ]
    return sorted(found, key=lambda one: (one.before or "", one.stage or ""))


async def _count(
    context: RequestContext, tag: str, from_ms: int, to_ms: int, reasons: Sequence[str]
) -> Sequence[MoveCount]:
    services = context.services
    with suppress(Unavailable, TimeoutError):
        async with services.spreads, asyncio.timeout(WAIT_S):
            return await services.columns.count_stage_moves(tag, from_ms, to_ms, reasons)
    return await services.stages.count_moves(tag, from_ms, to_ms, reasons)


async def history_page(
    context: RequestContext, customer: Profile, tag: str, *, first: int | None, after: str | None
) -> Page[MoveRecord]:
    """A customer's moves between the stages of a tag, newest first.

    Raises:
        BadInput: no such life cycle.
    """
    first = check_first(first)
    found = await context.loaders.tags.load(tag)
    if found is None or found.kind != TagKind.LIFECYCLE:
        raise BadInput("There is no life cycle of this key.", hint="Name a tag of the kind LIFECYCLE.", field="tag")
    behind = FIRST_MOVE
    if after is not None:
        at_ms, place = context.services.cursors.decode(HISTORY, after, (int, int))
        behind = int(at_ms), int(place)
    moves = await context.services.stages.list_of_customer(customer.id, tag, behind, first + 1)
    return Page(
        moves[:first],
        cursors=context.services.cursors,
        scope=HISTORY,
        place_of=lambda move: (move.at, move.place),
        has_next_page=len(moves) > first,
        resumed=after is not None,
    )
