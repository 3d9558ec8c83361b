"""How long events and attributes are kept."""

from __future__ import annotations

from typing import Annotated

import strawberry

from access.permissions import Permission
from graph.repositories.retention import RetentionRule as StoredRule
from resolvers import retention
from schema import declare
from schema.scalars import DateTime
from schema.types.refusal import ValidationError


@strawberry.type(description="What a night removed under a rule.")
@declare.needs(Permission.CONSENTS_READ)
class RetentionRun:
    at_ms: DateTime = strawberry.field(name="at")
    started_at_ms: DateTime = strawberry.field(name="startedAt")
    removed: int = strawberry.field(description="Events, or values of identifiers.")


@strawberry.type(
    description="Events of a name go after so many days; values of an attribute when they were not reported again for "
    "so long."
)
@declare.needs(Permission.CONSENTS_READ)
class RetentionRule:
    event: str | None = declare.resolved(retention.event)
    attribute: str | None = declare.resolved(retention.attribute)
    days: int
    reason: str
    at_ms: DateTime = strawberry.field(name="at", description="When it was said.")
    runs: list[RetentionRun] = declare.resolved(
        retention.runs, "What nights removed, newest first, 100 at most.", everybody=True
    )

    @classmethod
    def is_type_of(cls, value: object, _info: object) -> bool:
        return isinstance(value, StoredRule)


@strawberry.type(description="Kept for ever again; what was removed stays away.")
@declare.needs(Permission.RETENTION_CHANGE)
class RemovedRetention:
    key: str

    @classmethod
    def is_type_of(cls, value: object, _info: object) -> bool:
        return isinstance(value, retention.Removed)


@strawberry.type(description="What would be removed now.")
@declare.needs(Permission.RETENTION_CHANGE)
class RetentionPreview:
    count: float = strawberry.field(description="Of events, or of values of identifiers; a whole number.")
    oldest_at_ms: DateTime | None = strawberry.field(name="oldestAt")
    complete: bool = strawberry.field(description="False where there is more than a preview looks at.")


RetentionResult = Annotated[RetentionRule | RemovedRetention | ValidationError, strawberry.union("RetentionResult")]
