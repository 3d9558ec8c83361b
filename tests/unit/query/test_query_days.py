"""Days as expressions are the days that rules know, in every zone and where its clock was set back or forward."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo, available_timezones

import duckdb
import ibis  # type: ignore[import-untyped]
import pyarrow as pa
import pytest

from analytics.query.days import FIRST_DAY, anniversary, day_expression, last_birthday_ms
from analytics.query.expressions import DUCKDB, Table, statement_of
from base.clock import MAX_MS, MIN_MS, from_datetime
from rules.days import day_of, day_start
from rules.operators import Operator
from rules.relative import compile_relative_test
from rules.tree import AttributeLeaf

HOUR_MS = 3_600_000
NOW_MS = from_datetime(datetime(2026, 3, 29, 12, tzinfo=UTC))
# Whose clocks were set back over midnight (São Paulo, Beirut, Juneau by a day), forward over it, or a day was skipped.
ZONES = ["Europe/Berlin", "America/Sao_Paulo", "Asia/Beirut", "America/Juneau", "Pacific/Apia", "Asia/Manila", "UTC"]


def run(expression: Table) -> pa.Table:
    statement = statement_of(expression, DUCKDB)
    with duckdb.connect() as connection:
        for name, rows in statement.tables.items():
            connection.register(name, rows)
        return connection.execute(statement.text).to_arrow_table()


def instants_near_jumps(zone: ZoneInfo, random: Random) -> list[int]:
    """Around every midnight whose day is not one of 24 hours, and anywhere."""
    days = range(FIRST_DAY, day_of(NOW_MS, zone))
    odd = [day for day in days if day_start(day + 1, zone) - day_start(day, zone) != 24 * HOUR_MS]
    near = [
        day_start(day + more, zone) + off for day in odd for more in (0, 1) for off in (-HOUR_MS, -1, 0, 1, HOUR_MS)
    ]
    return near + [random.randint(MIN_MS, NOW_MS) for _ in range(2_000)]


def asked(at_ms: Sequence[int], first_ms: int | None, zone: ZoneInfo) -> list[int]:
    table = ibis.memtable(pa.table({"at": pa.array(at_ms, pa.int64())}))
    answer = run(table.select(day=day_expression(table.at, first_ms, NOW_MS, zone)))
    days: list[int] = answer["day"].to_pylist()
    return days


@pytest.mark.parametrize("name", ZONES)
def test_the_day_of_an_instant_is_the_one_that_rules_know(name: str) -> None:
    zone = ZoneInfo(name)
    at_ms = instants_near_jumps(zone, Random(name))
    assert asked(at_ms, None, zone) == [day_of(each, zone) for each in at_ms]


@pytest.mark.parametrize("name", ZONES)
def test_pieces_of_a_window_are_enough_for_it(name: str) -> None:
    zone = ZoneInfo(name)
    first_ms = NOW_MS - 500 * 24 * HOUR_MS
    at_ms = [first_ms, *(each for each in instants_near_jumps(zone, Random(name)) if each >= first_ms), NOW_MS]
    assert asked(at_ms, first_ms, zone) == [day_of(each, zone) for each in at_ms]


def test_no_clock_is_known_to_have_changed_before_the_first_day() -> None:
    first = datetime.fromordinal(FIRST_DAY)
    for name in available_timezones():
        zone = ZoneInfo(name)
        assert first.replace(tzinfo=zone).utcoffset() == datetime(1, 1, 2, tzinfo=zone).utcoffset(), name


@pytest.mark.parametrize("reach", [1, 2, 7, 59, 365, 366])
@pytest.mark.parametrize(
    "today", [date(2026, 2, 27), date(2026, 2, 28), date(2028, 2, 28), date(2028, 2, 29), date(2027, 12, 30), date.max]
)
def test_an_anniversary_is_near_exactly_if_it_is_for_rules(today: date, reach: int) -> None:
    zone = ZoneInfo("UTC")
    now_ms = day_start(today.toordinal(), zone) + HOUR_MS
    around = [date(year, 1, 1) + timedelta(days=n) for year in (1, 1896, 1900, 2000, 2024, 2026) for n in range(1_100)]
    born = [*around, *(date(2027, 1, 1) + timedelta(days=n) for n in range(1_000)), date.max]
    table = ibis.memtable(pa.table({"day": pa.array([day.toordinal() for day in born], pa.int32())}))
    answer = run(table.select(near=anniversary(table.day, reach, now_ms, zone)))["near"].to_pylist()
    test = compile_relative_test(AttributeLeaf("x", Operator.ANNIVERSARY_WITHIN_NEXT, (f"P{reach}D",)))
    assert answer == [test(day.isoformat(), now_ms, zone) for day in born]


def test_nobody_has_a_birthday_who_is_born_after_the_next_year() -> None:
    zone = ZoneInfo("Asia/Tokyo")
    assert day_of(last_birthday_ms(NOW_MS, zone), zone) == date(2027, 12, 31).toordinal()
    assert last_birthday_ms(MAX_MS - HOUR_MS, zone) >= MAX_MS - 24 * HOUR_MS
