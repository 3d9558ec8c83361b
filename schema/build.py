"""Puts the schema together. `python -m schema.build` prints it into schema/schema.graphql."""

from __future__ import annotations

from pathlib import Path

import strawberry
from strawberry.schema.config import StrawberryConfig

from schema.mutation import Mutation
from schema.query import Query
from schema.scalars import SCALARS
from schema.subscription import Subscription
from schema.types.customer import Customer
from schema.types.segment import Segment
from schema.types.tag import Tag

PRINTED = Path(__file__).with_name("schema.graphql")


def build_schema() -> strawberry.Schema:
    """The schema; the same in every process."""
    return strawberry.Schema(
        query=Query,
        mutation=Mutation,
        subscription=Subscription,
        types=[Customer, Segment, Tag],
        config=StrawberryConfig(scalar_map=SCALARS),
    )


def printed() -> str:
    """The schema as text, as it is committed."""
    return build_schema().as_str() + "\n"


if __name__ == "__main__":
    PRINTED.write_text(printed(), encoding="utf-8")
