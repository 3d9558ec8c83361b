"""Who was in which segment, and how many."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, cast

import strawberry
from strawberry import Parent

from access.permissions import Permission
from resolvers.customers.profiles import Profile
from resolvers.pages import DEFAULT_PAGE_ITEMS
from resolvers.segments import history as segment_history
from rules.buckets import Granularity
from schema import declare
from schema.context import Info
from schema.scalars import DateTime
from schema.types.cause import CauseKind
from schema.types.page import PageInfo

if TYPE_CHECKING:
    from schema.types.segment import Segment

strawberry.enum(Granularity, description="Buckets of the calendar in the deployment's zone; weeks begin on Monday.")


@strawberry.type(description="A bucket of a segment's size over time.")
@declare.needs(Permission.SEGMENTS_READ)
class SegmentSizePoint:
    from_ms: DateTime = strawberry.field(name="from")
    to_ms: DateTime = strawberry.field(name="to", description="Where the next bucket begins.")
    size: int = strawberry.field(description="Members at the end of the bucket, or now.")
    entered: int
    exited: int


@strawberry.type(description="A customer was in a segment, or is.")
@declare.needs(Permission.CUSTOMERS_READ)
class SegmentStay:
    segment: Annotated[Segment, strawberry.lazy("schema.types.segment")] | None = declare.resolved(
        segment_history.segment_of_stay, "Null when it was deleted meanwhile."
    )
    customer: strawberry.ID = strawberry.field(
        name="customerId", description="Then; another than the customer's when the two were merged since."
    )
    since_ms: DateTime = strawberry.field(name="since")
    until_ms: DateTime | None = strawberry.field(name="until", description="Null while it lasts.")
    entered_version: int = strawberry.field(description="Of the rule by which it began.")
    left_version: int | None = strawberry.field(description="Of the rule by which it ended.")
    ended_by: CauseKind | None


@strawberry.type
@declare.needs(Permission.CUSTOMERS_READ)
class SegmentStayEdge:
    node: SegmentStay
    cursor: str


@strawberry.type(description="Times in segments, newest first.")
@declare.needs(Permission.CUSTOMERS_READ)
class SegmentStayConnection:
    edges: list[SegmentStayEdge]
    page_info: PageInfo


async def history(
    root: Parent[Profile], info: Info, first: int | None = DEFAULT_PAGE_ITEMS, after: str | None = None
) -> SegmentStayConnection:
    """A page of a customer's times in segments."""
    page = await segment_history.history_page(info.context, root, first=first, after=after)
    return cast("SegmentStayConnection", page)
