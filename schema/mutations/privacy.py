"""Consents, restrictions, and how long data is kept."""

from __future__ import annotations

from typing import cast

import strawberry

from access.permissions import Permission
from resolvers import retention
from resolvers.consent import consents, purposes
from schema import declare
from schema.context import Info
from schema.inputs.consent import PurposeInput, RecordConsentInput, asked_of
from schema.inputs.consent import edit_of as purpose_edit_of
from schema.types.consent import DeletedPurpose, PrivacyResult, PurposeResult
from schema.types.retention import RetentionResult


@strawberry.type
class PrivacyMutations:
    @declare.mutation(
        Permission.CONSENTS_CHANGE,
        "What a customer agreed to or not, from now on and in every list for a purpose.",
        scoped=True,
    )
    async def record_consent(self, info: Info, input: RecordConsentInput, reason: str) -> PrivacyResult:
        return cast("PrivacyResult", await consents.record(info.context, asked_of(input), reason))

    @declare.mutation(
        Permission.CUSTOMERS_RESTRICT,
        "Leave a customer out of every purpose, whatever was agreed to; the profile stays readable.",
        scoped=True,
    )
    async def restrict_customer(
        self, info: Info, id: strawberry.ID, reason: str, dry_run: bool = False
    ) -> PrivacyResult:
        return cast("PrivacyResult", await consents.restrict(info.context, id, reason, dry_run))

    @declare.mutation(Permission.CUSTOMERS_RESTRICT, "Let a customer who was restricted take part again.", scoped=True)
    async def lift_restriction(
        self, info: Info, id: strawberry.ID, reason: str, dry_run: bool = False
    ) -> PrivacyResult:
        return cast("PrivacyResult", await consents.lift(info.context, id, reason, dry_run))

    @declare.mutation(Permission.POLICY_CHANGE, "Make or change what customers are asked to agree to.")
    async def put_purpose(self, info: Info, key: str, input: PurposeInput) -> PurposeResult:
        return cast("PurposeResult", await purposes.put(info.context, key, purpose_edit_of(input)))

    @declare.mutation(Permission.POLICY_CHANGE, "A purpose that nobody asks for any more; what was said of it stays.")
    async def delete_purpose(self, info: Info, key: str) -> DeletedPurpose:
        return cast("DeletedPurpose", await purposes.delete(info.context, key))

    @declare.mutation(
        Permission.RETENTION_CHANGE,
        "Keep events of a name, or values of an attribute that are not reported again, for so many days; null: for "
        "ever. Look with `retentionPreview` first: what a night has removed does not come back.",
    )
    async def set_retention(
        self, info: Info, reason: str, days: int | None = None, event: str | None = None, attribute: str | None = None
    ) -> RetentionResult:
        return cast("RetentionResult", await retention.put(info.context, event, attribute, days, reason))
