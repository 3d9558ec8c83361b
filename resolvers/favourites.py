"""Somebody's favourites among segments and tags."""

from __future__ import annotations

from dataclasses import dataclass

from access.permissions import Permission
from base.clock import now_ms
from graph.repositories.favourite import MAX_FAVOURITES
from graph.repositories.segment import SegmentRecord
from graph.repositories.tag import TagRecord
from resolvers.context import RequestContext
from resolvers.refusal import Refusal
from resolvers.segments import segments
from resolvers.tags.tags import unknown_tag
from rules.problems import Problem


@dataclass(frozen=True, slots=True)
class Favourite:
    """Whether something is a favourite of the asker's now; `kind` is SEGMENT or TAG."""

    kind: str
    key: str
    is_favourite: bool


async def put(context: RequestContext, key: str, *, is_tag: bool) -> Favourite | Refusal:
    """Put something among the asker's favourites.

    Raises:
        NotFound: no such thing that they may see.
        KithError: FORBIDDEN, they may not read tags.
    """
    if is_tag:
        context.principal.require(Permission.TAGS_READ, "favourite")
    loaders = context.loaders
    found = await (loaders.tags.load(key) if is_tag else loaders.segments.load(key))
    if found is None:
        raise unknown_tag() if is_tag else segments.unknown()
    of = context.principal.id
    if not await context.services.favourites.add(of, key, is_tag=is_tag, now_ms=now_ms()):
        message = f"At most {MAX_FAVOURITES:,} favourites."
        return Refusal((Problem("key", message, "Take others off with unfavourite."),))
    return Favourite("TAG" if is_tag else "SEGMENT", key, True)


async def take(context: RequestContext, key: str, *, is_tag: bool) -> Favourite:
    """Take something off them, whether it is there or not."""
    await context.services.favourites.remove(context.principal.id, key, is_tag=is_tag)
    return Favourite("TAG" if is_tag else "SEGMENT", key, False)


async def is_favourite(context: RequestContext, thing: SegmentRecord | TagRecord) -> bool:
    """Whether it is among the asker's."""
    return thing.id in await context.loaders.favourites()
