"""Buckets of the calendar: without gaps, and each lies in one hour, day, week or month of the zone."""

from __future__ import annotations

from collections.abc import Hashable
from itertools import islice, pairwise
from zoneinfo import ZoneInfo

from hypothesis import example, given
from hypothesis import strategies as st

from base.clock import to_datetime
from rules.buckets import HOUR_MS, Granularity, bucket_edges

DAY_MS = 24 * HOUR_MS
# Summer time by half an hour, a day that never was, midnight that never was, and offsets of parts of hours.
ZONES = st.sampled_from(
    ["UTC", "Europe/Zurich", "Australia/Lord_Howe", "Pacific/Apia", "America/Sao_Paulo", "Asia/Kathmandu"]
).map(ZoneInfo)
INSTANTS = st.integers(1_200_000_000_000, 1_900_000_000_000)
APIA_SKIPS = 1_325_239_200_000


def label(granularity: Granularity, at_ms: int, zone: ZoneInfo) -> Hashable:
    """What calendars call the bucket."""
    local = to_datetime(at_ms).astimezone(zone)
    match granularity:
        case Granularity.HOUR | Granularity.DAY:
            return local.date()
        case Granularity.WEEK:
            return local.isocalendar()[:2]
        case Granularity.MONTH:
            return local.year, local.month


@given(st.sampled_from(Granularity), INSTANTS, st.integers(1, 70 * DAY_MS), ZONES)
@example(Granularity.DAY, APIA_SKIPS - DAY_MS, 3 * DAY_MS, ZoneInfo("Pacific/Apia"))
def test_buckets_follow_one_another_and_are_those_of_the_calendar(
    granularity: Granularity, from_ms: int, length_ms: int, zone: ZoneInfo
) -> None:
    to_ms = from_ms + length_ms
    edges = list(islice(bucket_edges(granularity, from_ms, to_ms, zone), 3_000))

    assert edges[0] <= from_ms < edges[1]
    assert edges[-2] < to_ms <= edges[-1]
    labels = [label(granularity, start, zone) for start in edges]
    for (start, end), (this, following) in zip(pairwise(edges), pairwise(labels), strict=True):
        assert start < end
        assert label(granularity, end - 1, zone) == this
        if granularity is Granularity.HOUR:
            assert end - start <= HOUR_MS
        else:
            assert this != following


@given(INSTANTS, ZONES)
def test_a_day_has_its_hours(at_ms: int, zone: ZoneInfo) -> None:
    day = list(islice(bucket_edges(Granularity.DAY, at_ms, at_ms + 1, zone), 2))
    hours = list(bucket_edges(Granularity.HOUR, day[0], day[1], zone))

    assert (hours[0], hours[-1]) == (day[0], day[1])
    assert all((hour - day[0]) % HOUR_MS == 0 for hour in hours[:-1])
