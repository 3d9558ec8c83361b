"""What a segment's rule was, and how versions differ."""

from __future__ import annotations

import strawberry

from access.permissions import Permission
from rules.difference import DifferenceKind
from schema import declare
from schema.scalars import JSON, DateTime
from schema.types.page import PageInfo

strawberry.enum(DifferenceKind, description="What happened at a place of a rule.")


@strawberry.type(description="A rule that a segment had.")
@declare.needs(Permission.SEGMENTS_READ)
class SegmentVersion:
    version: int
    name: str = strawberry.field(description="Of the segment, when the version was made.")
    rule: JSON
    author: str
    reason: str | None
    at_ms: DateTime = strawberry.field(name="at", description="When it was made.")


@strawberry.type
@declare.needs(Permission.SEGMENTS_READ)
class SegmentVersionEdge:
    node: SegmentVersion
    cursor: str


@strawberry.type(description="Versions of a segment, newest first.")
@declare.needs(Permission.SEGMENTS_READ)
class SegmentVersionConnection:
    edges: list[SegmentVersionEdge]
    page_info: PageInfo


@strawberry.type(description="One difference of two rules.")
@declare.needs(declare.ANYONE)
class RuleDifference:
    path: str = strawberry.field(
        description="For example `rule.all.1.event.op`; of what was removed the place in the old rule, else in the new."
    )
    kind: DifferenceKind
    before: JSON | None
    after: JSON | None
