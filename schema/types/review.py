"""What of identity somebody should look at."""

from __future__ import annotations

from enum import StrEnum

import strawberry

from access.permissions import Permission
from schema import declare
from schema.scalars import DateTime
from schema.types.identity import NamedIdentifier
from schema.types.page import PageInfo


@strawberry.enum(description="Why something is on the review list.")
class ReviewKind(StrEnum):
    REJECTED_LINK = "REJECTED_LINK"
    SHARED_IDENTIFIER = "SHARED_IDENTIFIER"
    NEAR_LIMIT = "NEAR_LIMIT"
    LARGE_CUSTOMER = "LARGE_CUSTOMER"


@strawberry.type(description="Something that somebody should look at; it goes away with its cause.")
@declare.needs(Permission.IDENTITY_READ)
class Review:
    id: strawberry.ID
    kind: ReviewKind
    customer_ids: list[strawberry.ID] = strawberry.field(
        description="The two of a cut link, in the order of its identifiers; some of those seen with a shared one."
    )
    identifiers: list[NamedIdentifier] = strawberry.field(
        description="The ends of the cut link, the shared identifier, or those of the kind that is near its limit."
    )
    blocking: list[NamedIdentifier] = strawberry.field(
        description="The pair that a cut link would have put into one customer."
    )
    namespace: str | None = strawberry.field(description="Of which kind a customer has nearly too many.")
    identifier_count: int | None = strawberry.field(
        description="How many a customer has: of the namespace, or of all kinds."
    )
    since_ms: DateTime = strawberry.field(name="since")
    reason: str
    suggestion: str = strawberry.field(description="What accepting and dismissing it mean.")


@strawberry.type
@declare.needs(Permission.IDENTITY_READ)
class ReviewEdge:
    node: Review
    cursor: str


@strawberry.type(description="Open items, newest first. A page may be short and still have a next one.")
@declare.needs(Permission.IDENTITY_READ)
class ReviewConnection:
    edges: list[ReviewEdge]
    page_info: PageInfo
