"""What a decision about identity does."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import strawberry
from strawberry import Parent

from delivery.change import Change
from resolvers.identity import identity
from schema import declare
from schema.types.identity import NamedIdentifier
from schema.types.refusal import ValidationError
from schema.types.update import SegmentUpdateKind


@strawberry.enum(description="What becomes of a customer.")
class CustomerFate(StrEnum):
    KEPT = "KEPT"
    CREATED = "CREATED"
    RETIRED = "RETIRED"
    RETURNED = "RETURNED"
    ERASED = "ERASED"


@strawberry.type(description="A customer that is not as it was.")
@declare.needs(declare.ANYONE)
class CustomerEffect:
    customer_id: strawberry.ID
    fate: CustomerFate = strawberry.field(description="`RETURNED`: a retired id is somebody again.")
    merged_into: strawberry.ID | None = strawberry.field(description="Who answers for a retired id from now on.")
    gained: list[NamedIdentifier]
    lost: list[NamedIdentifier]
    identifier_count: int = strawberry.field(description="How many it has afterwards.")


@strawberry.type(description="A segment that a customer enters or leaves.")
@declare.needs(declare.ANYONE)
class MembershipEffect:
    customer_id: strawberry.ID
    segment_key: str
    kind: SegmentUpdateKind


def _changes(root: Parent[identity.ShownEffect]) -> list[MembershipEffect]:
    return [_membership(change) for change in root.changes]


def _membership(change: Change) -> MembershipEffect:
    return MembershipEffect(
        customer_id=strawberry.ID(change.customer),
        segment_key=change.segment,
        kind=SegmentUpdateKind(change.kind),
    )


@strawberry.type(description="What a decision did, or in a dry run: would do.")
@declare.needs(declare.ANYONE)
class IdentityEffect:
    decision_id: strawberry.ID | None = strawberry.field(description="Null in a dry run; `undo` takes it.")
    dry_run: bool
    customers: list[CustomerEffect]
    changes: list[MembershipEffect] = strawberry.field(resolver=_changes)
    call_count: int | None = strawberry.field(description="Of an erasure: calls that are deleted.")

    @classmethod
    def is_type_of(cls, value: object, _info: object) -> bool:
        return isinstance(value, identity.ShownEffect)


@strawberry.type(
    description="A decision about so many calls that it takes effect, or is taken back, in the background. What "
    "becomes of the customers is not computed before; counts are a dry run's."
)
@declare.needs(declare.ANYONE)
class IdentityJob:
    decision_id: strawberry.ID | None = strawberry.field(
        description="`decision(id)` tells how far it is, `undo` takes it; null in a dry run."
    )
    dry_run: bool
    call_count: int | None = strawberry.field(description="Calls to take back, or to give back.")
    identifier_count: int | None = strawberry.field(description="Identifiers that these calls hang on.")
    customer_count: int | None = strawberry.field(description="Customers who have these identifiers now.")
    complete: bool | None = strawberry.field(description="False when counting took too long: then there are more.")

    @classmethod
    def is_type_of(cls, value: object, _info: object) -> bool:
        return isinstance(value, identity.ShownJob)


IdentityResult = Annotated[IdentityEffect | IdentityJob | ValidationError, strawberry.union("IdentityResult")]
