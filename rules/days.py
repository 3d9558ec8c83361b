"""Calendar days of a time zone as half-open ranges of instants, daylight saving included.

A day is its proleptic ordinal (`date.toordinal`). Day d is [day_start(d), day_start(d + 1)): every instant
lies in exactly one day, also where a clock is set back over midnight; a day that a zone skipped is empty.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from base.clock import from_datetime, to_datetime
from rules.durations import DAY_MS

EPOCH_DAY: Final = date(1970, 1, 1).toordinal()
# Zones are at most a day off UTC; nearer to the ends of datetime than this, days are taken as UTC days.
_FIRST_DAY: Final = date.min.toordinal() + 3
_LAST_DAY: Final = date.max.toordinal() - 3


@lru_cache(maxsize=32_768)
def day_start(day: int, zone: ZoneInfo) -> int:
    """The first instant (ms) at which the zone's date is this day or later."""
    if not _FIRST_DAY <= day <= _LAST_DAY:
        return (day - EPOCH_DAY) * DAY_MS
    midnight = datetime.combine(date.fromordinal(day), datetime.min.time(), tzinfo=zone)
    start_ms = from_datetime(midnight.astimezone(UTC))
    past_ms = _past_midnight_ms(start_ms, day, zone)
    if past_ms == 0:
        return start_ms
    # The clock was put forward over midnight: the day begins at the jump, at most its length earlier.
    low_ms, high_ms = start_ms - past_ms, start_ms
    while high_ms - low_ms > 1:
        middle_ms = (low_ms + high_ms) // 2
        if to_datetime(middle_ms).astimezone(zone).toordinal() >= day:
            high_ms = middle_ms
        else:
            low_ms = middle_ms
    return high_ms


def _past_midnight_ms(at_ms: int, day: int, zone: ZoneInfo) -> int:
    """How far the zone's clock is past the midnight that should begin the day."""
    local = to_datetime(at_ms).astimezone(zone).replace(tzinfo=UTC)
    return from_datetime(local) - (day - EPOCH_DAY) * DAY_MS


@lru_cache(maxsize=32_768)
def _starts_around(utc_day: int, zone: ZoneInfo) -> tuple[int, ...]:
    """The starts of the four days of which one, by any offset, holds an instant of this UTC day."""
    day = EPOCH_DAY + utc_day
    return tuple(day_start(near, zone) for near in range(day - 1, day + 3))


def day_of(at_ms: int, zone: ZoneInfo) -> int:
    """The day that an instant lies in."""
    utc_day = at_ms // DAY_MS
    return EPOCH_DAY + utc_day - 2 + bisect_right(_starts_around(utc_day, zone), at_ms)


def next_day_start(at_ms: int, zone: ZoneInfo) -> int:
    """The first instant after this one at which a new day begins."""
    starts = _starts_around(at_ms // DAY_MS, zone)
    return starts[bisect_right(starts, at_ms)]


def days_beginning(after_ms: int, until_ms: int, zone: ZoneInfo) -> Iterator[tuple[int, int]]:
    """(day, its first instant) of every day that begins in (after, until]; a skipped day shares an instant."""
    day = day_of(after_ms, zone) + 1
    while (start_ms := day_start(day, zone)) <= until_ms:
        yield day, start_ms
        day += 1
