"""Whose a segment or tag is, who may see or change it, and who uses it."""

from __future__ import annotations

from typing import cast

import strawberry
from strawberry import Parent

from access.sharing import Reach
from graph.repositories.segment import SegmentRecord
from graph.repositories.sharing import GranteeKind
from graph.repositories.tag import TagRecord
from resolvers import favourites
from resolvers.sharing import reach_of
from schema import declare
from schema.context import Info
from schema.enums import Access, Visibility
from schema.scalars import DateTime

strawberry.enum(
    Reach,
    name="OwnAccess",
    description="What you may do with it, permissions included: see it, change it, and share it too.",
)


@strawberry.type(description="A user, or whoever has a role, with whom something is shared.")
@declare.needs(declare.ANYONE)
class SharedWith:
    user: strawberry.ID | None
    role: str | None
    access: Access


def _owner(root: Parent[SegmentRecord | TagRecord]) -> strawberry.ID | None:
    """Id of whoever made it or took it over."""
    return None if root.sharing.owner is None else strawberry.ID(root.sharing.owner)


def _visibility(root: Parent[SegmentRecord | TagRecord]) -> Visibility:
    """Who sees it."""
    return root.sharing.visibility


def _shared_with(root: Parent[SegmentRecord | TagRecord]) -> list[SharedWith]:
    """Those whom its owner named."""
    return [
        SharedWith(
            user=strawberry.ID(one.name) if one.kind is GranteeKind.USER else None,
            role=one.name if one.kind is GranteeKind.ROLE else None,
            access=one.access,
        )
        for one in root.sharing.grants
    ]


async def _is_favourite(root: Parent[SegmentRecord | TagRecord], info: Info) -> bool:
    """Whether it is among the asker's favourites."""
    return await favourites.is_favourite(info.context, root)


async def _last_used_at(root: Parent[SegmentRecord | TagRecord], info: Info) -> DateTime | None:
    """When somebody last asked for it."""
    return cast("DateTime | None", await info.context.loaders.last_uses.load(root.id))


def _access(root: Parent[SegmentRecord | TagRecord], info: Info) -> Reach:
    """What the asker may do with it."""
    return reach_of(info.context, root)


@strawberry.type
class Shared:
    """What segments and tags have in common: whose they are, and who uses them."""

    is_favourite: bool = declare.resolved(_is_favourite, "Of yours.")
    last_used_at: DateTime | None = declare.resolved(
        _last_used_at,
        "When somebody last read it by key, listed whom it has, named it in a question or subscribed to it; to ten "
        "minutes.",
    )
    owner: strawberry.ID | None = declare.resolved(
        _owner, "The id of whoever made it or took it over; null: nobody, it is older than owners."
    )
    visibility: Visibility = declare.resolved(_visibility)
    shared_with: list[SharedWith] = declare.resolved(_shared_with, "Of visibility SHARED.")
    access: Reach = declare.resolved(_access)
