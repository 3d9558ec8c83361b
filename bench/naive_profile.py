"""The same profile as people write it first: plain Strawberry, one async resolver a field, one managed query each.

For comparison with Kith's own read, on the same graph in the same run. Run: `python -m bench.naive_profile PORT`, with
the settings of a service in the environment.
"""

from __future__ import annotations

import sys
from typing import cast

import msgspec
import strawberry
import uvicorn
from neo4j import AsyncDriver, AsyncGraphDatabase, RoutingControl
from neo4j import Record as Row
from starlette.applications import Starlette
from starlette.routing import Route
from strawberry.asgi import GraphQL
from strawberry.scalars import JSON

from base.clock import iso
from base.keys import Keyring
from base.settings import Settings, load_settings
from bench.queries import load
from graph.personal import Field, Stored
from graph.queries import Query, given

_READABLE = ("email", "phone")


FIND_CUSTOMER, GET_IDENTIFIERS = load("find_customer"), load("get_identifiers")
GET_EVENTS, GET_SEGMENTS = load("get_events"), load("get_segments")


class Store:
    """Driver and keys of the process."""

    driver: AsyncDriver
    keyring: Keyring

    @classmethod
    async def run(cls, query: Query, **parameters: object) -> list[Row]:
        """One managed read transaction."""
        result = await cls.driver.execute_query(
            query.text,
            given(parameters),
            routing_=RoutingControl.READ,
            database_="neo4j",
        )
        return result.records


@strawberry.type
class Identifier:
    namespace: str
    value: str
    first_seen: str
    last_seen: str


@strawberry.type
class Attribute:
    name: str
    value: JSON
    observed_at: str
    source: str


@strawberry.type
class Event:
    id: strawberry.ID
    name: str
    at: str
    received_at: str
    source: str
    properties: JSON


@strawberry.type
class EventEdge:
    node: Event


@strawberry.type
class EventConnection:
    edges: list[EventEdge]


@strawberry.type
class Segment:
    key: str
    name: str


@strawberry.type
class SegmentMembership:
    segment: Segment
    since: str
    segment_version: int


@strawberry.type
class TagAssignment:
    since: str


@strawberry.type
class Customer:
    id: strawberry.ID
    stored_attributes: strawberry.Private[Stored]

    @strawberry.field
    async def identifiers(self) -> list[Identifier]:
        return [
            Identifier(
                namespace=row["namespace"],
                value=Store.keyring.open_display(row["cipher"], row["uid"]),
                first_seen=iso(row["first_seen"]),
                last_seen=iso(row["last_seen"]),
            )
            for row in await Store.run(GET_IDENTIFIERS, id=self.id)
        ]

    @strawberry.field
    async def attributes(self) -> list[Attribute]:
        stored = msgspec.json.decode(Store.keyring.open_text(self.stored_attributes, Field.ATTRIBUTES, self.id))
        found = [
            Attribute(name=name, value=one["v"], observed_at=iso(one["at"]), source=one["s"])
            for name, one in stored.items()
        ]
        # E-mail and phone are attributes too, and stored as identifiers only.
        for row in await Store.run(GET_IDENTIFIERS, id=self.id):
            if row["namespace"] in _READABLE:
                value = Store.keyring.open_display(row["cipher"], row["uid"])
                seen = iso(row["last_seen"])
                found.append(
                    Attribute(name=row["namespace"], value=cast("JSON", value), observed_at=seen, source="identifier")
                )
        return found

    @strawberry.field
    async def events(self, first: int = 20) -> EventConnection:
        return EventConnection(
            edges=[
                EventEdge(
                    node=Event(
                        id=row["id"],
                        name=row["name"],
                        at=iso(row["at"]),
                        received_at=iso(row["received_at"]),
                        source=row["source"],
                        properties=msgspec.json.decode(
                            Store.keyring.open_text(row["properties"], Field.PROPERTIES, row["id"])
                        ),
                    )
                )
                for row in await Store.run(GET_EVENTS, id=self.id, count=first)
            ]
        )

    @strawberry.field
    async def tags(self) -> list[TagAssignment]:
        return []

    @strawberry.field
    async def segments(self) -> list[SegmentMembership]:
        return [
            SegmentMembership(
                segment=Segment(key=row["key"], name=row["name"]),
                since=iso(row["since"]),
                segment_version=row["segment_version"],
            )
            for row in await Store.run(GET_SEGMENTS, id=self.id)
        ]


@strawberry.input
class IdentifierInput:
    namespace: str
    value: str


@strawberry.type(name="Query")
class Root:
    @strawberry.field
    async def customer(self, identifier: IdentifierInput) -> Customer | None:
        rows = await Store.run(FIND_CUSTOMER, uid=Store.keyring.uid(identifier.namespace, identifier.value))
        if not rows:
            return None
        return Customer(id=rows[0]["id"], stored_attributes=rows[0]["attributes"])


def create_app(settings: Settings) -> Starlette:
    """The application; connects when it is first used."""
    Store.driver = AsyncGraphDatabase.driver(settings.neo4j_uri, auth=(settings.neo4j_user, settings.neo4j_password))
    Store.keyring = Keyring(settings.secret_key)
    schema = strawberry.Schema(Root)
    return Starlette(routes=[Route("/graphql", GraphQL[None, None](schema))])


if __name__ == "__main__":
    uvicorn.run(create_app(load_settings()), host="127.0.0.1", port=int(sys.argv[1]), log_level="warning")
