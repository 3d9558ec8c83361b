"""Who did what."""

from __future__ import annotations

import strawberry

from access.permissions import Permission
from audit.entry import Outcome
from schema import declare
from schema.scalars import DateTime
from schema.types.page import PageInfo

strawberry.enum(
    Outcome,
    name="OperationOutcome",
    description="`REFUSED`: it was wrong or not allowed; `FAILED`: the service could not do it; `UNKNOWN`: the process "
    "died under it.",
)


@strawberry.type(description="One entry of the operation log: names and ids, no values of people.")
@declare.needs(Permission.LOG_READ)
class OperationLogEntry:
    number: float = strawberry.field(description="Its place in the chain, from 1, without gaps.")
    hash: str = strawberry.field(description="Covers the entry and the one before it.")
    at_ms: DateTime = strawberry.field(name="at", description="When it began.")
    module: str = strawberry.field(description="`customer`, `segment`, `tag`, `identity`, `registry`, `audit`, …")
    action: str = strawberry.field(description="The field of the API, several with commas, or the command.")
    object: str | None = strawberry.field(
        description="The key or id that it was about; identifiers as their keyed hash."
    )
    user: str = strawberry.field(description="The id; `cli` for commands, `service` for the service itself.")
    user_name: str
    roles: list[str] = strawberry.field(description="That the user had then.")
    ip: str | None
    request_id: str | None
    outcome: Outcome
    code: str | None = strawberry.field(description="Of the error, when it was refused or failed.")
    dry_run: bool
    purpose: str | None = strawberry.field(description="Why personal data was read, as the reader said.")
    customers: list[strawberry.ID] = strawberry.field(
        name="customerIds", description="Whom it was about, the first 20."
    )
    customer_count: int
    fields: list[str] = strawberry.field(description="What was shown of them in clear.")


@strawberry.type
@declare.needs(Permission.LOG_READ)
class OperationLogEdge:
    node: OperationLogEntry
    cursor: str


@strawberry.type(description="Entries of the operation log, newest first.")
@declare.needs(Permission.LOG_READ)
class OperationLogConnection:
    edges: list[OperationLogEdge]
    page_info: PageInfo
