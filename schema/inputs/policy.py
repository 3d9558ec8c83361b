"""How people change the policy of identity."""

from __future__ import annotations

from typing import Any

import strawberry

from resolvers.identity.policy import Edit, Fields
from schema.types.policy import ConflictRule, IdentifierClass, Spelling


@strawberry.input(description="What is left out stays as it is; null lifts a limit.")
class NamespaceRulesInput:
    identifier_class: IdentifierClass | None = strawberry.field(name="class", default=strawberry.UNSET)
    rank: int | None = strawberry.UNSET
    limit: int | None = strawberry.UNSET
    window_days: int | None = strawberry.UNSET
    shared_above: int | None = strawberry.UNSET
    conflict: ConflictRule | None = strawberry.UNSET
    normalisation: Spelling | None = strawberry.UNSET


@strawberry.input(description="One namespace; a new one needs a class and a rank.")
class NamespacePolicyInput(NamespaceRulesInput):
    name: str = strawberry.field(description="`crm:*` stands for all with that prefix.")


@strawberry.input(description="The whole lists of one namespace; empty ones remove them.")
class BlockedValuesInput:
    namespace: str = strawberry.field(description="`*` stands for all.")
    values: list[str] = strawberry.field(default_factory=list, description="In any case, with or without quotes.")
    patterns: list[str] = strawberry.field(
        default_factory=list,
        description="RE2, against the whole value in lower case; of phones also the national digits.",
    )


@strawberry.input(description="Which sources are believed about an attribute; none: the newest, whatever its source.")
class SourceOrderInput:
    attribute: str = strawberry.field(description="`*` stands for every attribute without an order of its own.")
    sources: list[str] = strawberry.field(description="The most trusted first; others come after them.")


@strawberry.input(description="What is left out stays as it is.")
class IdentityPolicyInput:
    namespaces: list[NamespacePolicyInput] | None = None
    remove_namespaces: list[str] | None = None
    unverified: NamespaceRulesInput | None = None
    unknown: NamespaceRulesInput | None = None
    blocked: list[BlockedValuesInput] | None = None
    source_order: list[SourceOrderInput] | None = None


_FIELDS = ("identifier_class", "rank", "limit", "window_days", "shared_above", "conflict", "normalisation")


def edit_of(given: IdentityPolicyInput) -> Edit:
    """The edit behind an input."""
    return Edit(
        [(one.name, _fields(one)) for one in given.namespaces or ()],
        list(given.remove_namespaces or ()),
        _fields(given.unverified) if given.unverified else None,
        _fields(given.unknown) if given.unknown else None,
        [(one.namespace, one.values, one.patterns) for one in given.blocked or ()],
        [(one.attribute, one.sources) for one in given.source_order or ()],
    )


def _fields(given: NamespaceRulesInput) -> Fields:
    values: dict[str, Any] = {name: getattr(given, name) for name in _FIELDS}
    return Fields({name: value for name, value in values.items() if value is not strawberry.UNSET})
