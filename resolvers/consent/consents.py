"""What customers agreed to, as profiles show it, and what people say of it for them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final

from strawberry import Parent

from base.clock import iso, now_ms
from base.errors import BadInput, NotFound
from graph.repositories.customer import ProfileNeed
from ingest.consents import consent_of
from ingest.faults import Refused
from ingest.namespaces import parse_namespace
from resolvers.consent.history import changes
from resolvers.context import RequestContext
from resolvers.customers import customers, scope
from resolvers.customers.profiles import Profile
from resolvers.pages import check_first
from resolvers.refusal import Refusal
from rules.consent import Known, known_consents, restricted_since
from rules.problems import Problem
from workers.decisions.execution import Said
from workers.decisions.privacy import Named, Recorded

# A browser repeats its consent with every event: of so many calls those are shown that say something new.
MAX_CALLS: Final = 5_000


@dataclass(frozen=True, slots=True)
class Consent:
    """A consent as it stands now."""

    purpose: str
    channel: str
    state: str
    version: str | None
    proof: str | None
    expires_at_ms: int | None
    at_ms: int
    source: str


@dataclass(frozen=True, slots=True)
class History:
    """What was said, newest first; `complete` is False where older calls were not looked at."""

    records: Sequence[Consent]
    complete: bool


@dataclass(frozen=True, slots=True)
class AskedConsent:
    """What a request says of somebody's consent."""

    customer: str | None
    identifier: tuple[str, str] | None
    purpose: str
    channel: str | None
    state: str
    version: str | None
    proof: str | None
    expires_at_ms: int | None
    at_ms: int | None


@dataclass(frozen=True, slots=True)
class Noted:
    """What a mutation did; `decision_id` is None for a dry run."""

    customer_id: str
    decision_id: str | None
    restricted_since_ms: int | None


def consents(root: Parent[Profile]) -> Sequence[Consent]:
    """All of a customer, by purpose and channel, as of now."""
    at_ms = now_ms()
    return [_shown(known, at_ms) for known in known_consents(root.consents)]


def restricted_since_ms(root: Parent[Profile]) -> int | None:
    """Since when processing is restricted; None: it is not."""
    return restricted_since(root.consents)


async def history(
    context: RequestContext, root: Profile, purpose: str | None, channel: str | None, first: int | None
) -> History:
    """What was said, newest first; what only repeats the one before is left out.

    Raises:
        BadInput: the page size.
    """
    first = check_first(first)
    found, complete = await changes(context.services.consents, root.id, now_ms() + _AHEAD_MS, MAX_CALLS)
    wanted = [
        _shown(one, one.at_ms)
        for one in found
        if (purpose is None or one.said.purpose == purpose) and (channel is None or one.said.channel == channel)
    ]
    return History(wanted[:first], complete and len(wanted) <= first)


async def record(context: RequestContext, asked: AskedConsent, reason: str) -> Noted | Refusal:
    """Note what a customer agreed to or not."""

    async def act(said: Said) -> Recorded:
        at_ms = now_ms() if asked.at_ms is None else asked.at_ms
        if not 0 <= at_ms <= now_ms():
            raise BadInput("A consent was given between 1970 and now.", field="input.at")
        what = {
            "purpose": asked.purpose,
            "channel": asked.channel,
            "state": asked.state,
            "version": asked.version,
            "proof": asked.proof,
            "expiresAt": None if asked.expires_at_ms is None else iso(asked.expires_at_ms),
        }
        try:
            consent = consent_of(what, "input")
        except Refused as fault:
            raise BadInput(fault.message[0].upper() + fault.message[1:] + ".", hint=fault.hint, field="input") from None
        if consent.purpose not in {one.key for one in await context.services.purposes.list_all()}:
            hint = "`purposes` lists them, `putPurpose` makes one."
            raise BadInput("There is no purpose of this key.", hint=hint, field="input.purpose")
        whom = _whom(context, asked)
        await _require_in_scope(context, asked)
        return await context.services.privacy.record(whom, consent, at_ms, said)

    return await _decided(context, reason, False, act)


async def restrict(context: RequestContext, customer: str, reason: str, dry_run: bool) -> Noted | Refusal:
    """Leave a customer out of all purposes."""
    await scope.require(context, [customer])
    return await _decided(context, reason, dry_run, lambda said: context.services.privacy.restrict(customer, said))


async def lift(context: RequestContext, customer: str, reason: str, dry_run: bool) -> Noted | Refusal:
    """Let a customer take part again."""
    await scope.require(context, [customer])
    return await _decided(context, reason, dry_run, lambda said: context.services.privacy.lift(customer, said))


# Calls may be a day ahead.
_AHEAD_MS = 24 * 3_600_000


async def _decided(
    context: RequestContext, reason: str, dry_run: bool, act: Callable[[Said], Awaitable[Recorded]]
) -> Noted | Refusal:
    try:
        recorded = await act(Said(context.principal.id, reason, dry_run))
    except BadInput as fault:
        return Refusal((Problem(fault.field or "", fault.message, fault.hint or ""),))
    return Noted(recorded.customer, recorded.decision, recorded.restricted_since_ms)


async def _require_in_scope(context: RequestContext, asked: AskedConsent) -> None:
    """Raises:
    NotFound: whoever asks is bound to a scope, and this is nobody in it.
    """
    if context.principal.scope is None:
        return
    key = customers.key_of(context.services, asked.customer, asked.identifier)
    if await customers.find(context, key, ProfileNeed(), None) is None:
        raise NotFound("There is no such customer.")


def _whom(context: RequestContext, asked: AskedConsent) -> str | Named:
    """Raises:
    BadInput: not one of customer and identifier, or an identifier that cannot name anybody.
    """
    if (asked.customer is None) == (asked.identifier is None):
        raise BadInput("Give either customer or identifier.", field="input")
    if asked.identifier is None:
        return str(asked.customer)
    namespace = parse_namespace(asked.identifier[0])
    if namespace is None:
        hint = "For example user_id, email, phone, wx_openid:<app>."
        raise BadInput("This is no identifier namespace.", hint=hint, field="input.identifier.namespace")
    value, usable = context.services.spelling.spell(namespace, asked.identifier[1])
    if not usable:
        hint = "It is a placeholder, or no value of its namespace."
        raise BadInput("This value names nobody.", hint=hint, field="input.identifier.value")
    return Named(namespace, value)


def _shown(known: Known, at_ms: int) -> Consent:
    said = known.said
    return Consent(
        said.purpose,
        said.channel,
        said.state_at(at_ms),
        said.version,
        said.proof,
        said.expires_ms,
        known.at_ms,
        known.source,
    )
