"""Answers to questions about rules and calls."""

from __future__ import annotations

from enum import StrEnum

import strawberry

from access.permissions import Permission
from schema import declare
from schema.scalars import JSON, DateTime


@strawberry.type(description="How many customers a rule holds for.")
@declare.needs(Permission.COUNTS_ESTIMATE)
class Estimate:
    count: int = strawberry.field(description="With a purpose: of those who may be reached for it.")
    is_exact: bool = strawberry.field(
        description="False for whoever lacks `counts:small`: counts are then lower bounds, here and everywhere."
    )
    as_of_ms: DateTime = strawberry.field(name="asOf")
    withheld: int | None = strawberry.field(description="Those who may not; null without a purpose.")


@strawberry.type(description="One node of a rule, and what it says about one customer.")
@declare.needs(Permission.CUSTOMERS_READ)
class Explanation:
    kind: str = strawberry.field(
        description="`all`, `any`, `not`, `everyone`, `attribute`, `event`, `sequence`, `habit`, `tag` or `segment`."
    )
    condition: JSON | None = strawberry.field(
        description="A leaf as `RuleInput` takes it; null for `all`, `any` and `not`, whose children say it."
    )
    answer: bool
    value: JSON | None = strawberry.field(
        description="What was seen: the value of the attribute or tag, the measure, what docs/rules.md says of others."
    )
    event_ids: list[strawberry.ID] = strawberry.field(description="The deciding events, newest first, at most 20.")
    children: list[Explanation]


@strawberry.enum
class IngestState(StrEnum):
    PENDING = "PENDING"
    APPLIED = "APPLIED"
    QUARANTINED = "QUARANTINED"
    UNKNOWN = "UNKNOWN"


@strawberry.type(description="What became of one call.")
@declare.needs(Permission.CALLS_READ)
class IngestStatus:
    message_id: str
    state: IngestState
    reason: str | None = strawberry.field(description="Why it is in the quarantine.")
