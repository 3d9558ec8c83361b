"""ISO 8601 durations of a fixed length, as whole milliseconds."""

from __future__ import annotations

import re
from typing import Final

SECOND_MS: Final = 1_000
MINUTE_MS: Final = 60 * SECOND_MS
HOUR_MS: Final = 60 * MINUTE_MS
DAY_MS: Final = 24 * HOUR_MS
WEEK_MS: Final = 7 * DAY_MS

_PARTS: Final = re.compile(
    r"P(?:(?P<years>[0-9]{1,9})Y)?(?:(?P<months>[0-9]{1,9})M)?"
    r"(?:(?P<weeks>[0-9]{1,9})W)?(?:(?P<days>[0-9]{1,9})D)?"
    r"(?:T(?=[0-9])(?:(?P<hours>[0-9]{1,9})H)?(?:(?P<minutes>[0-9]{1,9})M)?"
    r"(?:(?P<seconds>[0-9]{1,9})(?:[.,](?P<fraction>[0-9]{1,9}))?S)?)?"
)
_LENGTHS: Final = {
    "weeks": WEEK_MS,
    "days": DAY_MS,
    "hours": HOUR_MS,
    "minutes": MINUTE_MS,
    "seconds": SECOND_MS,
}


class BadDuration(ValueError):
    """A text that is no usable duration; `hint` says how to write it."""

    def __init__(self, message: str, hint: str):
        super().__init__(message)
        self.hint = hint


def parse_duration_ms(text: str) -> int:
    """The length of `P30D`, `PT10S`, `P1DT2H`, `PT0.5S`; a day is 24 hours.

    Raises:
        BadDuration: not a duration, zero, with years or months, or finer than a millisecond.
    """
    parts = _PARTS.fullmatch(text)
    if parts is None or text == "P":
        raise BadDuration("This is not an ISO 8601 duration.", "Write for example P30D, PT12H or PT10S.")
    if parts["years"] is not None or parts["months"] is not None:
        raise BadDuration(
            "Years and months have no fixed length.", "Give days instead: P30D for a month, P365D for a year."
        )
    length_ms = sum(int(parts[name] or 0) * unit_ms for name, unit_ms in _LENGTHS.items())
    fraction = (parts["fraction"] or "").ljust(3, "0")
    if fraction[3:].strip("0"):
        raise BadDuration("A duration finer than a millisecond.", "Give at most three digits of a second.")
    length_ms += int(fraction[:3])
    if length_ms == 0:
        raise BadDuration("A duration of zero.", "Give a length above zero, for example PT1S.")
    return length_ms


def format_duration(length_ms: int) -> str:
    """The shortest text with days, hours, minutes and seconds that parses back to the same length."""
    days, rest = divmod(length_ms, DAY_MS)
    hours, rest = divmod(rest, HOUR_MS)
    minutes, rest = divmod(rest, MINUTE_MS)
    seconds, millis = divmod(rest, SECOND_MS)
    date = f"{days}D" if days else ""
    time = (f"{hours}H" if hours else "") + (f"{minutes}M" if minutes else "")
    if millis:
        time += f"{seconds}.{millis:03d}".rstrip("0") + "S"
    elif seconds:
        time += f"{seconds}S"
    return f"P{date}T{time}" if time else f"P{date}"
