"""What subscribers to segments and to customers get."""

from __future__ import annotations

from enum import StrEnum
from typing import cast

import strawberry
from strawberry import Parent

from access.permissions import Permission
from delivery.customers import CustomerUpdate as UpdateOfCustomer
from resolvers import updates
from schema import declare
from schema.context import Info
from schema.execution.lookahead import profile_shape
from schema.scalars import DateTime
from schema.types.cause import CauseKind
from schema.types.customer import Customer
from schema.types.segment import Segment


@strawberry.enum
class SegmentUpdateKind(StrEnum):
    ENTERED = "ENTERED"
    EXITED = "EXITED"


@strawberry.enum(
    description="`MERGED`: it is one with `otherId`; without one, it lost its last identifier and is nobody. "
    "`SPLIT`: it and `otherId` were one and are two; without one, it was nobody and is somebody again. "
    "`UPDATED`: its events, attributes, identifiers, tags or segments may be others now. `ERASED`: it was erased."
)
class CustomerUpdateKind(StrEnum):
    MERGED = "MERGED"
    SPLIT = "SPLIT"
    UPDATED = "UPDATED"
    ERASED = "ERASED"


@strawberry.type
@declare.needs(Permission.UPDATES_SUBSCRIBE)
class ChangeCause:
    kind: CauseKind
    event_id: strawberry.ID | None


async def _customer(root: Parent[updates.Update | UpdateOfCustomer], info: Info) -> Customer | None:
    return cast("Customer | None", await updates.customer(info.context, root, profile_shape(info).need))


async def _segment(root: Parent[updates.Update], info: Info) -> Segment:
    return cast("Segment", await updates.segment(info.context, root))


@strawberry.type(description="A customer entered or left a segment.")
@declare.needs(Permission.UPDATES_SUBSCRIBE)
class SegmentUpdate:
    cursor: str = strawberry.field(description="Pass it as `after` to go on behind this update.")
    id: strawberry.ID
    kind: SegmentUpdateKind
    segment: Segment = declare.resolved(_segment, "One deleted since shows as OFFLINE, with its key only.")
    segment_version: int
    customer_id: strawberry.ID

    customer: Customer | None = declare.resolved(
        _customer, "As it is now; under another id when merged since, null when erased."
    )

    sequence: int = strawberry.field(description="Counts 1, 2, 3 … per segment and customer.")
    occurred_at_ms: DateTime = strawberry.field(name="occurredAt", description="When the rule's answer changed.")
    published_at_ms: DateTime = strawberry.field(name="publishedAt")
    cause: ChangeCause


@strawberry.type(description="Something happened to a customer.")
@declare.needs(Permission.UPDATES_SUBSCRIBE)
class CustomerUpdate:
    cursor: str = strawberry.field(description="Pass it as `after` to go on behind this update.")
    id: strawberry.ID
    kind: CustomerUpdateKind
    customer_id: strawberry.ID = strawberry.field(
        description="The id that was asked for. Where several are concerned: who changed, else who else did."
    )
    other_id: strawberry.ID | None

    customer: Customer | None = declare.resolved(
        _customer, "As it is now; under another id when merged, null when it is nobody or erased."
    )

    occurred_at_ms: DateTime = strawberry.field(name="occurredAt", description="Of `UPDATED`, when it was noticed.")
    published_at_ms: DateTime = strawberry.field(name="publishedAt")
