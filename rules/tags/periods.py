"""The periods of tags that are built on a schedule: calendar days, and weeks from Monday on. Pure."""

from __future__ import annotations

from typing import Final
from zoneinfo import ZoneInfo

from rules.days import day_of, day_start

DAILY: Final = "DAILY"
WEEKLY: Final = "WEEKLY"
MODES: Final = (DAILY, WEEKLY)


def period_start(mode: str, at_ms: int, zone: ZoneInfo) -> int:
    """When the day or week began that an instant lies in (ms)."""
    today = day_of(at_ms, zone)
    # Day 1 of the calendar was a Monday.
    return day_start(today if mode == DAILY else today - (today - 1) % 7, zone)
