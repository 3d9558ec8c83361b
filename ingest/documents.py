"""JSON documents kept with a call: its context without personal parts, unknown keys, and the call by itself."""

from __future__ import annotations

from typing import Any, Final, cast

import msgspec

from ingest.limits import MAX_CALL_BYTES
from ingest.wire import KINDS, BodyKind, Document, Envelope, Kind

EMPTY: Final = b"{}"

_KNOWN_KEYS: Final = frozenset(
    {
        "type", "messageId", "userId", "anonymousId", "previousId", "groupId", "event", "name", "category",
        "properties", "traits", "context", "timestamp", "originalTimestamp", "sentAt", "receivedAt", "writeKey",
        "integrations",
    }
)  # fmt: skip
# Identifiers and attributes of the person have their own encrypted or typed places.
_PERSONAL_CONTEXT: Final = frozenset({"traits", "externalIds"})
_PERSONAL_DEVICE: Final = frozenset({"id", "advertisingId"})

_encode = msgspec.json.Encoder().encode


def encode(document: Document) -> bytes:
    """A JSON object in UTF-8 without white space; `{}` when empty."""
    return _encode(document) if document else EMPTY


def context_of(context: Document) -> bytes:
    """A call's context as JSON, without what names or describes the person."""
    if not context:
        return EMPTY
    kept = {key: value for key, value in context.items() if key not in _PERSONAL_CONTEXT}
    if device := kept.get("device"):
        kept["device"] = {key: value for key, value in device.items() if key not in _PERSONAL_DEVICE}
    return encode(kept)


def extra_of(document: Document) -> bytes:
    """The top-level keys of a call that the specification does not name, as JSON."""
    if document.keys() <= _KNOWN_KEYS:
        return EMPTY
    return encode({key: value for key, value in document.items() if key not in _KNOWN_KEYS})


def standalone(item: bytes, envelope: Envelope, kind: Kind | None, fallback_id: str) -> tuple[BodyKind, str, bytes]:
    """A call as a request of its own, for the quarantine: its kind, message id and body, without any write key.

    A call that cannot be read, does not say what it is, or is too large with its batch's context, stays as it is in
    a batch of one.

    Args:
        kind: None when the call names its own.
        fallback_id: the message id of a call that has none.
    """
    try:
        call: Any = msgspec.json.decode(item)
    except (ValueError, RecursionError):
        call = None
    if not isinstance(call, dict):
        return "batch", fallback_id, b'{"batch":[' + item + b"]}"
    if kind is None and isinstance(call.get("type"), str) and call["type"] in KINDS:
        kind = cast("Kind", call["type"])
    given_id = call.get("messageId")
    message_id = str(given_id) if isinstance(given_id, (str, int)) and str(given_id).strip() else fallback_id
    call.pop("writeKey", None)
    call |= {"type": kind or call.get("type"), "messageId": message_id}
    around = {"context": envelope.context, "sentAt": envelope.sent_at}
    if kind is not None and isinstance(call.get("context") or {}, dict):
        merged = call | {
            "context": {**(envelope.context or {}), **(call.get("context") or {})},
            "sentAt": call.get("sentAt") or envelope.sent_at,
        }
        if len(body := _encode(merged)) <= MAX_CALL_BYTES:
            return kind, message_id, body
    return "batch", message_id, _encode({"batch": [call], **around})
