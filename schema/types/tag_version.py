"""What a tag's definition was."""

from __future__ import annotations

import strawberry

from schema.scalars import JSON, DateTime
from schema.types.page import PageInfo
from schema.types.tag_enums import TagMode


@strawberry.type(description="What decided the values of a tag.")
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
class TagVersionEdge:
    node: TagVersion
    cursor: str


@strawberry.type(description="Versions of a tag, newest first.")
class TagVersionConnection:
    edges: list[TagVersionEdge]
    page_info: PageInfo
