"""Consents, the purposes that they are about, and restrictions of processing."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import strawberry

from access.permissions import Permission
from graph.repositories.purpose import Purpose as StoredPurpose
from resolvers.consent import consents, purposes
from schema import declare
from schema.scalars import DateTime
from schema.types.refusal import ValidationError


@strawberry.enum(description="What somebody said; `EXPIRED` is a grant whose time is over.")
class ConsentState(StrEnum):
    GRANTED = "GRANTED"
    DENIED = "DENIED"
    WITHDRAWN = "WITHDRAWN"
    EXPIRED = "EXPIRED"


@strawberry.type(description="What somebody said about a purpose on a channel.")
@declare.needs(Permission.CONSENTS_READ)
class Consent:
    purpose: str
    channel: str = strawberry.field(description="`*` for all channels.")
    state: ConsentState
    version: str | None = strawberry.field(description="Of the text that it is about.")
    proof: str | None
    expires_at_ms: DateTime | None = strawberry.field(name="expiresAt", description="From then on a grant is over.")
    at_ms: DateTime = strawberry.field(name="at")
    source: str = strawberry.field(description="`kith:privacy` for what was noted by `recordConsent`.")


@strawberry.type(description="What was said, newest first.")
@declare.needs(Permission.CONSENTS_READ)
class ConsentHistory:
    records: list[Consent]
    complete: bool = strawberry.field(description="False where there is more, or older calls were not looked at.")


@strawberry.type(description="What customers are asked to agree to.")
@declare.needs(Permission.CONSENTS_READ)
class Purpose:
    key: str
    name_zh: str | None
    name_en: str | None
    granted: bool = strawberry.field(description="What counts where nothing was said; false unless somebody says so.")
    required: bool = strawberry.field(description="The service cannot be given without it; for front ends to show.")
    created_at_ms: DateTime = strawberry.field(name="createdAt")
    updated_at_ms: DateTime = strawberry.field(name="updatedAt")

    @classmethod
    def is_type_of(cls, value: object, _info: object) -> bool:
        return isinstance(value, StoredPurpose)


@strawberry.type
@declare.needs(Permission.POLICY_CHANGE)
class DeletedPurpose:
    key: str

    @classmethod
    def is_type_of(cls, value: object, _info: object) -> bool:
        return isinstance(value, purposes.Deleted)


@strawberry.type(description="What was noted of a customer.")
@declare.needs(declare.ANYONE)
class PrivacyEffect:
    customer_id: strawberry.ID
    decision_id: strawberry.ID | None = strawberry.field(description="Null for a dry run; `undo` takes it back.")
    restricted_since_ms: DateTime | None = strawberry.field(name="restrictedSince", description="As it is now.")

    @classmethod
    def is_type_of(cls, value: object, _info: object) -> bool:
        return isinstance(value, consents.Noted)


PurposeResult = Annotated[Purpose | ValidationError, strawberry.union("PurposeResult")]
PrivacyResult = Annotated[PrivacyEffect | ValidationError, strawberry.union("PrivacyResult")]
