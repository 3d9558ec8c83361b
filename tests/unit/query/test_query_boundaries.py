"""To the millisecond: every set of events around the ends of windows, periods and steps, asked and evaluated."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from analytics.engines.local import FileStore
from analytics.query import asking
from analytics.query.sources import Tables
from analytics.store.batch import Batch, CustomerCells, EventCells, Position, Stretch, number_of
from analytics.store.file import ColumnFile
from rules.days import day_of, day_start
from rules.evaluate import evaluate
from rules.facts import EventHistory, Facts
from rules.parser import parse_rule

# On the day on which Berlin's clocks went forward.
BERLIN = ZoneInfo("Europe/Berlin")
NOW_MS = 1_774_780_200_000
MIDNIGHTS = [day_start(day_of(NOW_MS, BERLIN) - ago, BERLIN) for ago in range(3)]
# One more than now, and one less than each midnight.
MILLISECONDS = tuple(NOW_MS + off for off in range(-5, 2))
DAYS = tuple(sorted([*MIDNIGHTS, *(midnight - 1 for midnight in MIDNIGHTS), NOW_MS]))


def windows(length: str, most: int) -> list[dict[str, Any]]:
    return [{"last": length.format(n)} for n in range(1, most)]


def habits(windows: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    yield from ({"habit": {"kind": "FIRST_TIME", "name": "E", "window": window}} for window in windows)
    for recent, window in combinations(windows, 2):
        for kind in ("STOPPED", "RESTARTED"):
            yield {"habit": {"kind": kind, "name": "E", "window": window, "recent": recent}}


def of_milliseconds() -> list[dict[str, Any]]:
    last = windows("PT0.00{}S", 6)
    between = [
        {"between": {"from": "2026-03-29T10:29:59.997Z", "to": to}}
        for to in ("2026-03-29T10:29:59.998Z", "2026-03-29T10:30:00Z", "2026-03-29T10:30:00.001Z")
    ]
    return [
        *habits(last),
        *({"event": {"name": "E", "window": window, "op": op, "values": [1]}}
          for window in last + between for op in ("EQ", "LTE")),
        *({"sequence": {"steps": [{"event": "E"}] * count, "within": f"PT0.00{n}S"}}
          for n in (1, 2, 3) for count in (2, 3)),
        {"event": {"name": "E", "op": "EQ", "values": [3]}},
    ]  # fmt: skip


def of_days() -> list[dict[str, Any]]:
    last = [{"lastDays": days} for days in (1, 2, 3)]
    coming = {"between": {"from": "2026-05-01T00:00:00Z", "to": "2026-06-01T00:00:00Z"}}
    ago = [{"daysAgo": {"from": start, "to": end}} for start in range(4) for end in range(start + 1)]
    return [
        *habits(last),
        *({"event": {"name": "E", "window": window, "op": "EQ", "values": [1]}} for window in last + ago),
        *({"event": {"name": "E", "measure": {"kind": "DISTINCT_DAYS"}, "op": "EQ", "values": [days], "window": window}}
          for days in (1, 2, 3) for window in (None, {"lastDays": 3}, coming)),
        *({"habit": {"kind": "REGULARLY", "name": "E", "periods": periods}}
          for periods in (
              {"days": 1, "last": 3, "atLeast": 2},
              {"days": 1, "last": 2, "atLeast": 1, "times": 2},
              {"days": 2, "last": 2, "atLeast": 2},
          )),
    ]  # fmt: skip


@pytest.mark.parametrize(("times", "documents"), [(MILLISECONDS, of_milliseconds()), (DAYS, of_days())])
def test_every_set_of_events_is_answered_as_in_memory(times: tuple[int, ...], documents: list[dict[str, Any]]) -> None:
    people = [chosen for count in range(len(times) + 1) for chosen in combinations(times, count)]
    file = ColumnFile()
    file.apply(
        Batch(
            customers={f"c{n}": CustomerCells(f"c{n}", 0, {}) for n in range(len(people))},
            owners={f"u{n}": [Stretch(f"c{n}")] for n in range(len(people))},
            events=[EventCells(f"u{n}", "E", at, f"{n} {at}", {}) for n, some in enumerate(people) for at in some],
        ),
        Position(),
        fresh=True,
    )
    reader, tables = FileStore(file).ask(), Tables(file.layout)
    facts = [Facts(events={"E": EventHistory.of((at, str(at), {}) for at in some)}) for some in people]
    hit = 0
    for document in documents:
        rule = parse_rule(document)
        found = set(asking.customers(reader, rule, tables, NOW_MS, BERLIN)["customer"].to_pylist())
        expected = [n for n, of in enumerate(facts) if evaluate(rule, of, NOW_MS, BERLIN)]
        assert found == {number_of(f"c{n}") for n in expected}, document
        hit += 0 < len(expected) < len(people)
    assert hit > 0.9 * len(documents), "nearly all rules hold for some and not for others"
