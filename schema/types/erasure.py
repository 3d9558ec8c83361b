"""The proof of an erasure."""

from __future__ import annotations

from enum import StrEnum

import strawberry

from access.permissions import Permission
from schema import declare
from schema.scalars import DateTime
from schema.types.identity import DecisionState


@strawberry.enum(
    description="Where a person can be. `GRAPH`: identifiers, with attributes, memberships, tags, evidence. `CALLS`: "
    "events and other calls. `INGEST`: calls that had been accepted and not applied. `QUARANTINE`: calls that were put "
    "aside. `COLUMNS`: the columnar store."
)
class ErasurePlaceName(StrEnum):
    GRAPH = "GRAPH"
    CALLS = "CALLS"
    INGEST = "INGEST"
    QUARANTINE = "QUARANTINE"
    COLUMNS = "COLUMNS"


@strawberry.type(description="A place that an erasure goes through.")
@declare.needs(Permission.IDENTITY_READ)
class ErasurePlace:
    place: ErasurePlaceName
    removed: int | None = strawberry.field(
        description="Identifiers of `GRAPH`, calls of `CALLS` and `QUARANTINE`; null where nothing is counted."
    )
    done_at_ms: DateTime | None = strawberry.field(
        name="doneAt", description="Null while something may be left there, or nobody runs it."
    )


@strawberry.type(description="What an erasure removed where, and when. It holds nothing of the person.")
@declare.needs(Permission.IDENTITY_READ)
class ErasureReport:
    decision_id: strawberry.ID
    customer_ids: list[strawberry.ID] = strawberry.field(description="Ids that nobody has any more.")
    requested_at_ms: DateTime = strawberry.field(name="requestedAt")
    author: str
    reason: str
    state: DecisionState
    done_at_ms: DateTime | None = strawberry.field(name="doneAt")
    places: list[ErasurePlace]
    ids_told_until_ms: DateTime = strawberry.field(
        name="idsToldUntil",
        description="Until then the change log names the ids, and those of events that caused changes.",
    )
