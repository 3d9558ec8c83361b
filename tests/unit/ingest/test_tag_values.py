"""Cells as values of tags."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from ingest.imports.tag_values import MAX_LIST_VALUES, tag_value
from rules.limits import MAX_TEXT_LENGTH
from rules.type_problems import ValueType

SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.mark.parametrize(
    ("wanted", "given", "value"),
    [
        ("STRING", " 金 ", "金"),
        ("STRING", 7, "7"),
        ("STRING", 7.0, "7"),
        ("STRING", True, None),
        ("STRING", "", None),
        ("STRING", "x" * MAX_TEXT_LENGTH, "x" * MAX_TEXT_LENGTH),
        ("STRING", "x" * (MAX_TEXT_LENGTH + 1), None),
        ("STRING", "\ud800", None),
        ("STRING", ["x"], None),
        ("STRING", {"x": 1}, None),
        ("NUMBER", "12", 12),
        ("NUMBER", " -1.50 ", -1.5),
        ("NUMBER", "1e3", 1000),
        ("NUMBER", ".5", 0.5),
        ("NUMBER", 3.0, 3),
        ("NUMBER", Decimal("2.50"), 2.5),
        ("NUMBER", "1_000", None),
        ("NUMBER", "1,000", None),
        ("NUMBER", "nan", None),
        ("NUMBER", "inf", None),
        ("NUMBER", "1e999", None),
        ("NUMBER", float("nan"), None),
        ("NUMBER", "0x10", None),
        ("NUMBER", "１２", 12),
        ("NUMBER", True, None),
        ("NUMBER", "9" * 10_000, None),
        ("BOOLEAN", "TRUE", True),
        ("BOOLEAN", "否", False),
        ("BOOLEAN", 1, True),
        ("BOOLEAN", False, False),
        ("BOOLEAN", "maybe", None),
        ("TIME", "2026-07-01T08:30:00Z", "2026-07-01T08:30:00.000Z"),
        ("TIME", "2026-07-01 08:30", "2026-07-01T00:30:00.000Z"),
        ("TIME", "2026-07-01", "2026-06-30T16:00:00.000Z"),
        ("TIME", dt.date(2026, 7, 1), "2026-06-30T16:00:00.000Z"),
        ("TIME", dt.datetime(2026, 7, 1, tzinfo=dt.UTC), "2026-07-01T00:00:00.000Z"),
        ("TIME", 1_700_000_000, None),
        ("TIME", "0001-01-01", None),
        ("TIME", "tomorrow", None),
        ("LIST", "a; b;;a", ["a", "b"]),
        ("LIST", '["a", 1, true, 1.0]', ["a", 1, True, 1.0]),
        ("LIST", ["x", None, " "], ["x"]),
        ("LIST", [1, True], [1, True]),
        ("LIST", [["x"]], None),
        ("LIST", "[1, ", None),
        ("LIST", ";", None),
        ("LIST", 5, None),
        (
            "LIST",
            [str(number) for number in range(MAX_LIST_VALUES)],
            [str(number) for number in range(MAX_LIST_VALUES)],
        ),
        ("LIST", [str(number) for number in range(MAX_LIST_VALUES + 1)], None),
        ("OBJECT", {"x": 1}, None),
    ],
)
def test_a_cell_is_a_value_of_the_type_or_none(wanted: str, given: object, value: object) -> None:
    found = tag_value(given, ValueType(wanted), SHANGHAI)

    assert found == value
    assert type(found) is type(value)
    if isinstance(found, list) and isinstance(value, list):
        assert list(map(type, found)) == list(map(type, value))
