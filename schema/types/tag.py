"""Tags: values computed or put on customers. Their definitions can be read; none exist yet."""

from __future__ import annotations

import strawberry

from resolvers.tags import NoTag
from schema.scalars import JSON, DateTime
from schema.types.node import Node
from schema.types.page import PageInfo


@strawberry.type(description="A named value that customers carry.")
class Tag(Node):
    key: str
    name: str

    @classmethod
    def is_type_of(cls, value: object, _info: object) -> bool:
        return isinstance(value, NoTag)


@strawberry.type(description="A tag's value on one customer.")
class TagAssignment:
    tag: Tag
    value: JSON
    since_ms: DateTime = strawberry.field(name="since")


@strawberry.type
class TagEdge:
    node: Tag
    cursor: str


@strawberry.type
class TagConnection:
    edges: list[TagEdge]
    page_info: PageInfo
