"""What the gateway checks before a request is kept, and the worker again: pure, without normalising anything."""

from __future__ import annotations

from typing import Any, NamedTuple, cast

from ingest.consents import consents_of
from ingest.faults import IngestCode, Refused
from ingest.identifiers import check_context, id_text
from ingest.limits import (
    MAX_DEPTH,
    MAX_EVENT_NAME_CHARS,
    MAX_IDENTIFIER_CHARS,
    MAX_MESSAGE_ID_CHARS,
    MAX_NAME_CHARS,
    MAX_NAMES,
)
from ingest.times import call_time_ms
from ingest.wire import KINDS, Document, Envelope, Kind, WireCall, decode_call, split_body
from rules.consent import RESERVED, Said


class CheckedCall(NamedTuple):
    """What checking a call found out; `message_id` is None when the client gave none."""

    kind: Kind
    message_id: str | None
    at_ms: int
    context: Document
    consents: tuple[Said, ...]


class CheckedBody(NamedTuple):
    """A request that may be kept: its number of calls, those message ids that it names, and its write key if any."""

    calls_count: int
    message_ids: list[str]
    write_key: str | None


def check_body(body: bytes, kind: str, received_at_ms: int) -> CheckedBody:
    """Everything that can be known to be wrong before a request is kept.

    Raises:
        Refused: the first fault; the message names the call's index when it lies in a batch.
    """
    parts = split_body(body, kind)
    message_ids: list[str] = []
    write_key = parts.envelope.write_key
    for index, item in enumerate(parts.items):
        try:
            call, document = decode_call(item)
            checked = check_call(call, document, item, parts.envelope, parts.kind, received_at_ms)
        except Refused as fault:
            if parts.kind is not None:
                raise
            raise Refused(fault.code, f"call {index} of the batch: {fault.message}", fault.hint) from None
        if checked.message_id is not None:
            message_ids.append(checked.message_id)
        write_key = write_key or call.write_key
    return CheckedBody(len(parts.items), message_ids, write_key)


def check_call(
    call: WireCall,
    document: Document,
    item: bytes,
    envelope: Envelope,
    kind: Kind | None,
    received_at_ms: int,
    *,
    any_identifier: bool = False,
) -> CheckedCall:
    """Check one decoded call.

    Args:
        document: the same with unknown keys.
        item: its text.
        kind: None when the call names its own.
        any_identifier: external ids alone are enough, as in the rows of a file.

    Raises:
        Refused: the first fault.
    """
    if kind is None:
        if call.type not in KINDS:
            raise Refused(IngestCode.UNKNOWN_KIND, f"type is none of {', '.join(sorted(KINDS))}")
        kind = cast("Kind", call.type)
    # Brackets inside strings count too, so this only spares the walk for calls that cannot be deep.
    if item.count(b"{") + item.count(b"[") > MAX_DEPTH:
        _check_depth(document)
    message_id = _check_text(call.message_id, "messageId", MAX_MESSAGE_ID_CHARS)
    user_id = _check_text(call.user_id, "userId", MAX_IDENTIFIER_CHARS)
    anonymous_id = _check_text(call.anonymous_id, "anonymousId", MAX_IDENTIFIER_CHARS)
    _check_kind(kind, call)
    if call.properties is not None:
        _check_names(call.properties, "properties")
    if call.traits is not None:
        _check_traits(call.traits, "traits")
    context = call.context or {}
    if envelope.context:
        context = {**envelope.context, **context}
    if context:
        check_context(context)
        if context.get("traits"):
            _check_traits(context["traits"], "context.traits")
    if user_id is None and (kind == "alias" or anonymous_id is None):
        if kind == "alias":
            raise Refused(IngestCode.MISSING_IDENTITY, "userId is missing")
        if not (any_identifier and context.get("externalIds")):
            raise Refused(IngestCode.MISSING_IDENTITY, "userId or anonymousId is missing")
    at_ms = call_time_ms(call.timestamp, call.original_timestamp, call.sent_at or envelope.sent_at, received_at_ms)
    return CheckedCall(kind, message_id, at_ms, context, consents_of(context) if "consent" in context else ())


def _check_kind(kind: Kind, call: WireCall) -> None:
    if kind == "track":
        if _check_text(call.event, "event", MAX_EVENT_NAME_CHARS) is None:
            raise Refused(IngestCode.MISSING_FIELD, "event is missing")
    elif kind == "alias":
        if _check_text(call.previous_id, "previousId", MAX_IDENTIFIER_CHARS) is None:
            raise Refused(IngestCode.MISSING_FIELD, "previousId is missing")
    elif kind == "group" and _check_text(call.group_id, "groupId", MAX_IDENTIFIER_CHARS) is None:
        raise Refused(IngestCode.MISSING_FIELD, "groupId is missing")


def _check_text(value: str | int | None, field: str, max_chars: int) -> str | None:
    """The text of a field; None when it is absent or blank."""
    text = id_text(value)
    if text is None or not text or text.isspace():
        return None
    if len(text) > max_chars:
        raise Refused(IngestCode.TOO_LONG, f"{field} has more than {max_chars} characters")
    return text


def _check_traits(traits: Document, field: str) -> None:
    _check_names(traits, field)
    if any(name.startswith(RESERVED) for name in traits):
        raise Refused(
            IngestCode.RESERVED_NAME, f"a name in {field} is kept for consents", "Send them in context.consent."
        )


def _check_names(document: Document, field: str) -> None:
    if len(document) > MAX_NAMES:
        raise Refused(
            IngestCode.TOO_MANY_NAMES,
            f"{field} holds more than {MAX_NAMES} names",
            "Names are a fixed vocabulary; put what varies into values.",
        )
    if document and len(max(document, key=len)) > MAX_NAME_CHARS:
        raise Refused(IngestCode.TOO_LONG, f"a name in {field} has more than {MAX_NAME_CHARS} characters")


def _check_depth(document: Any) -> None:
    level = [document]
    for _ in range(MAX_DEPTH):
        level = [
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, (dict, list))
        ]
        if not level:
            return
    raise Refused(IngestCode.TOO_DEEP, f"objects or lists are nested more than {MAX_DEPTH} levels deep")
