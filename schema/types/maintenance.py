"""What was done to tags and segments, and what keeping them up costs."""

from __future__ import annotations

from typing import cast

import strawberry
from strawberry import Parent

from graph.repositories.maintenance import RecordKind
from graph.repositories.segment import SegmentRecord
from graph.repositories.tag import TagRecord
from resolvers import maintenance
from resolvers.maintenance import Neglect
from resolvers.pages import DEFAULT_PAGE_ITEMS
from schema import declare
from schema.context import Info
from schema.scalars import DateTime
from schema.types.page import PageInfo
from schema.types.registry import RuleUser
from schema.types.status import BuildStatus

strawberry.enum(
    RecordKind,
    name="MaintenanceKind",
    description="`CREATED`; `EDITED`; `STATUS`: somebody paused it, took it offline, archived it or brought it back; "
    "`RUN`: it was built in full, or values or a list were imported.",
)
strawberry.enum(
    Neglect,
    description="`FAILED`: the last build failed; `OVERDUE`: its day or week began three hours ago and it has not been "
    "built; `UNUSED`: no rule names it, and nobody has asked for it for 35 days.",
)


@strawberry.type(description="One line of what was done; null what its kind does not have.")
@declare.needs(declare.ANYONE)
class MaintenanceRecord:
    kind: RecordKind
    at_ms: DateTime = strawberry.field(name="at", description="Of a run, when it ended.")
    version: int = strawberry.field(description="Afterwards.")
    status: BuildStatus = strawberry.field(description="Afterwards.")
    status_before: BuildStatus | None = strawberry.field(description="Where it was another one.")
    author: str | None = strawberry.field(description="Null for the service.")
    reason: str | None
    changes: list[str] = strawberry.field(description="What was edited, by the names of inputs.")
    started_at_ms: DateTime | None = strawberry.field(name="startedAt", description="Of a run.")
    duration_ms: float | None = strawberry.field(description="Of a run.")
    customers: int | None = strawberry.field(description="Of a run: who had a value, or were members, at its end.")
    error: str | None = strawberry.field(description="Why a run failed.")


@strawberry.type
@declare.needs(declare.ANYONE)
class MaintenanceEdge:
    node: MaintenanceRecord
    cursor: str


@strawberry.type(description="What was done, newest first: the last 400 lines, for two years.")
@declare.needs(declare.ANYONE)
class MaintenanceConnection:
    edges: list[MaintenanceEdge]
    page_info: PageInfo


@strawberry.type(description="What a tag or segment reaches, costs and serves.")
@declare.needs(declare.ANYONE)
class Upkeep:
    customers: int = strawberry.field(description="Who have a value, or are members, now.")
    coverage: float | None = strawberry.field(description="Their part of all customers; null without any.")
    last_run: MaintenanceRecord | None = strawberry.field(description="The last build in full.")
    runs: int = strawberry.field(name="runs30Days")
    duration_ms: float = strawberry.field(name="duration30DaysMs", description="Of all these runs together.")
    run_customers: float = strawberry.field(name="customers30Days", description="At the ends of all these runs.")
    used_by: list[RuleUser] = strawberry.field(description="Tags and segments whose rules name it, by key.")
    stale: Neglect | None = strawberry.field(description="Why it is not up to date; null when it is, or rests.")


async def records(
    root: Parent[TagRecord | SegmentRecord],
    info: Info,
    kinds: list[RecordKind] | None = None,
    first: int | None = DEFAULT_PAGE_ITEMS,
    after: str | None = None,
) -> MaintenanceConnection:
    """A page of what was done to a tag or segment."""
    page = await maintenance.records_page(info.context, root, kinds, first=first, after=after)
    return cast("MaintenanceConnection", page)


async def upkeep(root: Parent[TagRecord | SegmentRecord], info: Info) -> Upkeep:
    """What it reaches, costs and serves now."""
    return cast("Upkeep", await maintenance.upkeep(info.context, root))
