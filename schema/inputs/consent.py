"""What people say of consents and purposes."""

from __future__ import annotations

from enum import StrEnum

import strawberry

from resolvers.consent.consents import AskedConsent
from resolvers.consent.purposes import Edit
from schema.inputs.customer import IdentifierInput
from schema.scalars import DateTime


@strawberry.enum(description="What can be said of a purpose.")
class SaidConsent(StrEnum):
    GRANTED = "GRANTED"
    DENIED = "DENIED"
    WITHDRAWN = "WITHDRAWN"


@strawberry.input(description="Of exactly one of customer and identifier; who has an unknown identifier is new.")
class RecordConsentInput:
    customer: strawberry.ID | None = None
    identifier: IdentifierInput | None = None
    purpose: str
    channel: str | None = strawberry.field(default=None, description="All channels without one.")
    state: SaidConsent
    version: str | None = strawberry.field(default=None, description="Of the text; 100 characters.")
    proof: str | None = strawberry.field(default=None, description="Where it can be seen; 500 characters.")
    expires_at: DateTime | None = None
    at: DateTime | None = strawberry.field(default=None, description="When it was said; now without one.")


@strawberry.input(description="What is left out stays as it is; of a new purpose: no names, false, false.")
class PurposeInput:
    name_zh: str | None = None
    name_en: str | None = None
    granted: bool | None = None
    required: bool | None = None


def asked_of(given: RecordConsentInput) -> AskedConsent:
    """What an input says of somebody's consent."""
    named = given.identifier
    return AskedConsent(
        customer=given.customer,
        identifier=None if named is None else (named.namespace, named.value),
        purpose=given.purpose,
        channel=given.channel,
        state=given.state.value,
        version=given.version,
        proof=given.proof,
        expires_at_ms=given.expires_at,
        at_ms=given.at,
    )


def edit_of(given: PurposeInput) -> Edit:
    """What an input changes of a purpose."""
    return Edit(given.name_zh, given.name_en, given.granted, given.required)
