"""Segments as they are read."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

from strawberry import Parent

from base.errors import BadInput, NotFound, Unavailable
from delivery.consent import Aim
from graph.repositories.customer import ProfileNeed
from graph.repositories.segment import DELETING, SegmentRecord
from graph.repositories.segment_build import BUILDING
from resolvers import counts, rules
from resolvers.context import Info, RequestContext
from resolvers.customers import customers, scope
from resolvers.customers.profiles import Profile
from resolvers.pages import Page, check_first
from resolvers.rules import MAX_SCANNED_A_PAGE, SCAN_PAGE
from rules.printer import print_rule
from rules.tree import SegmentLeaf
from workers.projection.client import ResultGone

SEGMENTS = "segments"
MAX_SEARCH_CHARS = 200
MAX_FOLDERS = 1_000


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder that holds segments itself, and how many."""

    path: str
    segment_count: int


def status(root: Parent[SegmentRecord]) -> str:
    """One of BuildStatus; a segment that is being removed shows as OFFLINE."""
    return "OFFLINE" if root.status == DELETING else root.status


async def count(root: Parent[SegmentRecord], info: Info) -> int:
    """Members now; under a scope those in it, as of the columnar store."""
    context = info.context
    if context.principal.scope is None:
        return counts.shown(context, await context.loaders.member_counts.load(root.key), "segment", root.key)
    async with context.services.spreads:
        rule = scope.within(context, SegmentLeaf(root.key))
        return counts.shown_of_rule(context, (await context.services.columns.count(print_rule(rule))).count, rule)


async def members_page(
    context: RequestContext,
    segment: SegmentRecord,
    need: ProfileNeed,
    *,
    first: int | None,
    after: str | None,
    aim: Aim | None = None,
) -> Page[Profile]:
    """Members by customer id; for an aim, those who may be reached for it, in pages that may be short and yet
    say that more may follow.
    """
    first = check_first(first)
    behind = customers.after_id(context, after)
    if aim is None:
        ids = await member_ids(context, segment, behind, first + 1)
        return await customers.page_of(context, ids, need, first=first, resumed=after is not None)
    kept: list[str] = []
    scanned, ended = 0, False
    while len(kept) <= first and not ended and scanned < MAX_SCANNED_A_PAGE:
        ids = await member_ids(context, segment, behind, SCAN_PAGE)
        ended = len(ids) < SCAN_PAGE
        scanned += len(ids)
        behind = ids[-1] if ids else behind
        kept += (await context.services.consenting.kept(ids, aim)).kept
    cut = len(kept) > first
    page = await customers.page_of(
        context,
        kept,
        need,
        first=first,
        resumed=after is not None,
        scanned_to=None if cut or ended else behind,
    )
    page.withheld = lambda: rules.withheld(context, SegmentLeaf(segment.key), aim)
    return page


async def member_ids(context: RequestContext, segment: SegmentRecord, behind: str, count: int) -> list[str]:
    """Members by id; while a build is being brought to the graph, whom it has found."""
    services = context.services
    services.usage.note(segment.id)
    if segment.status == BUILDING and (result := await services.builds.find_result(segment.key)) is not None:
        # Else it has just come to its end, or its result is lost: then the graph knows best.
        with suppress(Unavailable, ResultGone):
            return await services.columns.page_result(result.name, behind, count)
    return await services.segments.list_members(segment.key, behind, count)


async def find(context: RequestContext, key: str) -> SegmentRecord | None:
    """The segment of that key."""
    found = await context.loaders.segments.load(key)
    if found is not None:
        context.services.usage.note(found.id)
    return found


async def find_by_id(context: RequestContext, segment_id: str) -> SegmentRecord | None:
    """The segment of that id."""
    found = await context.services.segments.find_by_id(segment_id)
    return found if found is not None and context.viewer.sees(found.sharing) else None


async def list_page(
    context: RequestContext,
    *,
    search: str | None,
    folder: str | None,
    archived: bool | None,
    favourite: bool,
    first: int | None,
    after: str | None,
) -> Page[SegmentRecord]:
    """Segments by key: all, or those whose key or name holds the text, that lie in or below the folder, that are
    archived or are not, that are the asker's favourites.
    """
    first = check_first(first)
    if search is not None and len(search) > MAX_SEARCH_CHARS:
        raise BadInput(f"A search has at most {MAX_SEARCH_CHARS} characters.", field="search")
    cursors = context.services.cursors
    behind = "" if after is None else str(cursors.decode(SEGMENTS, after, (str,))[0])
    found = await context.services.segments.list_page(
        behind,
        search or "",
        folder or "",
        archived,
        first + 1,
        viewer=context.viewer.names,
        only=await context.loaders.favourites() if favourite else None,
    )
    return Page(
        found[:first],
        cursors=cursors,
        scope=SEGMENTS,
        place_of=lambda segment: (segment.key,),
        has_next_page=len(found) > first,
        resumed=after is not None,
    )


async def folders(context: RequestContext) -> list[Folder]:
    """Every folder that holds segments itself which the asker may see, by path."""
    found = await context.services.segments.count_folders(MAX_FOLDERS, context.viewer.names)
    return [Folder(path, count) for path, count in found]


def unknown() -> NotFound:
    """The segment that was named is not there."""
    return NotFound("There is no segment of this key.", hint="`segments` lists them.")
