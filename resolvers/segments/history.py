"""Who was in segments: members at an instant, a customer's history, size over time."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice, pairwise

from strawberry import Parent

from base.clock import now_ms
from base.errors import BadInput, Unavailable
from graph.repositories.customer import ProfileNeed
from graph.repositories.segment import SegmentRecord
from graph.repositories.segment_history import FIRST_PLACE, Moves, Place, StayRecord
from resolvers import counts
from resolvers.context import Info, RequestContext
from resolvers.customers import customers, scope
from resolvers.customers.profiles import Profile
from resolvers.pages import Page, check_first
from rules.buckets import Granularity, bucket_edges

HISTORY = "segment-history"
MAX_POINTS = 400
# Intervals that one step of a search looks at, and those that one page may.
SCAN_PAGE = 500
MAX_SCANNED_A_PAGE = 10_000
# How long the store may take, since the graph can answer too.
WAIT_S = 4.0


@dataclass(frozen=True, slots=True)
class SizePoint:
    """One bucket of a segment's size over time (ms); `size` is that at its end, or now."""

    from_ms: int
    to_ms: int
    size: int
    entered: int
    exited: int


async def members_at(
    context: RequestContext,
    segment: SegmentRecord,
    at_ms: int,
    need: ProfileNeed,
    *,
    first: int | None,
    after: str | None,
) -> Page[Profile]:
    """Who was in a segment at an instant, as they are now, by the id of then. A page may be short, even empty, and yet
    say that more may follow.

    Raises:
        BadInput: an instant that has not come.
    """
    first = check_first(first)
    context.services.usage.note(segment.id)
    if at_ms > now_ms():
        raise BadInput("This instant has not come yet.", hint="Leave asOf out for the members of now.", field="asOf")
    behind: str | None = customers.after_id(context, after)
    if at_ms < segment.created_at_ms:
        behind = None
    found: list[str] = []
    scanned = 0
    while behind is not None and len(found) <= first and scanned < MAX_SCANNED_A_PAGE:
        ids, behind = await context.services.segment_history.scan_members(segment.key, at_ms, behind, SCAN_PAGE)
        found += ids
        scanned += SCAN_PAGE
    shown = await scope.keep(context, found[:first], gone=True)
    profiles = await context.services.profiles.get_by_id(shown, need, await context.sight())
    then = {profile.id: customer for customer, profile in profiles.items()}
    cut = len(found) > first
    return Page(
        list(profiles.values()),
        cursors=context.services.cursors,
        scope=customers.CUSTOMERS,
        place_of=lambda profile: (then[profile.id],),
        has_next_page=cut or behind is not None,
        resumed=after is not None,
        end_place=(found[first - 1],) if cut else None if behind is None else (behind,),
    )


async def history_page(
    context: RequestContext, customer: Profile, *, first: int | None, after: str | None
) -> Page[StayRecord]:
    """The segments that a customer was in or is in, newest first."""
    first = check_first(first)
    behind = FIRST_PLACE
    if after is not None:
        since, sequence, segment, then = context.services.cursors.decode(HISTORY, after, (int, int, str, str))
        behind = Place(int(since), int(sequence), str(segment), str(then))
    names = context.viewer.names
    found = await context.services.segment_history.list_of_customer(customer.id, behind, first + 1, names)
    return Page(
        found[:first],
        cursors=context.services.cursors,
        scope=HISTORY,
        place_of=lambda stay: (stay.since_ms, stay.sequence, stay.segment_key, stay.customer),
        has_next_page=len(found) > first,
        resumed=after is not None,
    )


async def segment_of_stay(root: Parent[StayRecord], info: Info) -> SegmentRecord | None:
    """The segment as it is now; None when it was deleted meanwhile."""
    return await info.context.loaders.segments.load(root.segment_key)


async def size_over_time(
    context: RequestContext, segment: SegmentRecord, granularity: Granularity, from_ms: int, to_ms: int | None
) -> list[SizePoint]:
    """How many were in a segment at the end of each bucket from one instant to another, and how many came and went.

    Returns:
        Ascending; nothing from before the segment was made.

    Raises:
        BadInput: the end does not lie after the beginning, or too many buckets.
    """
    until_ms = now_ms() if to_ms is None else min(to_ms, now_ms())
    if from_ms >= until_ms:
        raise BadInput(
            "The time ends before it begins.", hint="Let `from` lie before `to` and before now.", field="from"
        )
    from_ms = max(from_ms, segment.created_at_ms)
    if from_ms >= until_ms:
        return []
    edges = list(islice(bucket_edges(granularity, from_ms, until_ms, context.services.zone), MAX_POINTS + 2))
    if len(edges) > MAX_POINTS + 1:
        raise BadInput(
            f"At most {MAX_POINTS} points.", hint="Ask for a shorter time, or for longer buckets.", field="granularity"
        )
    size, moves = await _count_moves(context, segment.key, edges)
    # Back from the present: what is counted is what moved since, not all who ever were in it.
    size -= moves[-1].entered - moves[-1].exited
    points: list[SizePoint] = []
    for (start_ms, end_ms), moved in zip(reversed(list(pairwise(edges))), reversed(moves[:-1]), strict=True):
        points.append(
            SizePoint(
                start_ms,
                end_ms,
                # Under the name of `Segment.count`: another one would be a second measurement of the same.
                counts.shown(context, size, "segment", segment.key),
                counts.shown(context, moved.entered, "entered", segment.key),
                counts.shown(context, moved.exited, "exited", segment.key),
            )
        )
        size -= moved.entered - moved.exited
    return points[::-1]


async def _count_moves(context: RequestContext, key: str, edges_ms: Sequence[int]) -> tuple[int, Sequence[Moves]]:
    services = context.services
    with suppress(Unavailable, TimeoutError):
        async with services.spreads, asyncio.timeout(WAIT_S):
            return await services.columns.count_segment_moves(key, edges_ms)
    return await services.segment_history.count_moves(key, edges_ms)
