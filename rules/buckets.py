"""Hours, days, weeks and months of a zone's calendar as consecutive ranges of instants."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from enum import StrEnum
from itertools import chain, count, takewhile
from typing import Final, assert_never
from zoneinfo import ZoneInfo

from rules.days import day_of, day_start

HOUR_MS: Final = 3_600_000


class Granularity(StrEnum):
    """How long a bucket is. Weeks begin on Monday; hours are counted from the day's beginning."""

    HOUR = "HOUR"
    DAY = "DAY"
    WEEK = "WEEK"
    MONTH = "MONTH"


def bucket_edges(granularity: Granularity, from_ms: int, to_ms: int, zone: ZoneInfo) -> Iterator[int]:
    """The instants (ms) at which buckets begin, from the one that holds `from_ms` on, to the end of the last that
    begins before `to_ms`.

    Returns:
        Ascending, without end bounded by `to_ms` only: take no more than you need. Two at least when from < to.
    """
    starts = _starts(granularity, from_ms, zone)
    edge = next(starts)
    for following in starts:
        # A day that a zone skipped is empty, and a bucket before the one asked for is none.
        if following <= from_ms or following == edge:
            edge = following
            continue
        yield edge
        edge = following
        if edge >= to_ms:
            yield edge
            return


def _starts(granularity: Granularity, from_ms: int, zone: ZoneInfo) -> Iterator[int]:
    """Beginnings of buckets, ascending, the first at or before `from_ms`."""
    day = day_of(from_ms, zone)
    match granularity:
        case Granularity.HOUR:
            return chain.from_iterable(_hours(each, zone) for each in count(day))
        case Granularity.DAY:
            return (day_start(each, zone) for each in count(day))
        case Granularity.WEEK:
            return (day_start(each, zone) for each in count(day - date.fromordinal(day).weekday(), 7))
        case Granularity.MONTH:
            return (day_start(each, zone) for each in _months(date.fromordinal(day)))
        case _:
            assert_never(granularity)


def _hours(day: int, zone: ZoneInfo) -> Iterator[int]:
    """A day has 23 or 25 of them where the clock is changed; the last is shorter where it is changed by less."""
    end_ms = day_start(day + 1, zone)
    return takewhile(lambda at_ms: at_ms < end_ms, count(day_start(day, zone), HOUR_MS))


def _months(first: date) -> Iterator[int]:
    year, month = first.year, first.month
    while True:
        yield date(year, month, 1).toordinal()
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)
