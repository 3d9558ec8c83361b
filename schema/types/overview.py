"""Everything that is defined, counted."""

from __future__ import annotations

import strawberry

from access.permissions import Permission
from resolvers.maintenance import Neglect
from schema import declare
from schema.scalars import DateTime
from schema.types.registry import RuleUserKind


@strawberry.type
@declare.needs(declare.ANYONE)
class NamedCount:
    name: str
    count: int


@strawberry.type(description="Tags or segments, counted in three ways.")
@declare.needs(Permission.SEGMENTS_READ)
class DefinitionCounts:
    total: int
    by_kind: list[NamedCount] = strawberry.field(description="Kinds of tags; of segments `RULE` and `LIST`.")
    by_status: list[NamedCount]
    by_folder: list[NamedCount] = strawberry.field(
        description="Categories of tags, folders of segments, empty for none; all but the 200 largest as `/`."
    )


@strawberry.type(description="The counts of a day.")
@declare.needs(Permission.SEGMENTS_READ)
class OverviewPoint:
    day: str = strawberry.field(description="Like `2026-07-01`, of the deployment's zone.")
    at_ms: DateTime = strawberry.field(name="at", description="When it was counted: early on the day; of today, now.")
    customers: int
    tags: DefinitionCounts
    segments: DefinitionCounts


@strawberry.type(description="A tag or segment that should be looked at.")
@declare.needs(Permission.SEGMENTS_READ)
class OverviewFinding:
    kind: RuleUserKind
    key: str
    name: str
    neglect: Neglect
    as_of_ms: DateTime | None = strawberry.field(name="asOf", description="Of its last build.")


@strawberry.type(description="All tags and segments, counted, and what of them should be looked at.")
@declare.needs(Permission.SEGMENTS_READ)
class Overview:
    now: OverviewPoint
    over_time: list[OverviewPoint] = strawberry.field(
        description="A point a day, today's the last; a day on which no worker ran is missing."
    )
    findings: list[OverviewFinding] = strawberry.field(
        description="What failed, what is overdue, and what nobody uses, in this order; 1,000 at most."
    )
