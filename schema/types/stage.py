"""Moves between the stages of a life cycle."""

from __future__ import annotations

from typing import Annotated, cast

import strawberry
from strawberry import Parent

from access.permissions import Permission
from graph.repositories.tag import TagRecord
from resolvers import stage_moves
from resolvers.customers.profiles import Profile
from resolvers.pages import DEFAULT_PAGE_ITEMS
from rules.tags.stages import MoveReason
from schema import declare
from schema.context import Info
from schema.scalars import DateTime
from schema.types.page import PageInfo

strawberry.enum(
    MoveReason,
    description="Why a stage is another one: what the customer did or time, who the customer is, or another rule.",
)


@strawberry.type(description="How often customers moved from one stage to another; null for none.")
@declare.needs(Permission.TAGS_READ)
class StageFlow:
    before: str | None = strawberry.field(name="fromStage")
    stage: str | None = strawberry.field(name="toStage")
    count: int


@strawberry.type(description="A move of one customer.")
@declare.needs(Permission.CUSTOMERS_READ)
class StageMove:
    before: str | None = strawberry.field(name="fromStage")
    stage: str | None = strawberry.field(name="toStage")
    at: DateTime
    reason: MoveReason
    version: int = strawberry.field(description="Of the tag.")
    customer: strawberry.ID = strawberry.field(
        name="customerId", description="Then; another than the customer's when the two were merged since."
    )


@strawberry.type
@declare.needs(Permission.CUSTOMERS_READ)
class StageMoveEdge:
    node: StageMove
    cursor: str


@strawberry.type(description="Moves between stages, newest first.")
@declare.needs(Permission.CUSTOMERS_READ)
class StageMoveConnection:
    edges: list[StageMoveEdge]
    page_info: PageInfo


async def flow(
    root: Parent[TagRecord],
    info: Info,
    from_: Annotated[DateTime, strawberry.argument(name="from")],
    to: DateTime,
    reasons: list[MoveReason] = [MoveReason.CUSTOMER],  # noqa: B006
) -> list[StageFlow]:
    """Moves between the stages of a life cycle, counted."""
    return cast("list[StageFlow]", await stage_moves.flow(info.context, root, from_, to, reasons))


async def history(
    root: Parent[Profile], info: Info, tag: str, first: int | None = DEFAULT_PAGE_ITEMS, after: str | None = None
) -> StageMoveConnection:
    """A page of a customer's moves."""
    page = await stage_moves.history_page(info.context, root, tag, first=first, after=after)
    return cast("StageMoveConnection", page)
