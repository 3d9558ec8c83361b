"""Calendar days of a zone as expressions: the day that an instant lies in, and whose anniversary is near.

Both come from the very days that the reading in memory knows, so that they agree where clocks change.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from functools import lru_cache
from itertools import groupby
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

from analytics.query.expressions import Condition, Value, any_of, at_most, by_bounds, one_of
from rules.days import EPOCH_DAY, day_of, day_start
from rules.durations import DAY_MS
from rules.relative import anniversary_in, date_of

# Source: the tz database, whose earliest change of a clock is of 1835. Before the first one a zone is one piece.
FIRST_DAY: Final = date(1800, 1, 1).toordinal()
_LEAP_DAY: Final = date(2000, 2, 29)
_FROM_MARCH_OF_YEAR_0: Final = 305
_DAYS_OF_400_YEARS: Final = 146_097


class Piece(NamedTuple):
    """Up to `end_ms` from the piece before on: day = (instant + shift_ms) // DAY_MS, but no later than `last_day`."""

    end_ms: int
    shift_ms: int
    last_day: int


def day_expression(at_ms: Value, first_ms: int | None, last_ms: int, zone: ZoneInfo) -> Value:
    """The day (a proleptic ordinal) of instants from first to last; what it is of others does not matter.

    Args:
        first_ms: None is no bound.
    """
    last_day = day_of(last_ms, zone)
    if first_ms is None:
        # All days of the last year, so that the same pieces do for the rest of it.
        pieces = pieces_of(FIRST_DAY, date(date_of(last_day).year, 12, 31).toordinal(), zone)
    else:
        # A window that has not begun yet has no instants, and its expression still has to be one.
        pieces = pieces_of(min(day_of(first_ms, zone), last_day), last_day, zone)
    days = [at_most((at_ms + piece.shift_ms) // DAY_MS, piece.last_day) for piece in pieces]
    return by_bounds(at_ms, [piece.end_ms for piece in pieces[:-1]], days)


@lru_cache(maxsize=64)
def pieces_of(first_day: int, last_day: int, zone: ZoneInfo) -> Sequence[Piece]:
    """A zone's clock as straight pieces, which hold the instants of these days.

    Days that follow one another at 24 hours are one piece. A longer day ends its piece and a skipped one makes an
    empty one.
    """
    shifts = ((day, (day - EPOCH_DAY) * DAY_MS - day_start(day, zone)) for day in range(first_day, last_day + 1))
    pieces: list[Piece] = []
    for shift_ms, days in groupby(shifts, lambda pair: pair[1]):
        *_, (last, _) = days
        pieces.append(Piece(day_start(last + 1, zone), shift_ms + EPOCH_DAY * DAY_MS, last))
    return pieces


def last_birthday_ms(now_ms: int, zone: ZoneInfo) -> int:
    """No instant after this one can have an anniversary that is near: the end of the next year."""
    year = min(date_of(day_of(now_ms, zone)).year + 1, date.max.year)
    return day_start(date(year, 12, 31).toordinal() + 1, zone) - 1


def anniversary(day: Value, day_count: int, now_ms: int, zone: ZoneInfo) -> Condition:
    """The anniversary of a day, a proleptic ordinal, is today or one of the days after it, `day_count` in all."""
    today = date_of(day_of(now_ms, zone))
    coming = [date_of(today.toordinal() + ahead) for ahead in range(day_count)]
    place = _place_in_year(day)
    return any_of(
        [
            (day <= date(year, 12, 31).toordinal()) & one_of(place, _places_of(days))
            for year, days in groupby(coming, lambda one: one.year)
        ]
    )


def _places_of(days: Iterable[date]) -> list[int]:
    """The places in their years of days, and of those whose anniversary they are beside."""
    places = set()
    for day in days:
        places.add(_place_in_year(day.toordinal()))
        if anniversary_in(day.year, _LEAP_DAY) == day:
            places.add(_place_in_year(_LEAP_DAY.toordinal()))
    return sorted(places)


def _place_in_year(day: Any) -> Any:
    """How many days after the first of March, of a number or an expression. The leap day has a place of its own.

    Source: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", civil_from_days.
    """
    of_era = (day + _FROM_MARCH_OF_YEAR_0) % _DAYS_OF_400_YEARS
    year = (of_era - of_era // 1_460 + of_era // 36_524 - of_era // 146_096) // 365
    return of_era - (365 * year + year // 4 - year // 100)
