"""Identity: who was joined, parted and why."""

from __future__ import annotations

from enum import StrEnum
from typing import cast

import strawberry
from strawberry import Parent

from access.permissions import Permission
from resolvers.customers.profiles import Profile
from resolvers.identity import identity
from resolvers.pages import DEFAULT_PAGE_ITEMS
from schema import declare
from schema.context import Info
from schema.scalars import DateTime
from schema.types.page import PageInfo


@strawberry.type(description="An identifier as people know it.")
@declare.needs(Permission.IDENTITY_READ)
class NamedIdentifier:
    namespace: str
    value: str | None = strawberry.field(description="Null when no call has shown it yet.")


@strawberry.enum(description="What people decided, and what the resolver did.")
class DecisionKind(StrEnum):
    MUST_LINK = "MUST_LINK"
    CANNOT_LINK = "CANNOT_LINK"
    BLOCK = "BLOCK"
    UNBLOCK = "UNBLOCK"
    REVOKE_CALL = "REVOKE_CALL"
    REVOKE_IMPORT = "REVOKE_IMPORT"
    DISMISS = "DISMISS"
    ERASE = "ERASE"
    CONSENT = "CONSENT"
    RESTRICT = "RESTRICT"
    LIFT = "LIFT"
    UNDO = "UNDO"
    MERGE = "MERGE"
    SPLIT = "SPLIT"
    MOVE = "MOVE"
    REJECT = "REJECT"


@strawberry.enum(description="Whether a decision has taken effect, or been taken back, everywhere.")
class DecisionState(StrEnum):
    RUNNING = "RUNNING"
    DONE = "DONE"


@strawberry.type(description="One line of the log of identity.")
@declare.needs(Permission.IDENTITY_READ)
class Decision:
    id: strawberry.ID
    kind: DecisionKind
    at_ms: DateTime = strawberry.field(name="at")
    author: str = strawberry.field(description="`resolver` for what followed from calls and decisions.")
    reason: str | None
    policy_version: int
    stands: bool = strawberry.field(description="False once it was undone.")
    subject: str | None = strawberry.field(
        description="The call or source that was taken back, the item of the review list that was dismissed, or the "
        "decision that was undone."
    )
    customer_ids: list[strawberry.ID] = strawberry.field(
        description="Of what the resolver did: the survivor and the retired one, the new and the earlier owner."
    )
    identifiers: list[NamedIdentifier]
    state: DecisionState = strawberry.field(description="`RUNNING` while it goes on in the background.")
    progress: float = strawberry.field(description="0 to 1.")
    call_count: int | None = strawberry.field(
        description="Of a source that is taken back: its calls so far. Of an erasure: all calls that it deletes."
    )


@strawberry.type
@declare.needs(Permission.IDENTITY_READ)
class DecisionEdge:
    node: Decision
    cursor: str


@strawberry.type(description="Decisions, newest first.")
@declare.needs(Permission.IDENTITY_READ)
class DecisionConnection:
    edges: list[DecisionEdge]
    page_info: PageInfo


async def decisions(
    root: Parent[Profile], info: Info, first: int | None = DEFAULT_PAGE_ITEMS, after: str | None = None
) -> DecisionConnection:
    """A page of a customer's decisions."""
    return cast("DecisionConnection", await identity.decisions_page(info.context, root, first, after))


@strawberry.type(description="Where a set of identifiers was seen together.")
@declare.needs(Permission.IDENTITY_READ)
class IdentityEvidence:
    source: str
    first_at_ms: DateTime = strawberry.field(name="firstAt")
    last_at_ms: DateTime = strawberry.field(name="lastAt")
    call_count: int = strawberry.field(name="count", description="Of calls that showed it.")


@strawberry.enum(description="Why a link was cut.")
class LinkRejection(StrEnum):
    LIMIT = "LIMIT"
    NO_BRIDGE = "NO_BRIDGE"
    CANNOT_LINK = "CANNOT_LINK"


@strawberry.type(description="A link between two identifiers.")
@declare.needs(Permission.IDENTITY_READ)
class IdentityHop:
    from_: NamedIdentifier = strawberry.field(name="from")
    to: NamedIdentifier
    accepted: bool
    bridge: bool = strawberry.field(description="Without this link alone the customer would be two: the first suspect.")
    reason: LinkRejection | None = strawberry.field(description="Why it was cut; null for an accepted link.")
    blocking: list[NamedIdentifier] = strawberry.field(
        description="The pair that a cut link would have put into one customer."
    )
    decision_id: strawberry.ID | None = strawberry.field(description="Of a person who joined the two.")
    evidence: list[IdentityEvidence]


@strawberry.type(description="Why two identifiers are one customer, or why not.")
@declare.needs(Permission.IDENTITY_READ)
class IdentityExplanation:
    together: bool
    policy_version: int
    hops: list[IdentityHop] = strawberry.field(
        description="The shortest way between the two, over cut links where there is no other; empty when nothing "
        "connects them."
    )
    shared: list[NamedIdentifier] = strawberry.field(
        description="Which of the two belong to too many people to join any."
    )
