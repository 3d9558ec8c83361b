"""Segments, and what comes of changing one."""

from __future__ import annotations

from typing import Annotated, cast

import strawberry
from strawberry import Parent

from access.permissions import Permission
from base.errors import BadInput
from graph.repositories.segment import SegmentRecord
from resolvers import rules
from resolvers.pages import DEFAULT_PAGE_ITEMS
from resolvers.segments import changes, segments
from resolvers.segments import history as segment_history
from resolvers.segments import versions as segment_versions
from rules.buckets import Granularity
from schema import declare
from schema.context import Info
from schema.execution.lookahead import profile_shape
from schema.scalars import JSON, DateTime
from schema.types.customer import CustomerConnection
from schema.types.maintenance import MaintenanceConnection, Upkeep, records, upkeep
from schema.types.node import Node
from schema.types.page import PageInfo
from schema.types.refusal import ValidationError
from schema.types.segment_history import SegmentSizePoint
from schema.types.segment_version import RuleDifference, SegmentVersionConnection
from schema.types.sharing import Shared
from schema.types.status import BuildStatus


async def _members(
    root: Parent[SegmentRecord],
    info: Info,
    as_of: DateTime | None = None,
    purpose: str | None = None,
    channel: str | None = None,
    first: int | None = DEFAULT_PAGE_ITEMS,
    after: str | None = None,
) -> CustomerConnection:
    need = profile_shape(info, "edges", "node").need
    aim = await rules.asked_aim(info.context, purpose, channel)
    if as_of is None:
        page = await segments.members_page(info.context, root, need, first=first, after=after, aim=aim)
    elif aim is not None:
        hint = "Whom to reach is a question of now."
        raise BadInput("Give either asOf or purpose.", hint=hint, field="purpose")
    else:
        page = await segment_history.members_at(info.context, root, as_of, need, first=first, after=after)
    return cast("CustomerConnection", page)


async def _size_over_time(
    root: Parent[SegmentRecord],
    info: Info,
    from_: Annotated[DateTime, strawberry.argument(name="from")],
    to: DateTime | None = None,
    granularity: Granularity = Granularity.DAY,
) -> list[SegmentSizePoint]:
    points = await segment_history.size_over_time(info.context, root, granularity, from_, to)
    return cast("list[SegmentSizePoint]", points)


async def _versions(
    root: Parent[SegmentRecord], info: Info, first: int | None = DEFAULT_PAGE_ITEMS, after: str | None = None
) -> SegmentVersionConnection:
    page = await segment_versions.versions_page(info.context, root, first=first, after=after)
    return cast("SegmentVersionConnection", page)


async def _version_difference(
    root: Parent[SegmentRecord], info: Info, from_: Annotated[int, strawberry.argument(name="from")], to: int
) -> list[RuleDifference]:
    found = await segment_versions.version_difference(info.context, root, from_, to)
    return cast("list[RuleDifference]", found)


@strawberry.type(description="The customers for whom a rule holds, kept up to date as they change.")
@declare.needs(Permission.SEGMENTS_READ)
class Segment(Shared, Node):
    key: str
    name: str
    folder: str = strawberry.field(description="A path such as `growth/2026`; empty for none.")
    description: str
    rule: JSON | None = strawberry.field(description="As `RuleInput` takes it; `{list: key}` of an imported segment.")
    version: int = strawberry.field(description="Counts changes of the rule, and returns from the archive.")
    status: BuildStatus = declare.resolved(segments.status)
    as_of_ms: DateTime | None = strawberry.field(
        name="asOf",
        description="The last full build's instant; live changes come on top. Of an archived one: the end of those.",
    )
    last_error: str | None
    progress: float = strawberry.field(description="Of the build that runs, 0 to 1.")
    count: int = declare.resolved(segments.count, "Members now.")
    created_at_ms: DateTime = strawberry.field(name="createdAt")
    updated_at_ms: DateTime = strawberry.field(name="updatedAt")

    members: CustomerConnection = declare.resolved(
        _members,
        "By customer id; those who may be reached for a purpose; or who was in it at an instant, as they are now. Such "
        "pages may be short and have a next one.",
    )
    size_over_time: list[SegmentSizePoint] = declare.resolved(
        _size_over_time, "A point for each bucket of the calendar that lies in the time, 400 at most.", everybody=True
    )
    versions: SegmentVersionConnection = declare.resolved(_versions, "Newest first.")
    version_difference: list[RuleDifference] = declare.resolved(
        _version_difference, "What turns the rule of one version into that of another."
    )
    maintenance: MaintenanceConnection = declare.resolved(
        records, "Runs, edits and changes of status, newest first.", everybody=True
    )
    upkeep: Upkeep = declare.resolved(upkeep, "What it reaches, costs and serves.", everybody=True)

    @classmethod
    def is_type_of(cls, value: object, _info: object) -> bool:
        return isinstance(value, SegmentRecord)


@strawberry.type
@declare.needs(Permission.SEGMENTS_READ)
class SegmentEdge:
    node: Segment
    cursor: str


@strawberry.type(description="Segments by key.")
@declare.needs(Permission.SEGMENTS_READ)
class SegmentConnection:
    edges: list[SegmentEdge]
    page_info: PageInfo


@strawberry.type(description="A folder that holds segments itself.")
@declare.needs(Permission.SEGMENTS_READ)
class SegmentFolder:
    path: str = strawberry.field(description="Empty: segments in no folder.")
    segment_count: int


@strawberry.type
@declare.needs(Permission.SEGMENTS_READ)
class DeletedSegment:
    key: str

    @classmethod
    def is_type_of(cls, value: object, _info: object) -> bool:
        return isinstance(value, changes.Deleted)


SegmentResult = Annotated[Segment | ValidationError, strawberry.union("SegmentResult")]
DeleteResult = Annotated[DeletedSegment | ValidationError, strawberry.union("DeleteResult")]
