"""Tags: values computed for customers or put on them, and what comes of changing one."""

from __future__ import annotations

from typing import Annotated, cast

import strawberry
from strawberry import Parent

from access.permissions import Permission
from graph.repositories.tag import TagRecord
from resolvers.customers import customers
from resolvers.pages import DEFAULT_PAGE_ITEMS
from resolvers.tags import spread as tag_spread
from resolvers.tags import tags
from resolvers.tags import versions as tag_versions
from rules.tags.definition import TagKind
from rules.type_problems import ValueType
from schema import declare
from schema.context import Info
from schema.scalars import JSON, DateTime
from schema.types.maintenance import MaintenanceConnection, Upkeep, records, upkeep
from schema.types.node import Node
from schema.types.page import PageInfo
from schema.types.refusal import ValidationError
from schema.types.segment_version import RuleDifference
from schema.types.sharing import Shared
from schema.types.stage import StageFlow
from schema.types.stage import flow as stage_flow
from schema.types.status import BuildStatus
from schema.types.tag_enums import TagMode
from schema.types.tag_version import TagVersionConnection


@strawberry.type(description="How many customers have a value; of a list, each element counts.")
@declare.needs(Permission.TAGS_READ)
class TagValueCount:
    value: JSON
    count: int


@strawberry.type(description="A part of the numbers from (included) to (excluded; the last one included), or a layer.")
@declare.needs(Permission.TAGS_READ)
class TagBucket:
    from_: float | None = strawberry.field(name="from")
    to: float | None
    layer: str | None = strawberry.field(description="Its value; null where numbers were cut into equal parts.")
    count: int


@strawberry.type(description="How the values of a tag are spread over the customers who have one.")
@declare.needs(Permission.TAGS_READ)
class TagDistribution:
    as_of_ms: DateTime | None = strawberry.field(
        name="asOf", description="The state of the columnar store that answered; null from the graph."
    )
    customers: int = strawberry.field(description="Who have a value.")
    values: list[TagValueCount] = strawberry.field(description="The most frequent first.")
    least: float | None = strawberry.field(name="min", description="Null but for tags of numbers.")
    greatest: float | None = strawberry.field(name="max")
    average: float | None
    buckets: list[TagBucket] = strawberry.field(
        description="Equal parts of the numbers, or the layers of a tag that has some; of others none."
    )


async def _versions(
    root: Parent[TagRecord], info: Info, first: int | None = DEFAULT_PAGE_ITEMS, after: str | None = None
) -> TagVersionConnection:
    page = await tag_versions.versions_page(info.context, root, first=first, after=after)
    return cast("TagVersionConnection", page)


async def _version_difference(
    root: Parent[TagRecord], info: Info, from_: Annotated[int, strawberry.argument(name="from")], to: int
) -> list[RuleDifference]:
    found = await tag_versions.version_difference(info.context, root, from_, to)
    return cast("list[RuleDifference]", found)


@strawberry.type(description="A named value that customers carry.")
@declare.needs(Permission.TAGS_READ)
class Tag(Shared, Node):
    key: str
    name: str
    category: str | None = strawberry.field(description="Levels parted by slashes.")
    kind: TagKind
    value_type: ValueType
    mode: TagMode
    zone: str | None = strawberry.field(description="The time zone of its days; null for the deployment's.")
    keep_old: bool = strawberry.field(description="Whether a value stays when there is none any more.")
    version: int = strawberry.field(description="Counts changes that may change values.")
    definition: JSON = strawberry.field(description="As `TagDefinitionInput` takes it.")
    status: BuildStatus = declare.resolved(tags.status)
    as_of_ms: DateTime | None = strawberry.field(
        name="asOf", description="The last full build's instant; of a live tag, live changes come on top."
    )
    last_error: str | None
    progress: float = strawberry.field(description="Of the build that runs, 0 to 1.")
    count: int = declare.resolved(tags.count, "Customers with a value now.", everybody=True)
    values: list[TagValueCount] = declare.resolved(
        tag_spread.values, "The most frequent ones; at most 100.", everybody=True
    )
    distribution: TagDistribution = declare.resolved(
        tag_spread.distribution,
        "At most 100 values and 20 buckets, from the columnar store where there is one.",
        everybody=True,
    )
    flow: list[StageFlow] = declare.resolved(
        stage_flow,
        "Moves between the stages of a life cycle, from (included) to (excluded); of others a fault.",
        everybody=True,
    )
    created_at_ms: DateTime = strawberry.field(name="createdAt")
    updated_at_ms: DateTime = strawberry.field(name="updatedAt")

    versions: TagVersionConnection = declare.resolved(_versions, "Newest first.")
    version_difference: list[RuleDifference] = declare.resolved(
        _version_difference, "What turns one version into another: its definition, mode, zone and keepOld."
    )
    maintenance: MaintenanceConnection = declare.resolved(
        records, "Runs, edits and changes of status, newest first.", everybody=True
    )
    upkeep: Upkeep = declare.resolved(upkeep, "What it reaches, costs and serves.", everybody=True)

    @classmethod
    def is_type_of(cls, value: object, _info: object) -> bool:
        return isinstance(value, TagRecord)


@strawberry.type(description="A label that somebody put on a customer.")
@declare.needs(Permission.CUSTOMERS_READ)
class TagLabel:
    label: str
    author: str
    at_ms: DateTime = strawberry.field(name="at")


@strawberry.type(description="A tag's value on one customer.")
@declare.needs(Permission.CUSTOMERS_READ)
class TagAssignment:
    tag: Tag = declare.resolved(customers.tag_of_assignment)
    value: JSON
    since_ms: DateTime = strawberry.field(name="since")
    labels: list[TagLabel] = strawberry.field(description="Who put what and when; empty for a computed tag.")


@strawberry.type
@declare.needs(Permission.TAGS_READ)
class TagEdge:
    node: Tag
    cursor: str


@strawberry.type(description="Tags by key.")
@declare.needs(Permission.TAGS_READ)
class TagConnection:
    edges: list[TagEdge]
    page_info: PageInfo


@strawberry.type
@declare.needs(Permission.TAGS_READ)
class DeletedTag:
    key: str

    @classmethod
    def is_type_of(cls, value: object, _info: object) -> bool:
        return isinstance(value, tags.Deleted)


@strawberry.type(description="What came of putting labels on customers or taking them off.")
@declare.needs(Permission.CUSTOMERS_READ)
class LabelledCustomers:
    count: int = strawberry.field(description="How many have other labels now.")
    unknown: list[strawberry.ID] = strawberry.field(description="Ids that mean nobody.")

    @classmethod
    def is_type_of(cls, value: object, _info: object) -> bool:
        return isinstance(value, tags.Labelled)


TagResult = Annotated[Tag | ValidationError, strawberry.union("TagResult")]
DeleteTagResult = Annotated[DeletedTag | ValidationError, strawberry.union("DeleteTagResult")]
LabelResult = Annotated[LabelledCustomers | ValidationError, strawberry.union("LabelResult")]
