"""When a call happened, corrected for clients whose clock is wrong."""

from __future__ import annotations

from base.clock import parse_iso_ms
from ingest.faults import IngestCode, Refused
from ingest.limits import MAX_FUTURE_MS, MIN_AT_MS


def call_time_ms(
    timestamp: str | None, original_timestamp: str | None, sent_at: str | None, received_at_ms: int
) -> int:
    """The instant of a call.

    `receivedAt - (sentAt - originalTimestamp)` when both texts are there: the client's own clock cancels out.
    Otherwise `timestamp`, else `originalTimestamp`, else the time of receipt.

    Raises:
        Refused: a text that is no ISO 8601 time, or an instant before 1970 or more than a day ahead of receipt.
    Source: Segment's specification, "Timestamps overview".
    """
    if original_timestamp and sent_at:
        at_ms = received_at_ms - (_parse(sent_at, "sentAt") - _parse(original_timestamp, "originalTimestamp"))
    elif timestamp:
        at_ms = _parse(timestamp, "timestamp")
    elif original_timestamp:
        at_ms = _parse(original_timestamp, "originalTimestamp")
    else:
        return received_at_ms
    if at_ms < MIN_AT_MS:
        raise Refused(IngestCode.TIME_OUT_OF_RANGE, "the call's time lies before 1970")
    if at_ms > received_at_ms + MAX_FUTURE_MS:
        raise Refused(IngestCode.TIME_OUT_OF_RANGE, "the call's time lies more than a day ahead")
    return at_ms


def _parse(text: str, field: str) -> int:
    try:
        return parse_iso_ms(text)
    except ValueError:
        raise Refused(
            IngestCode.INVALID_TIME, f"{field} is not a time", "Write ISO 8601, e.g. 2026-07-01T08:30:00.000Z."
        ) from None
