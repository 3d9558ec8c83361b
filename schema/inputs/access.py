"""Roles and keys as requests bring them."""

from __future__ import annotations

import strawberry

from resolvers.access.roles import Edit
from schema.inputs.rule import RuleInput, rule_document


@strawberry.input(description="What a role gives; what is left out stays as it is.")
class RoleInput:
    permissions: list[str] | None = strawberry.field(default=None, description="As `permissions` lists them.")
    scope: RuleInput | None = strawberry.field(
        default=None, description="The only customers whom its holders see and count."
    )
    remove_scope: bool = strawberry.field(default=False, description="From now on all customers.")
    name_en: str | None = None
    name_zh: str | None = None


@strawberry.input(description="A key for a program that asks.")
class CreateApiKeyInput:
    name: str
    roles: list[str] = strawberry.field(description="Keys of 1 to 8 roles; nobody gives what they do not hold.")
    purpose: str | None = strawberry.field(
        default=None, description="What the program needs personal values for, where its roles may read them."
    )
    days: int | None = strawberry.field(default=None, description="How long it lives: 1 to 730, otherwise 365.")


@strawberry.input(description="A key for a program that sends calls.")
class CreateWriteKeyInput:
    name: str
    source: str = strawberry.field(description="Of its calls; part of what makes a message id unique.")
    days: int | None = strawberry.field(default=None, description="How long it lives: 1 to 730, otherwise 365.")


def role_edit_of(given: RoleInput) -> Edit:
    """The edit that an input means."""
    return Edit(
        permissions=given.permissions,
        scope=None if given.scope is None else rule_document(given.scope),
        takes_scope_away=given.remove_scope,
        name_en=given.name_en,
        name_zh=given.name_zh,
    )
