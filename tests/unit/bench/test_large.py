"""The large benchmark runs, small: the store is as big as it says, and every way of asking gives the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from analytics.store.tables import CUSTOMERS, OWNERS, STRETCHES
from bench.large.data import NAMES, Size, make_store
from bench.large.questions import QUESTIONS
from bench.large.run import measure

SMALL = Size(2_000, 20_000)
KEY = "0f" * 32


def test_a_store_has_as_many_as_it_says_and_the_same_for_a_seed(tmp_path: Path) -> None:
    told = []
    for name, seed in (("one", 1), ("again", 1), ("other", 2)):
        file = make_store(tmp_path / name, Size(SMALL.customers, SMALL.events, seed))
        reader = file.reader()
        events = [file.layout.events[each.name].table for each in NAMES]
        counts = {
            table: reader.execute(f"SELECT count(*) FROM {table}").fetchall()[0][0]
            for table in (CUSTOMERS, OWNERS, STRETCHES, *events)
        }
        told.append(reader.execute(f"SELECT sum(hash(*COLUMNS(*))) FROM {events[0]}").fetchall())
        file.close()
        assert counts[CUSTOMERS] == SMALL.customers
        assert counts[OWNERS] + counts[STRETCHES] / 2 == SMALL.identifiers
        assert sum(counts[table] for table in events) == SMALL.events
    assert told[0] == told[1] != told[2]


@pytest.mark.parametrize("key", [None, KEY], ids=["plain", "encrypted"])
def test_by_hand_the_same_comes_out(tmp_path: Path, key: str | None) -> None:
    # A difference ends the measurement.
    made, *rows = measure(tmp_path / "columns", SMALL, key, memory_mb=512, run_count=1)

    assert made.details["encrypted"] is (key is not None)
    assert [row.row for row in rows] == [question.row for question in QUESTIONS]
    assert all(value.value > 0 for row in rows for value in row.values)
