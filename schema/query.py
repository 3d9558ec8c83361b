"""The root of all reads."""

from __future__ import annotations

from typing import Annotated, cast

import strawberry

from access.permissions import Permission
from audit.entry import Outcome
from base.ids import CUSTOMER_PREFIX, SEGMENT_PREFIX, TAG_PREFIX
from graph.repositories.customer import CustomerKey
from resolvers import ingest, lists, operation_log, overview, retention, rules
from resolvers.access import keys, roles, users
from resolvers.consent import purposes
from resolvers.customers import customers
from resolvers.identity import erasure, identity, policy, review
from resolvers.pages import DEFAULT_PAGE_ITEMS
from resolvers.registry import dictionary, registry
from resolvers.segments import segments
from resolvers.tags import tags
from schema import declare
from schema.context import Info
from schema.execution.lookahead import profile_shape
from schema.inputs.customer import CustomerOrder, IdentifierInput, order_of
from schema.inputs.rule import RuleInput, rule_document
from schema.scalars import DateTime
from schema.types.access import AccessKey, Me, Role, me
from schema.types.answer import Estimate, Explanation, IngestStatus
from schema.types.consent import Purpose
from schema.types.customer import Customer, CustomerConnection
from schema.types.erasure import ErasureReport
from schema.types.identity import Decision, IdentityExplanation
from schema.types.node import Node
from schema.types.operation_log import OperationLogConnection
from schema.types.overview import Overview
from schema.types.policy import IdentityPolicy
from schema.types.registry import (
    AttributeDefinitionConnection,
    DictionaryFormat,
    EventDefinitionConnection,
    Language,
)
from schema.types.retention import RetentionPreview, RetentionRule
from schema.types.review import ReviewConnection, ReviewKind
from schema.types.segment import Segment, SegmentConnection, SegmentFolder
from schema.types.tag import Tag, TagConnection
from schema.types.user import User


@strawberry.type
class Query:
    @declare.field(declare.ANYONE, "Anything by its id.", scoped=True)
    async def node(self, info: Info, id: strawberry.ID) -> Node | None:
        # Whether there is such a thing is told only to those who may see it.
        if id.startswith(CUSTOMER_PREFIX):
            info.context.principal.require(Permission.CUSTOMERS_READ, "node")
            shape = profile_shape(info)
            return cast("Node | None", await customers.find(info.context, CustomerKey(id=id), shape.need, None))
        if id.startswith(SEGMENT_PREFIX):
            info.context.principal.require(Permission.SEGMENTS_READ, "node")
            return cast("Node | None", await segments.find_by_id(info.context, id))
        if id.startswith(TAG_PREFIX):
            info.context.principal.require(Permission.TAGS_READ, "node")
            return cast("Node | None", await tags.find_by_id(info.context, id))
        return None

    @declare.field(Permission.CUSTOMERS_READ, "One customer by id or identifier; null when nobody has it.", scoped=True)
    async def customer(
        self, info: Info, id: strawberry.ID | None = None, identifier: IdentifierInput | None = None
    ) -> Customer | None:
        named = None if identifier is None else (identifier.namespace, identifier.value)
        key = customers.key_of(info.context.services, id, named)
        shape = profile_shape(info)
        found = await customers.find(info.context, key, shape.need, shape if shape.parts is not None else None)
        return cast("Customer | None", found)

    @declare.field(
        Permission.CUSTOMERS_READ,
        "Customers: all by id, those a rule holds for, those a search finds, or in an order; of a purpose, those who "
        "may be reached for it.",
        scoped=True,
    )
    async def customers(
        self,
        info: Info,
        where: RuleInput | None = None,
        search: str | None = None,
        order_by: CustomerOrder | None = None,
        purpose: str | None = None,
        channel: str | None = None,
        first: int | None = DEFAULT_PAGE_ITEMS,
        after: str | None = None,
    ) -> CustomerConnection:
        document = None if where is None else rule_document(where)
        need = profile_shape(info, "edges", "node").need
        order = None if order_by is None else order_of(order_by)
        page = await lists.customers_page(
            info.context, document, search, order, need, first=first, after=after, purpose=purpose, channel=channel
        )
        return cast("CustomerConnection", page)

    @declare.field(Permission.SEGMENTS_READ, "One segment by key.", scoped=True)
    async def segment(self, info: Info, key: str) -> Segment | None:
        return cast("Segment | None", await segments.find(info.context, key))

    @declare.field(
        Permission.SEGMENTS_READ,
        "Segments by key; a search looks for a part of key or name, a folder holds those below it too, and `archived` "
        "asks for those that are archived, or are not; `favourite` for yours.",
        scoped=True,
    )
    async def segments(
        self,
        info: Info,
        search: str | None = None,
        folder: str | None = None,
        archived: bool | None = None,
        favourite: bool = False,
        first: int | None = DEFAULT_PAGE_ITEMS,
        after: str | None = None,
    ) -> SegmentConnection:
        page = await segments.list_page(
            info.context, search=search, folder=folder, archived=archived, favourite=favourite, first=first, after=after
        )
        return cast("SegmentConnection", page)

    @declare.field(
        Permission.SEGMENTS_READ, "Folders that hold segments themselves, by path, 1,000 at most.", scoped=True
    )
    async def segment_folders(self, info: Info) -> list[SegmentFolder]:
        return cast("list[SegmentFolder]", await segments.folders(info.context))

    @declare.field(Permission.TAGS_READ, "One tag by key.", scoped=True)
    async def tag(self, info: Info, key: str) -> Tag | None:
        return cast("Tag | None", await tags.find(info.context, key))

    @declare.field(
        Permission.TAGS_READ,
        "Tags by key; a search looks for a part of key or name, a category includes those below it; `favourite` asks "
        "for yours.",
        scoped=True,
    )
    async def tags(
        self,
        info: Info,
        search: str | None = None,
        category: str | None = None,
        favourite: bool = False,
        first: int | None = DEFAULT_PAGE_ITEMS,
        after: str | None = None,
    ) -> TagConnection:
        page = await tags.list_page(
            info.context, search=search, category=category, favourite=favourite, first=first, after=after
        )
        return cast("TagConnection", page)

    @declare.field(
        Permission.SEGMENTS_READ,
        "How many tags and segments there are, over so many days (731 at most), and which need looking at.",
    )
    async def overview(self, info: Info, days: int = 30) -> Overview:
        return cast("Overview", await overview.overview(info.context, days))

    @declare.field(
        Permission.COUNTS_ESTIMATE,
        "How many customers a rule holds for now; of a purpose, how many may be reached for it.",
        scoped=True,
    )
    async def estimate(
        self, info: Info, where: RuleInput, purpose: str | None = None, channel: str | None = None
    ) -> Estimate:
        return cast("Estimate", await rules.estimate(info.context, rule_document(where), purpose, channel))

    @declare.field(Permission.CONSENTS_READ, "What customers are asked to agree to, by key, 50 at most.", scoped=True)
    async def purposes(self, info: Info) -> list[Purpose]:
        return cast("list[Purpose]", await purposes.list_all(info.context))

    @declare.field(
        Permission.CUSTOMERS_READ,
        "Why a segment's rule, or any rule, holds for a customer now, or why not; why a tag has its value.",
        scoped=True,
    )
    async def explain(
        self,
        info: Info,
        customer: strawberry.ID,
        segment: str | None = None,
        tag: str | None = None,
        where: RuleInput | None = None,
    ) -> Explanation:
        document = None if where is None else rule_document(where)
        if customers.is_customer_id(customer):
            info.context.customers_read[customer] = None
        found = await rules.explain_for(info.context, customer, segment=segment, tag=tag, where=document)
        return cast("Explanation", found)

    @declare.field(
        Permission.IDENTITY_READ, "Why two identifiers are one customer, or why not; null when nobody has one of them."
    )
    async def explain_identity(self, info: Info, a: IdentifierInput, b: IdentifierInput) -> IdentityExplanation | None:
        found = await identity.explanation(info.context, (a.namespace, a.value), (b.namespace, b.value))
        return cast("IdentityExplanation | None", found)

    @declare.field(
        Permission.IDENTITY_READ, "The policy of identity in force; a version of it, or the trial of a dry run, by id."
    )
    async def identity_policy(
        self, info: Info, id: strawberry.ID | None = None, version: int | None = None
    ) -> IdentityPolicy | None:
        return cast("IdentityPolicy | None", await policy.find(info.context, id, version))

    @declare.field(Permission.IDENTITY_READ, "One line of the log of identity; null when there is none of that id.")
    async def decision(self, info: Info, id: strawberry.ID) -> Decision | None:
        return cast("Decision | None", await identity.find_decision(info.context, id))

    @declare.field(
        Permission.IDENTITY_READ,
        "What an erasure removed where; null when there is none of that id. See `eraseCustomer`.",
    )
    async def erasure_report(self, info: Info, decision: strawberry.ID) -> ErasureReport | None:
        services = info.context.services
        found = await erasure.report(services.graph, decision, services.settings.change_retention_days)
        return cast("ErasureReport | None", found)

    @declare.field(
        Permission.IDENTITY_READ,
        "What of identity somebody should look at, newest first; of all kinds when none is named.",
    )
    async def identity_review(
        self,
        info: Info,
        kinds: list[ReviewKind] | None = None,
        first: int | None = DEFAULT_PAGE_ITEMS,
        after: str | None = None,
    ) -> ReviewConnection:
        return cast("ReviewConnection", await review.review_page(info.context, kinds, first, after))

    @declare.field(
        Permission.REGISTRY_READ,
        "Attributes that data came under, by name; a search looks for a part of a name or business name.",
        scoped=True,
    )
    async def attribute_definitions(
        self,
        info: Info,
        search: str | None = None,
        first: int | None = DEFAULT_PAGE_ITEMS,
        after: str | None = None,
        include_off: bool = False,
    ) -> AttributeDefinitionConnection:
        page = await registry.attributes_page(info.context, search, first, after, include_off)
        return cast("AttributeDefinitionConnection", page)

    @declare.field(
        Permission.REGISTRY_READ,
        "Events that came, by name; a search looks for a part of a name or business name.",
        scoped=True,
    )
    async def event_definitions(
        self,
        info: Info,
        search: str | None = None,
        first: int | None = DEFAULT_PAGE_ITEMS,
        after: str | None = None,
        include_off: bool = False,
    ) -> EventDefinitionConnection:
        page = await registry.events_page(info.context, search, first, after, include_off)
        return cast("EventDefinitionConnection", page)

    @declare.field(
        Permission.REGISTRY_READ,
        "The data dictionary: all attributes, events and properties, those off too, as one text.",
        scoped=True,
    )
    async def data_dictionary(self, info: Info, format: DictionaryFormat, language: Language = Language.EN) -> str:
        return await dictionary.text(info.context, dictionary.Format(format), dictionary.Language(language))

    @declare.field(
        Permission.CONSENTS_READ,
        "How long events and attributes are kept, 500 at most; what is not named is kept for ever.",
        scoped=True,
    )
    async def retention(self, info: Info) -> list[RetentionRule]:
        return cast("list[RetentionRule]", await retention.list_all(info.context))

    @declare.field(Permission.RETENTION_CHANGE, "What a rule of retention would remove now.")
    async def retention_preview(
        self, info: Info, days: int, event: str | None = None, attribute: str | None = None
    ) -> RetentionPreview:
        return cast("RetentionPreview", await retention.preview(info.context, event, attribute, days))

    @declare.field(Permission.CALLS_READ, "What became of calls, in the order given.", scoped=True)
    async def ingest_status(self, info: Info, message_ids: list[str]) -> list[IngestStatus]:
        return cast("list[IngestStatus]", await ingest.status_of(info.context, message_ids))

    @declare.field(declare.ANYONE, "Whoever asks.", scoped=True)
    async def me(self, info: Info) -> Me:
        return me(info)

    @declare.field(declare.ANYONE, "Everything that a role can hold.", scoped=True)
    async def permissions(self) -> list[str]:
        return sorted(Permission)

    @declare.field(Permission.USERS_READ, "All roles, by key.", scoped=True)
    async def roles(self, info: Info) -> list[Role]:
        return cast("list[Role]", await roles.list_all(info.context))

    @declare.field(Permission.KEYS_CHANGE, "Keys of programs that ask, newest first, ended ones too.", scoped=True)
    async def api_keys(self, info: Info) -> list[AccessKey]:
        return cast("list[AccessKey]", await keys.list_all(info.context, keys.API))

    @declare.field(Permission.KEYS_CHANGE, "Keys of programs that send, newest first, ended ones too.", scoped=True)
    async def write_keys(self, info: Info) -> list[AccessKey]:
        return cast("list[AccessKey]", await keys.list_all(info.context, keys.WRITE))

    @declare.field(
        Permission.LOG_READ,
        "Who did what, newest first. A page may be short, even empty, and yet say that more may follow; `search` looks "
        "for a part of anything that an entry says.",
    )
    async def operation_log(
        self,
        info: Info,
        search: str | None = None,
        from_: Annotated[DateTime | None, strawberry.argument(name="from")] = None,
        to: DateTime | None = None,
        module: str | None = None,
        action: str | None = None,
        user: Annotated[str | None, strawberry.argument(description="The id.")] = None,
        outcome: Outcome | None = None,
        first: int | None = DEFAULT_PAGE_ITEMS,
        after: str | None = None,
    ) -> OperationLogConnection:
        wanted = operation_log.wanted(search, from_, to, module, action, user, outcome)
        page = await operation_log.page(info.context, wanted, first=first, after=after)
        return cast("OperationLogConnection", page)

    @declare.field(Permission.USERS_READ, "Everybody who may sign in, or might, oldest first.", scoped=True)
    async def users(self, info: Info) -> list[User]:
        return cast("list[User]", await users.list_all(info.context))

    @declare.field(Permission.USERS_READ, "One user by id.", scoped=True)
    async def user(self, info: Info, id: strawberry.ID) -> User | None:
        return cast("User | None", await users.find(info.context, id))
