"""The consents that a call brings in `context.consent`. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from base.clock import parse_iso_ms
from ingest.faults import IngestCode, Refused
from ingest.wire import Document
from rules.consent import ALL_CHANNELS, KEY_HINT, ConsentState, Said, key_of

# More than this is no choice that a person made.
MAX_RECORDS: Final = 50
MAX_VERSION_CHARS: Final = 100
MAX_PROOF_CHARS: Final = 500
_STATES: Final = {state.value: state for state in ConsentState if state is not ConsentState.EXPIRED}


def consents_of(context: Document) -> tuple[Said, ...]:
    """What somebody agreed to or not: `categoryPreferences` as Segment's SDKs write them, and `records`.

    Raises:
        Refused: INVALID_CONSENT, naming the place.
    """
    consent = context.get("consent")
    if consent is None:
        return ()
    if not isinstance(consent, dict):
        raise _refused("context.consent is no object")
    categories = consent.get("categoryPreferences") or {}
    records = consent.get("records") or []
    if not isinstance(categories, dict):
        raise _refused("context.consent.categoryPreferences is no object")
    if not isinstance(records, list):
        raise _refused("context.consent.records is no list")
    if len(categories) + len(records) > MAX_RECORDS:
        raise _refused(f"context.consent holds more than {MAX_RECORDS} consents")
    return (*_from_categories(categories), *(_from_record(one, place) for place, one in enumerate(records)))


def consent_of(record: Document, field: str) -> Said:
    """One consent: purpose, state, and maybe channel, version, proof and expiresAt.

    Args:
        field: what messages call it.

    Raises:
        Refused: INVALID_CONSENT.
    """
    state = record.get("state")
    known = _STATES.get(state.strip().upper()) if isinstance(state, str) else None
    if known is None:
        raise _refused(f"{field}.state is none of {', '.join(_STATES)}")
    channel = record.get("channel")
    return Said(
        _key(record.get("purpose"), f"{field}.purpose"),
        ALL_CHANNELS if channel is None or channel == ALL_CHANNELS else _key(channel, f"{field}.channel"),
        known,
        _text(record.get("version"), MAX_VERSION_CHARS, f"{field}.version"),
        _text(record.get("proof"), MAX_PROOF_CHARS, f"{field}.proof"),
        _time(record.get("expiresAt"), f"{field}.expiresAt"),
    )


def _from_categories(categories: dict[str, Any]) -> Iterator[Said]:
    for name, allowed in categories.items():
        if not isinstance(allowed, bool):
            raise _refused("a value in context.consent.categoryPreferences is neither true nor false")
        purpose = _key(name, "a name in context.consent.categoryPreferences")
        yield Said(purpose, ALL_CHANNELS, ConsentState.GRANTED if allowed else ConsentState.DENIED)


def _from_record(record: Any, place: int) -> Said:
    field = f"context.consent.records.{place}"
    if not isinstance(record, dict):
        raise _refused(f"{field} is no object")
    return consent_of(record, field)


def _key(value: Any, field: str) -> str:
    key = key_of(value) if isinstance(value, str) else None
    if key is None:
        raise _refused(f"{field} cannot be a key", KEY_HINT)
    return key


def _text(value: Any, most: int, field: str) -> str | None:
    if value is None:
        return None
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        raise _refused(f"{field} is no text")
    if len(value) > most:
        raise _refused(f"{field} has more than {most} characters")
    return value.replace("\x00", "") or None


def _time(value: Any, field: str) -> int | None:
    if value is None:
        return None
    try:
        return parse_iso_ms(value)
    except (TypeError, ValueError):
        raise _refused(f"{field} is not a time", "Write ISO 8601, e.g. 2027-07-01T00:00:00.000Z.") from None


def _refused(message: str, hint: str | None = None) -> Refused:
    return Refused(IngestCode.INVALID_CONSENT, message, hint)
