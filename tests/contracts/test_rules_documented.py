"""docs/rules.md names the whole language, and its examples are rules."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from rules import limits
from rules.operators import MAX_VALUES, HabitKind, MeasureKind, Operator
from rules.parser import parse_rule, print_rule

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "rules.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```json\n(.*?)^```$", TEXT, re.M | re.S)
WINDOWS = re.findall(r"^\| `(\{\"(?:last|lastDays|daysAgo|between)\".*?\})` \|", TEXT, re.M)


def _named_in_first_cells(heading: str) -> set[str]:
    table = TEXT.split(f"\n| {heading} |")[1].split("\n\n")[0]
    cells = re.findall(r"^\|([^|]*)\|", table, re.M)
    return {name for cell in cells for name in re.findall(r"`([A-Z_]+)`", cell)}


def test_every_operator_measure_and_habit_has_a_row_and_no_other_does() -> None:
    assert _named_in_first_cells("operator") == set(Operator)
    assert _named_in_first_cells("measure") == set(MeasureKind)
    assert _named_in_first_cells("habit | with") == set(HabitKind)


@pytest.mark.parametrize("example", EXAMPLES, ids=range(len(EXAMPLES)))
def test_every_example_is_a_rule(example: str) -> None:
    rule = parse_rule(json.loads(example))

    assert parse_rule(print_rule(rule)) == rule


def test_all_four_windows_are_shown_as_they_are_written() -> None:
    assert {next(iter(json.loads(window))) for window in WINDOWS} == {"last", "lastDays", "daysAgo", "between"}
    for window in WINDOWS:
        parse_rule({"event": {"name": "e", "window": json.loads(window)}})


def test_the_limits_are_those_of_the_code() -> None:
    table = TEXT.split("\n## Limits\n")[1]
    numbers = [int(number.replace(",", "")) for number in re.findall(r"[\d,]*\d", table.split("\n\n")[0])]

    assert numbers == [
        limits.MAX_DEPTH,
        limits.MAX_LEAVES,
        limits.MAX_STEPS,
        limits.MAX_PERIODS,
        limits.MAX_WHERE,
        MAX_VALUES,
        limits.MAX_NAME_LENGTH,
        limits.MAX_TEXT_LENGTH,
        limits.MAX_PATTERN_LENGTH,
        limits.MAX_WINDOW_DAYS,
    ]
