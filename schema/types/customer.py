"""Customers, as every list and look-up shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, cast

import strawberry
from strawberry import Parent

from access.permissions import Permission
from resolvers.consent import consents as said
from resolvers.customers import customers
from resolvers.customers.profiles import Profile
from resolvers.pages import DEFAULT_PAGE_ITEMS, Page
from schema import declare
from schema.context import Info
from schema.scalars import JSON, DateTime
from schema.types.consent import Consent, ConsentHistory
from schema.types.event import EventConnection
from schema.types.identity import DecisionConnection
from schema.types.identity import decisions as identity_decisions
from schema.types.node import Node
from schema.types.page import PageInfo
from schema.types.segment_history import SegmentStayConnection
from schema.types.segment_history import history as segment_history
from schema.types.stage import StageMoveConnection
from schema.types.stage import history as stage_history
from schema.types.tag import TagAssignment

if TYPE_CHECKING:
    from schema.types.segment import Segment


@strawberry.type(description="One value by which somebody is recognised.")
@declare.needs(Permission.CUSTOMERS_READ)
class Identifier:
    namespace: str = strawberry.field(description="`user_id`, `email`, `phone`, `wx_openid:<app>`, …")
    value: str
    first_seen_ms: DateTime = strawberry.field(name="firstSeen")
    last_seen_ms: DateTime = strawberry.field(name="lastSeen")
    masked: bool = strawberry.field(description="The value is shown in part only.")


@strawberry.type(description="The newest known value of one trait.")
@declare.needs(Permission.CUSTOMERS_READ)
class Attribute:
    name: str
    value: JSON
    observed_at_ms: DateTime = strawberry.field(name="observedAt")
    source: str
    masked: bool = strawberry.field(description="The value, or some of it, is not shown.")


@strawberry.type(description="A customer is in a segment now.")
@declare.needs(Permission.CUSTOMERS_READ)
class SegmentMembership:
    segment: Annotated[Segment, strawberry.lazy("schema.types.segment")] = declare.resolved(
        customers.segment_of_membership
    )
    since_ms: DateTime = strawberry.field(name="since")
    segment_version: int


async def _events(
    root: Parent[Profile],
    info: Info,
    names: list[str] | None = None,
    from_: Annotated[DateTime | None, strawberry.argument(name="from")] = None,
    to: DateTime | None = None,
    first: int | None = DEFAULT_PAGE_ITEMS,
    after: str | None = None,
) -> EventConnection:
    asked = customers.asked_events(info.context, names, from_, to, first, after)
    found = await customers.load_events(info.context, root, asked)
    page = customers.events_page(info.context, found, asked, resumed=after is not None)
    return cast("EventConnection", page)


async def _consent_history(
    root: Parent[Profile],
    info: Info,
    purpose: str | None = None,
    channel: str | None = None,
    first: int | None = DEFAULT_PAGE_ITEMS,
) -> ConsentHistory:
    return cast("ConsentHistory", await said.history(info.context, root, purpose, channel, first))


async def _withheld(root: Parent[Page[Profile]]) -> int | None:
    return None if root.withheld is None else await root.withheld()


@strawberry.type(description="One person. A retired id answers with the customer it was merged into.")
@declare.needs(Permission.CUSTOMERS_READ)
class Customer(Node):
    identifiers: list[Identifier] = declare.resolved(customers.identifiers, "Most recently seen first.")
    attributes: list[Attribute] = declare.resolved(customers.attributes, "By name; all, or those named.")
    tags: list[TagAssignment] = declare.resolved(customers.tags)
    segments: list[SegmentMembership] = declare.resolved(customers.segments, "By segment key.")
    created_at_ms: DateTime = strawberry.field(name="createdAt")
    updated_at_ms: DateTime = strawberry.field(name="updatedAt")

    events: EventConnection = declare.resolved(_events, "Newest first.")
    segment_history: SegmentStayConnection = declare.resolved(
        segment_history, "Times in segments, newest first, under ids that were merged into this one too."
    )
    stage_history: StageMoveConnection = declare.resolved(
        stage_history, "Moves between the stages of a life cycle, newest first, under ids that were merged into it too."
    )
    consents: list[Consent] = declare.resolved(said.consents, "As of now, by purpose and channel.")
    consent_history: ConsentHistory = declare.resolved(
        _consent_history, "What was said, newest first; what only repeats the one before is left out."
    )
    restricted_since: DateTime | None = declare.resolved(
        said.restricted_since_ms, "Left out of every purpose since then; null: not restricted."
    )
    decisions: DecisionConnection = declare.resolved(identity_decisions, "What made them who they are, newest first.")

    @classmethod
    def is_type_of(cls, value: object, _info: object) -> bool:
        return isinstance(value, Profile)


@strawberry.type
@declare.needs(Permission.CUSTOMERS_READ)
class CustomerEdge:
    node: Customer
    cursor: str


@strawberry.type(description="Customers by id, or in the order asked for.")
@declare.needs(Permission.CUSTOMERS_READ)
class CustomerConnection:
    edges: list[CustomerEdge]
    page_info: PageInfo
    as_of_ms: DateTime | None = strawberry.field(
        name="asOf", description="The state of the columnar store that answered; null from the graph."
    )
    withheld: int | None = declare.resolved(
        _withheld,
        "How many the whole list leaves out, who may not be reached for its purpose; null without a purpose, and while "
        "the columnar store cannot say.",
    )
