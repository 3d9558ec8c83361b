"""The policy of identity."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import strawberry
from strawberry import Parent

from access.permissions import Permission
from graph.identity.policy import NamespacePolicy as StoredNamespace
from graph.repositories.policy import PolicyRecord
from schema import declare
from schema.scalars import DateTime
from schema.types.refusal import ValidationError


@strawberry.enum(description="What kind of thing an identifier names, strongest first.")
class IdentifierClass(StrEnum):
    PERSON = "PERSON"
    ACCOUNT = "ACCOUNT"
    CONTACT = "CONTACT"
    DEVICE = "DEVICE"


@strawberry.enum(description="What becomes of an identifier that two customers claim.")
class ConflictRule(StrEnum):
    REJECT = "REJECT"
    NEWEST = "NEWEST"


@strawberry.enum(name="Normalisation", description="The one spelling of a namespace's values.")
class Spelling(StrEnum):
    TRIM = "TRIM"
    LOWER_CASE = "LOWER_CASE"
    EMAIL = "EMAIL"
    PHONE = "PHONE"


@strawberry.enum(description="How far the graph has followed a policy, or has been compared with a trial.")
class PolicyState(StrEnum):
    PENDING = "PENDING"
    DONE = "DONE"
    FAILED = "FAILED"
    SUPERSEDED = "SUPERSEDED"


@strawberry.type(description="What a namespace of identifiers may do.")
@declare.needs(Permission.IDENTITY_READ)
class NamespacePolicy:
    name: str
    identifier_class: IdentifierClass = strawberry.field(name="class")
    rank: int = strawberry.field(description="1 is the strongest.")
    limit: int | None = strawberry.field(description="How many one customer may have; null: any number.")
    window_days: int | None = strawberry.field(description="The limit counts those seen within so many days.")
    shared_above: int | None = strawberry.field(
        description="Seen with more one-per-customer identifiers of a namespace than this, one joins nobody any more."
    )
    conflict: ConflictRule
    normalisation: Spelling


@strawberry.type(description="Values that identify nobody.")
@declare.needs(Permission.IDENTITY_READ)
class BlockedValues:
    namespace: str
    values: list[str]
    patterns: list[str]


@strawberry.type(description="Which sources are believed about an attribute, the most trusted first.")
@declare.needs(Permission.IDENTITY_READ)
class SourceOrder:
    attribute: str
    sources: list[str]


@strawberry.type(description="What a policy changes, as far as was looked.")
@declare.needs(Permission.IDENTITY_READ)
class PolicyEffect:
    customer_count: int = strawberry.field(description="Customers with other identifiers, now or at other times.")
    identifier_count: int = strawberry.field(description="Identifiers that its lists set aside, or free.")
    attribute_count: int = strawberry.field(description="Customers with other attributes.")


def _version(root: Parent[PolicyRecord]) -> int | None:
    return None if root.trial else root.policy.version


def _namespaces(root: Parent[PolicyRecord]) -> list[NamespacePolicy]:
    ordered = sorted(root.policy.namespaces.items(), key=lambda item: (item[1].rank, item[0]))
    return [_namespace(name, one) for name, one in ordered]


def _unverified(root: Parent[PolicyRecord]) -> NamespacePolicy:
    return _namespace("unverified", root.policy.unverified)


def _unknown(root: Parent[PolicyRecord]) -> NamespacePolicy:
    return _namespace("unknown", root.policy.unknown)


def _blocked(root: Parent[PolicyRecord]) -> list[BlockedValues]:
    return [
        BlockedValues(namespace=name, values=list(one.values), patterns=list(one.patterns))
        for name, one in sorted(root.policy.blocked.items())
    ]


def _source_order(root: Parent[PolicyRecord]) -> list[SourceOrder]:
    return [
        SourceOrder(attribute=name, sources=list(order)) for name, order in sorted(root.policy.source_order.items())
    ]


def _effect(root: Parent[PolicyRecord]) -> PolicyEffect:
    counts = root.counts
    return PolicyEffect(
        customer_count=counts.customers, identifier_count=counts.identifiers, attribute_count=counts.attributes
    )


def _namespace(name: str, one: StoredNamespace) -> NamespacePolicy:
    return NamespacePolicy(
        name=name,
        identifier_class=IdentifierClass(one.identifier_class),
        rank=one.rank,
        limit=one.limit,
        window_days=one.window_days,
        shared_above=one.shared_above,
        conflict=ConflictRule(one.conflict),
        normalisation=Spelling(one.normalisation),
    )


@strawberry.type(description="Who is who, as a version of the policy or a trial would have it.")
@declare.needs(Permission.IDENTITY_READ)
class IdentityPolicy:
    id: strawberry.ID
    version: int | None = strawberry.field(
        resolver=_version, description="Null for a dry run's, which is never in force."
    )
    author: str
    reason: str
    at_ms: DateTime | None = strawberry.field(name="at", description="Null for the default.")
    state: PolicyState
    progress: float = strawberry.field(description="0 to 1.")
    effect: PolicyEffect = strawberry.field(resolver=_effect)
    error: str | None
    namespaces: list[NamespacePolicy] = strawberry.field(resolver=_namespaces)
    unverified: NamespacePolicy = strawberry.field(
        resolver=_unverified, description="Phones and e-mails that the call does not vouch for."
    )
    unknown: NamespacePolicy = strawberry.field(resolver=_unknown, description="Namespaces that are not named.")
    blocked: list[BlockedValues] = strawberry.field(resolver=_blocked)
    source_order: list[SourceOrder] = strawberry.field(resolver=_source_order)

    @classmethod
    def is_type_of(cls, value: object, _info: object) -> bool:
        return isinstance(value, PolicyRecord)


IdentityPolicyResult = Annotated[IdentityPolicy | ValidationError, strawberry.union("IdentityPolicyResult")]
