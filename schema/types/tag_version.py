"""What a tag's definition was."""

from __future__ import annotations

import strawberry

from access.permissions import Permission
from schema import declare
from schema.scalars import JSON, DateTime
from schema.types.page import PageInfo
from schema.types.tag_enums import TagMode


@strawberry.type(description="What decided the values of a tag.")
@declare.needs(Permission.TAGS_READ)
class TagVersion:
    version: int
    name: str = strawberry.field(description="Of the tag, when the version was made.")
    definition: JSON
    mode: TagMode
    zone: str | None
    keep_old: bool
    author: str
    reason: str | None
    at_ms: DateTime = strawberry.field(name="at", description="When it was made.")


@strawberry.type
@declare.needs(Permission.TAGS_READ)
class TagVersionEdge:
    node: TagVersion
    cursor: str


@strawberry.type(description="Versions of a tag, newest first.")
@declare.needs(Permission.TAGS_READ)
class TagVersionConnection:
    edges: list[TagVersionEdge]
    page_info: PageInfo
