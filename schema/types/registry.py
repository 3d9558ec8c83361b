"""The registry of names: what data came under which, and what people say of them."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, cast

import strawberry
from strawberry import Parent

from access.permissions import Permission
from graph.repositories.registry import TYPES
from graph.repositories.registry import EventDefinition as StoredEvent
from graph.repositories.registry import ValueDefinition as StoredValue
from resolvers.pages import DEFAULT_PAGE_ITEMS
from resolvers.registry import registry
from schema import declare
from schema.context import Info
from schema.scalars import DateTime
from schema.types.page import PageInfo
from schema.types.refusal import ValidationError


@strawberry.enum(description="What kind of thing a value is.")
class ValueType(StrEnum):
    STRING = "STRING"
    NUMBER = "NUMBER"
    BOOLEAN = "BOOLEAN"
    TIME = "TIME"
    LIST = "LIST"
    OBJECT = "OBJECT"


@strawberry.enum(description="How near values are to a person; none but NONE has examples.")
class PiiClass(StrEnum):
    NONE = "NONE"
    PERSONAL = "PERSONAL"
    SENSITIVE = "SENSITIVE"


@strawberry.enum(description="What becomes of a value of another type than its name's.")
class ConflictHandling(StrEnum):
    KEEP = "KEEP"
    COERCE = "COERCE"
    QUARANTINE = "QUARANTINE"


@strawberry.enum(description="How the dictionary is written.")
class DictionaryFormat(StrEnum):
    MARKDOWN = "MARKDOWN"
    CSV = "CSV"


@strawberry.enum(description="Of headings, and of business names where there are both.")
class Language(StrEnum):
    ZH = "ZH"
    EN = "EN"


@strawberry.enum(description="What kind of thing has a rule.")
class RuleUserKind(StrEnum):
    SEGMENT = "SEGMENT"
    TAG = "TAG"


@strawberry.type(description="Something with a rule.")
@declare.needs(declare.ANYONE)
class RuleUser:
    kind: RuleUserKind
    key: str
    name: str


@strawberry.type(description="How many values of a type came.")
@declare.needs(Permission.REGISTRY_READ)
class TypeCount:
    type: ValueType
    value_count: float


def _type_counts(root: Parent[StoredValue]) -> list[TypeCount]:
    return [
        TypeCount(type=ValueType(found), value_count=count)
        for found, count in zip(TYPES, root.counts, strict=True)
        if count
    ]


def _type_is_set(root: Parent[StoredValue]) -> bool:
    return root.set_type is not None


def _value_count(root: Parent[StoredValue | StoredEvent]) -> float:
    return root.count


@strawberry.interface(description="A name that values come under. Counts are whole numbers, and approximate.")
@declare.needs(Permission.REGISTRY_READ)
class ValueDefinition:
    name: str
    name_zh: str | None
    name_en: str | None
    description: str | None
    type: ValueType = strawberry.field(description="What people said, else that of the first value.")
    type_is_set: bool = declare.resolved(_type_is_set)
    unit: str | None
    pii: PiiClass = strawberry.field(name="piiClass")
    active: bool = strawberry.field(description="Whether new rules may use it.")
    on_conflict: ConflictHandling
    first_at_ms: DateTime = strawberry.field(name="firstSeen")
    last_at_ms: DateTime = strawberry.field(name="lastSeen")
    value_count: float = declare.resolved(_value_count)
    type_counts: list[TypeCount] = declare.resolved(_type_counts, "Values as stored, by type.")
    conflict_count: float = strawberry.field(description="Those of another type.")
    example: str | None = strawberry.field(description="Masked.")
    used_by: list[RuleUser] = declare.resolved(registry.used_by, "What has a rule that names it, by key.")


@strawberry.type(description="An attribute of customers.")
@declare.needs(Permission.REGISTRY_READ)
class AttributeDefinition(ValueDefinition):
    @classmethod
    def is_type_of(cls, value: object, _info: object) -> bool:
        return isinstance(value, StoredValue) and value.event is None


@strawberry.type(description="A property of an event.")
@declare.needs(Permission.REGISTRY_READ)
class PropertyDefinition(ValueDefinition):
    event: str

    @classmethod
    def is_type_of(cls, value: object, _info: object) -> bool:
        return isinstance(value, StoredValue) and value.event is not None


@strawberry.type
@declare.needs(Permission.REGISTRY_READ)
class AttributeDefinitionEdge:
    node: AttributeDefinition
    cursor: str


@strawberry.type(description="Attributes by name.")
@declare.needs(Permission.REGISTRY_READ)
class AttributeDefinitionConnection:
    edges: list[AttributeDefinitionEdge]
    page_info: PageInfo


@strawberry.type
@declare.needs(Permission.REGISTRY_READ)
class PropertyDefinitionEdge:
    node: PropertyDefinition
    cursor: str


@strawberry.type(description="An event's properties by name.")
@declare.needs(Permission.REGISTRY_READ)
class PropertyDefinitionConnection:
    edges: list[PropertyDefinitionEdge]
    page_info: PageInfo


async def _properties(
    root: Parent[StoredEvent],
    info: Info,
    search: str | None = None,
    first: int | None = DEFAULT_PAGE_ITEMS,
    after: str | None = None,
    include_off: bool = False,
) -> PropertyDefinitionConnection:
    page = await registry.properties_page(info.context, root.name, search, first, after, include_off)
    return cast("PropertyDefinitionConnection", page)


@strawberry.type(description="An event that customers do. Counts are whole numbers, and approximate.")
@declare.needs(Permission.REGISTRY_READ)
class EventDefinition:
    name: str
    name_zh: str | None
    name_en: str | None
    description: str | None
    active: bool = strawberry.field(description="Whether new rules may use it.")
    first_at_ms: DateTime = strawberry.field(name="firstSeen")
    last_at_ms: DateTime = strawberry.field(name="lastSeen")
    event_count: float = declare.resolved(_value_count)
    property_definitions: PropertyDefinitionConnection = declare.resolved(_properties, "By name.")
    used_by: list[RuleUser] = declare.resolved(registry.used_by, "What has a rule that names it, by key.")

    @classmethod
    def is_type_of(cls, value: object, _info: object) -> bool:
        return isinstance(value, StoredEvent)


@strawberry.type
@declare.needs(Permission.REGISTRY_READ)
class EventDefinitionEdge:
    node: EventDefinition
    cursor: str


@strawberry.type(description="Events by name.")
@declare.needs(Permission.REGISTRY_READ)
class EventDefinitionConnection:
    edges: list[EventDefinitionEdge]
    page_info: PageInfo


AttributeDefinitionResult = Annotated[
    AttributeDefinition | ValidationError, strawberry.union("AttributeDefinitionResult")
]
PropertyDefinitionResult = Annotated[PropertyDefinition | ValidationError, strawberry.union("PropertyDefinitionResult")]
EventDefinitionResult = Annotated[EventDefinition | ValidationError, strawberry.union("EventDefinitionResult")]
