"""How clients name a customer."""

from __future__ import annotations

from enum import StrEnum

import strawberry

from resolvers.customers.listing import AskedOrder


@strawberry.input(description="One value by which somebody is recognised; it is normalised like incoming data.")
class IdentifierInput:
    namespace: str = strawberry.field(
        description="`user_id`, `anonymous_id`, `email`, `phone`, `device_id`, `wx_unionid`, "
        "`wx_openid:<app>`, `crm:<source>`, …"
    )
    value: str


@strawberry.enum
class OrderDirection(StrEnum):
    ASC = "ASC"
    DESC = "DESC"


@strawberry.input(
    description="By exactly one thing. Booleans, then numbers, times and other texts, by their first 100 characters; "
    "who has no such value comes last, and equal ones are in the order of their ids."
)
class CustomerOrder:
    attribute: str | None = strawberry.field(default=None, description="Its name, or a path into an object.")
    tag: str | None = strawberry.field(default=None, description="Its key; not one of lists.")
    last_event: str | None = strawberry.field(default=None, description="When it last happened: the event's name.")
    created_at: bool | None = strawberry.field(default=None, description="When the customer was first seen.")
    direction: OrderDirection = OrderDirection.ASC


def order_of(given: CustomerOrder) -> AskedOrder:
    """The order that an input asks for."""
    return AskedOrder(
        attribute=given.attribute,
        tag=given.tag,
        last_event=given.last_event,
        created_at=bool(given.created_at),
        descending=given.direction is OrderDirection.DESC,
    )
