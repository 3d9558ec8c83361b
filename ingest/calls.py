"""From a kept request to typed calls: what the worker applies, and what goes to quarantine.

The gateway ran `ingest.checking.check_body` on the same bytes, so what was accepted decodes again.
"""

from __future__ import annotations

from typing import Any, NamedTuple, cast

import msgspec

from graph.identity.policy import DEFAULT, IdentityPolicy
from ingest.checking import check_call
from ingest.documents import context_of, encode, extra_of, standalone
from ingest.faults import IngestCode, Refused
from ingest.identifiers import (
    IDENTIFIER_TRAITS,
    BlockedIdentifier,
    SeenIdentifier,
    extract,
    find_conflict,
    id_text,
)
from ingest.sources import IMPORT_PREFIX
from ingest.wire import Body, BodyKind, Document, Envelope, Kind, WireCall, decode_call, split_body
from rules.consent import observations

PAGE_VIEWED = "Page Viewed"
SCREEN_VIEWED = "Screen Viewed"
DEFAULT_REGION = "CN"


class Call(msgspec.Struct, frozen=True):
    """One cleaned call. `track`, `page` and `screen` are events and have a `name`; the others have none.

    Args:
        index: position in its request.
        at_ms: when it happened.
        received_at_ms: when the gateway took it.
        properties: the event's properties as a JSON object in UTF-8, without repeated names, NUL or lone surrogates.
        values: the same, decoded.
        traits: attributes of the person (`identify`), without e-mail and phone; of the group (`group`); else empty.
        identifiers: usable ones, normalised, no repeats, at least one.
        blocked: values given as identifiers that identify nobody.
        consents: what the person agreed to or not, as observations: name → value.
        group_id: the group's key (`group`); else None.
        context: JSON object of the call's context, without traits and identifiers.
        extra: JSON object of top-level keys that the specification does not name.
    """

    kind: Kind
    message_id: str
    index: int
    at_ms: int
    received_at_ms: int
    source: str
    name: str | None
    properties: bytes
    values: dict[str, Any]
    traits: dict[str, Any]
    identifiers: tuple[SeenIdentifier, ...]
    blocked: tuple[BlockedIdentifier, ...]
    group_id: str | None
    context: bytes
    extra: bytes
    item: bytes
    envelope: Envelope
    consents: dict[str, list[object]] = {}

    @property
    def reported(self) -> dict[str, Any]:
        """What the call says of its person: attributes and consents."""
        traits = self.traits if self.kind == "identify" else {}
        return {**traits, **self.consents} if self.consents else traits

    def standalone(self) -> bytes:
        """The call as a body of its kind, with message id and merged context: what a quarantine keeps and replays."""
        return standalone(self.item, self.envelope, self.kind, self.message_id)[2]


class Rejected(msgspec.Struct, frozen=True):
    """A call that cannot be applied.

    Args:
        kind: `batch` when the whole body cannot be read.
        reason: an `IngestCode`.
        detail: one sentence, without values.
        raw: a body of that kind, as `IngestStream.append` takes it again.
        blocked: values given as identifiers that identify nobody.
        identifiers: usable ones that it names all the same.
    """

    message_id: str
    kind: BodyKind
    index: int
    reason: str
    detail: str
    raw: bytes
    blocked: tuple[BlockedIdentifier, ...] = ()
    identifiers: tuple[SeenIdentifier, ...] = ()


class DecodedBody(NamedTuple):
    """Every call of a request, each in exactly one of the two lists."""

    calls: list[Call]
    rejected: list[Rejected]


def decode_calls(
    body: bytes,
    kind: str,
    received_at_ms: int,
    source: str,
    fallback_id: str,
    *,
    region: str = DEFAULT_REGION,
    policy: IdentityPolicy = DEFAULT,
) -> DecodedBody:
    """The calls of a kept request. Pure: the same arguments give the same calls.

    Args:
        fallback_id: the stream entry's id. A call without a message id gets one from it and its index, so that a
            second delivery of the entry repeats it.
        region: two letters, where phones without a country code are from.
        policy: spells values, and says which of them identify nobody.
    """
    calls: list[Call] = []
    rejected: list[Rejected] = []
    try:
        parts = split_body(body, kind)
    except Refused as fault:
        message_id = _fallback(fallback_id, 0)
        whole = Rejected(message_id, cast("BodyKind", kind), 0, fault.code, fault.message, body)
        return DecodedBody([], [whole])
    for index in range(len(parts.items)):
        found = _decode_one(parts, index, received_at_ms, source, _fallback(fallback_id, index), region, policy)
        if isinstance(found, Call):
            calls.append(found)
        else:
            rejected.append(found)
    return DecodedBody(calls, rejected)


def _decode_one(
    parts: Body, index: int, received_at_ms: int, source: str, fallback_id: str, region: str, policy: IdentityPolicy
) -> Call | Rejected:
    item, envelope, kind = parts.items[index], parts.envelope, parts.kind
    try:
        wire, document = decode_call(item)
        checked = check_call(
            wire, document, item, envelope, kind, received_at_ms, any_identifier=source.startswith(IMPORT_PREFIX)
        )
    except Refused as fault:
        return _reject(fault, parts, index, fallback_id)
    kind = checked.kind
    person, group = _traits(kind, wire, checked.context)
    seen, blocked = extract(wire, checked.context, person, region, policy)
    if (refusal := _refuse_identity(seen, policy)) is not None:
        return _reject(refusal, parts, index, fallback_id, blocked, seen)
    name, values = _event(kind, wire)
    return Call(
        kind=kind,
        message_id=checked.message_id or fallback_id,
        index=index,
        at_ms=checked.at_ms,
        received_at_ms=received_at_ms,
        source=source,
        name=name,
        properties=encode(values),
        values=values,
        traits=_attributes(person) if kind == "identify" else group,
        identifiers=seen,
        blocked=blocked,
        group_id=id_text(wire.group_id) if kind == "group" else None,
        context=context_of(checked.context),
        extra=extra_of(document),
        item=item,
        envelope=envelope,
        consents=observations(checked.consents) if checked.consents else {},
    )


def _refuse_identity(seen: tuple[SeenIdentifier, ...], policy: IdentityPolicy) -> Refused | None:
    if not seen:
        return Refused(IngestCode.NO_USABLE_IDENTIFIER, "every identifier of the call is a placeholder or invalid")
    if (namespace := find_conflict(seen, policy)) is not None:
        return Refused(IngestCode.CONFLICTING_IDENTIFIERS, f"the call names two values of {namespace}")
    return None


def _traits(kind: Kind, wire: WireCall, context: Document) -> tuple[Document, Document]:
    """Traits of the person and of the group. Top-level traits of a `group` call are the group's."""
    of_context: Document = context.get("traits") or {}
    of_call = wire.traits or {}
    if kind == "group":
        return of_context, of_call
    return ({**of_context, **of_call} if of_context else of_call), {}


def _attributes(traits: Document) -> Document:
    if any(name in traits for name in IDENTIFIER_TRAITS):
        return {name: value for name, value in traits.items() if name not in IDENTIFIER_TRAITS}
    return traits


def _event(kind: Kind, wire: WireCall) -> tuple[str | None, Document]:
    """The event's name and properties; a page's or screen's name and category become properties."""
    if kind == "track":
        return wire.event, wire.properties or {}
    if kind not in ("page", "screen"):
        return None, {}
    values = dict(wire.properties or {})
    if wire.name:
        values["name"] = wire.name
    if wire.category:
        values["category"] = wire.category
    return PAGE_VIEWED if kind == "page" else SCREEN_VIEWED, values


def _fallback(entry_id: str, index: int) -> str:
    return f"auto:{entry_id}:{index}"


def _reject(
    fault: Refused,
    parts: Body,
    index: int,
    fallback_id: str,
    blocked: tuple[BlockedIdentifier, ...] = (),
    seen: tuple[SeenIdentifier, ...] = (),
) -> Rejected:
    kind, message_id, raw = standalone(parts.items[index], parts.envelope, parts.kind, fallback_id)
    return Rejected(message_id, kind, index, fault.code, fault.message, raw, blocked, seen)
