"""Calls as clients write them: JSON decoded by msgspec, then types checked; unknown keys stay in the document."""

from __future__ import annotations

from typing import Any, Final, Literal, cast, get_args

import msgspec

from ingest.cleaning import clean_escapes, needs_cleaning
from ingest.faults import IngestCode, Refused
from ingest.limits import MAX_BATCH_BYTES, MAX_BATCH_CALLS, MAX_CALL_BYTES

Kind = Literal["identify", "track", "page", "screen", "group", "alias"]
BodyKind = Literal["identify", "track", "page", "screen", "group", "alias", "batch"]
KINDS: Final[frozenset[str]] = frozenset(get_args(Kind))
BODY_KINDS: Final[tuple[BodyKind, ...]] = get_args(BodyKind)

Document = dict[str, Any]


class WireCall(msgspec.Struct, rename="camel"):
    """One call; every field may be absent or null. Ids may be JSON integers."""

    type: str | None = None
    message_id: str | int | None = None
    user_id: str | int | None = None
    anonymous_id: str | int | None = None
    previous_id: str | int | None = None
    group_id: str | int | None = None
    event: str | None = None
    name: str | None = None
    category: str | None = None
    properties: Document | None = None
    traits: Document | None = None
    context: Document | None = None
    timestamp: str | None = None
    original_timestamp: str | None = None
    sent_at: str | None = None
    write_key: str | None = None


class Envelope(msgspec.Struct, rename="camel"):
    """What stands around the calls of a batch. For a single call everything is None."""

    batch: list[msgspec.Raw] | None = None
    context: Document | None = None
    integrations: Document | None = None
    sent_at: str | None = None
    write_key: str | None = None


class Body(msgspec.Struct):
    """A request split into its calls, not yet decoded. Pure data; no call has been checked.

    Args:
        items: the JSON text of each call, cleaned.
        kind: None for a batch (each call names its own), else the kind all of them have.
    """

    envelope: Envelope
    items: list[bytes]
    kind: Kind | None


_ENVELOPE_DECODER = msgspec.json.Decoder(Envelope)
_SINGLE = Envelope()


def split_body(body: bytes, kind: str) -> Body:
    """Check a request's outside and cut it into calls.

    Raises:
        Refused: not JSON, not UTF-8, too large, too many calls, or nested so deep that it cannot be read.
    """
    _check_utf8(body)
    if needs_cleaning(body):
        body = clean_escapes(body)
    if kind != "batch":
        if len(body) > MAX_CALL_BYTES:
            raise Refused(IngestCode.TOO_LARGE, f"a call holds at most {MAX_CALL_BYTES} bytes")
        if kind not in KINDS:
            raise Refused(IngestCode.UNKNOWN_KIND, "there is no such kind of call")
        return Body(envelope=_SINGLE, items=[body], kind=cast("Kind", kind))
    if len(body) > MAX_BATCH_BYTES:
        raise Refused(IngestCode.TOO_LARGE, f"a batch holds at most {MAX_BATCH_BYTES} bytes, unpacked")
    try:
        envelope = _ENVELOPE_DECODER.decode(body)
    except Exception as fault:
        raise _refusal(fault) from None
    if envelope.batch is None:
        raise Refused(IngestCode.MISSING_FIELD, "batch is missing")
    if len(envelope.batch) > MAX_BATCH_CALLS:
        raise Refused(IngestCode.TOO_MANY_CALLS, f"a batch holds at most {MAX_BATCH_CALLS} calls")
    return Body(envelope=envelope, items=[bytes(item) for item in envelope.batch], kind=None)


def decode_call(item: bytes) -> tuple[WireCall, Document]:
    """One call with its types checked, and the whole of it as it was written.

    Two steps, because msgspec does not look inside values that it skips: an unknown key could hide a number or a
    string that nothing later can read.

    Raises:
        Refused: not an object, a field of the wrong type, a number no double can hold, too deep, or too large.
    """
    if len(item) > MAX_CALL_BYTES:
        raise Refused(IngestCode.TOO_LARGE, f"a call holds at most {MAX_CALL_BYTES} bytes")
    try:
        document = msgspec.json.decode(item)
        return msgspec.convert(document, WireCall), document
    except Exception as fault:
        raise _refusal(fault) from None


def _check_utf8(body: bytes) -> None:
    # msgspec does not look at the encoding of strings that it skips, so bad bytes could hide under unknown keys.
    if body.isascii():
        return
    try:
        body.decode()
    except UnicodeDecodeError:
        raise Refused(IngestCode.MALFORMED_JSON, "the body is not UTF-8") from None


def _refusal(fault: Exception) -> Refused:
    """What a client reads for a decoding fault. msgspec names the path and the types, never a value."""
    match fault:
        case msgspec.ValidationError():
            return Refused(IngestCode.WRONG_TYPE, str(fault))
        case msgspec.DecodeError():
            return Refused(IngestCode.MALFORMED_JSON, str(fault))
        case RecursionError():
            return Refused(IngestCode.TOO_DEEP, "objects or lists are nested too deeply")
        case _:
            raise fault
