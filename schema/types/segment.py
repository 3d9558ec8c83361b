"""Segments, and what comes of changing one."""

from __future__ import annotations

from typing import Annotated, cast

import strawberry
from strawberry import Parent

from graph.repositories.segment import SegmentRecord
from resolvers import segments
from resolvers.pages import DEFAULT_PAGE_ITEMS
from schema import declare
from schema.context import Info
from schema.execution.lookahead import profile_shape
from schema.scalars import JSON, DateTime
from schema.types.customer import CustomerConnection
from schema.types.node import Node
from schema.types.page import PageInfo
from schema.types.refusal import ValidationError
from schema.types.status import BuildStatus


async def _members(
    root: Parent[SegmentRecord], info: Info, first: int | None = DEFAULT_PAGE_ITEMS, after: str | None = None
) -> CustomerConnection:
    need = profile_shape(info, "edges", "node").need
    page = await segments.members_page(info.context, root, need, first=first, after=after)
    return cast("CustomerConnection", page)


@strawberry.type(description="The customers for whom a rule holds, kept up to date as they change.")
class Segment(Node):
    key: str
    name: str
    rule: JSON | None = strawberry.field(description="As `RuleInput` takes it.")
    version: int = strawberry.field(description="Counts changes of the rule.")
    status: BuildStatus = declare.resolved(segments.status)
    as_of_ms: DateTime | None = strawberry.field(
        name="asOf", description="The last full build's instant; live changes come on top."
    )
    last_error: str | None
    progress: float = strawberry.field(description="Of the build that runs, 0 to 1.")
    count: int = declare.resolved(segments.count, "Members now.")
    created_at_ms: DateTime = strawberry.field(name="createdAt")
    updated_at_ms: DateTime = strawberry.field(name="updatedAt")

    members: CustomerConnection = declare.resolved(_members, "By customer id.")

    @classmethod
    def is_type_of(cls, value: object, _info: object) -> bool:
        return isinstance(value, SegmentRecord)


@strawberry.type
class SegmentEdge:
    node: Segment
    cursor: str


@strawberry.type(description="Segments by key.")
class SegmentConnection:
    edges: list[SegmentEdge]
    page_info: PageInfo


@strawberry.type
class DeletedSegment:
    key: str

    @classmethod
    def is_type_of(cls, value: object, _info: object) -> bool:
        return isinstance(value, segments.Deleted)


SegmentResult = Annotated[Segment | ValidationError, strawberry.union("SegmentResult")]
DeleteResult = Annotated[DeletedSegment | ValidationError, strawberry.union("DeleteResult")]
