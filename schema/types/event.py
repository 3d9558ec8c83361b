"""What customers did."""

from __future__ import annotations

import strawberry

from access.permissions import Permission
from schema import declare
from schema.scalars import JSON, DateTime
from schema.types.page import PageInfo


@strawberry.type(description="One thing a customer did.")
@declare.needs(Permission.CUSTOMERS_READ)
class Event:
    id: strawberry.ID
    name: str
    at_ms: DateTime = strawberry.field(name="at", description="When it happened.")
    received_at_ms: DateTime = strawberry.field(name="receivedAt", description="When it was accepted.")
    source: str
    properties: JSON


@strawberry.type
@declare.needs(Permission.CUSTOMERS_READ)
class EventEdge:
    node: Event
    cursor: str


@strawberry.type(description="Events, newest first.")
@declare.needs(Permission.CUSTOMERS_READ)
class EventConnection:
    edges: list[EventEdge]
    page_info: PageInfo
