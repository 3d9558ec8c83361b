"""Time as Kith keeps it: UTC instants in whole milliseconds since 1970 (`_ms`), ISO 8601 at the edges."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Years 1 to 9999, what datetime can hold; anything outside is bad input.
MIN_MS = -62_135_596_800_000
MAX_MS = 253_402_300_799_999


def now_ms() -> int:
    """The wall clock, milliseconds since 1970 UTC."""
    return time.time_ns() // 1_000_000


def to_datetime(at_ms: int) -> datetime:
    """The aware UTC datetime of an instant; exact to the millisecond."""
    return EPOCH + timedelta(milliseconds=at_ms)


def from_datetime(at: datetime) -> int:
    """The instant of an aware datetime, floored to the millisecond.

    Raises:
        ValueError: the datetime has no zone.
    """
    if at.tzinfo is None:
        raise ValueError("a time without a zone")
    return (at - EPOCH) // timedelta(milliseconds=1)


def parse_iso_ms(text: str) -> int:
    """The instant that an ISO 8601 text names; a text without a zone is UTC.

    Raises:
        ValueError: not a time, or outside the years 1 to 9999.
    """
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        at = at.replace(tzinfo=UTC)
    try:
        return from_datetime(at)
    except OverflowError as fault:
        raise ValueError("time out of range") from fault


def iso(at_ms: int) -> str:
    """ISO 8601 in UTC with milliseconds: `2026-07-01T08:30:00.000Z`."""
    return to_datetime(at_ms).isoformat(timespec="milliseconds").replace("+00:00", "Z")
