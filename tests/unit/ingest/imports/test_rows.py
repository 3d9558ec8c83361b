"""Cells, rows and files: what becomes of them."""

from __future__ import annotations

import datetime as dt
import gzip
import json
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from base.errors import BadInput
from ingest.imports.mapping import Csv, Mapping, check_mapping
from ingest.imports.readers import read_rows
from ingest.imports.recent import Recent
from ingest.imports.rows import RowMapper
from ingest.imports.values import BadCell, cell, instant_ms, read

SHANGHAI = ZoneInfo("Asia/Shanghai")
START_MS = 1_700_000_000_000


def make_mapping(**changes: Any) -> Mapping:
    base: dict[str, Any] = {
        "source": "pos",
        "identifiers": {"user_id": "member", "phone": "mobile"},
        "traits": {"name": "name"},
        "event": {"name": "Order Completed"},
        "properties": {"amount": {"column": "amount", "type": "number"}},
        "time": {"column": "at", "zone": "Asia/Shanghai"},
    }
    return check_mapping({key: value for key, value in (base | changes).items() if value is not None})


ROW = {"member": "7", "mobile": "13912345678", "name": "李雷", "amount": "12.50", "at": "2026-07-01 08:30:00"}


def mapped(row: dict[str, Any], number: int = 1, **changes: Any) -> list[dict[str, Any]]:
    return [json.loads(call.body) for call in RowMapper(make_mapping(**changes), START_MS).calls(number, row)]


def test_a_row_with_traits_and_an_event_is_two_calls() -> None:
    identify, track = mapped(ROW)

    assert identify["type"] == "identify"
    assert identify["traits"] == {"name": "李雷"}
    assert (track["type"], track["event"], track["properties"]) == ("track", "Order Completed", {"amount": 12.5})
    for call in (identify, track):
        assert call["userId"] == "7"
        assert call["context"] == {"externalIds": [{"type": "phone", "id": "13912345678"}]}
        assert call["timestamp"] == "2026-07-01T00:30:00.000Z"


def test_a_row_without_traits_is_only_its_event_and_without_an_event_only_its_traits() -> None:
    assert [call["type"] for call in mapped(ROW | {"name": " "})] == ["track"]
    calls = mapped(ROW, event=None, properties=None, time=None)
    assert [(call["type"], call["timestamp"]) for call in calls] == [("identify", "2023-11-14T22:13:20.000Z")]


def test_message_ids_come_from_number_and_content_or_from_a_column() -> None:
    first = [call["messageId"] for call in mapped(ROW)]

    assert first == [call["messageId"] for call in mapped(dict(ROW))]
    assert len({*first, *(call["messageId"] for call in mapped(ROW, number=2))}) == 4
    assert len({*first, *(call["messageId"] for call in mapped(ROW | {"amount": "13"}))}) == 4
    named = [call["messageId"] for call in mapped(ROW | {"no": "A-1"}, message_id={"column": "no"})]
    assert named == ["A-1:identify", "A-1"]


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (ROW | {"amount": "much"}, "amount is not of type number"),
        (ROW | {"amount": "inf"}, "amount is not of type number"),
        (ROW | {"at": "yesterday"}, "at is no time"),
        (ROW | {"at": ""}, "at is empty"),
        (ROW | {"member": ["a"]}, "member is not text"),
    ],
)
def test_a_row_that_is_not_as_the_mapping_says_is_refused_without_its_values(row: dict[str, Any], words: str) -> None:
    with pytest.raises(BadCell, match=words) as caught:
        mapped(row)
    assert "yesterday" not in str(caught.value)


def test_unverified_contacts_are_marked() -> None:
    assert mapped(ROW, verified=False)[0]["context"]["verified"] is False


@pytest.mark.parametrize(
    ("value", "wanted", "found"),
    [
        ("7", "auto", "7"),
        (7, "auto", 7),
        (Decimal("7.50"), "auto", 7.5),
        (Decimal("7"), "auto", 7),
        (dt.date(2026, 7, 1), "auto", "2026-07-01"),
        (dt.datetime(2026, 7, 1, 8, tzinfo=dt.UTC), "auto", "2026-07-01T08:00:00.000Z"),
        (dt.datetime(2026, 7, 1, 8), "auto", "2026-07-01T00:00:00.000Z"),  # noqa: DTZ001 - a file's time has no zone
        ([Decimal("1.5"), {"a": 2}], "auto", [1.5, {"a": 2}]),
        (7.0, "text", "7"),
        ("007", "text", "007"),
        ("7", "integer", 7),
        (7.0, "integer", 7),
        ("7.5", "number", 7.5),
        ("Yes", "boolean", True),
        ("否", "boolean", False),
        (0, "boolean", False),
        ("2026-07-01", "time", "2026-06-30T16:00:00.000Z"),
        ('{"a": [1]}', "json", {"a": [1]}),
    ],
)
def test_a_cell_is_read_as_its_type(value: Any, wanted: Any, found: Any) -> None:
    assert read(value, "c", wanted, SHANGHAI) == found


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        ("7.5", "integer"),
        (7.5, "integer"),
        ("x", "number"),
        (float("inf"), "auto"),
        ("maybe", "boolean"),
        ("{", "json"),
        (b"\xff", "auto"),
        ("9" * 5000, "integer"),
    ],
)
def test_a_cell_of_another_type_is_refused(value: Any, wanted: Any) -> None:
    with pytest.raises(BadCell):
        read(value, "c", wanted, SHANGHAI)


@pytest.mark.parametrize(
    ("value", "format", "at_ms"),
    [
        ("1782894600", "unix_s", 1_782_894_600_000),
        (1782894600.5, "unix_s", 1_782_894_600_500),
        ("1782894600123", "unix_ms", 1_782_894_600_123),
        ("01/07/2026 16:30", "%d/%m/%Y %H:%M", 1_782_894_600_000),
        ("2026-07-01T08:30:00Z", "iso", 1_782_894_600_000),
        ("2026-07-01 16:30", "iso", 1_782_894_600_000),
        (dt.date(2026, 7, 1), "iso", 1_782_835_200_000),
    ],
)
def test_times_in_every_format(value: Any, format: str, at_ms: int) -> None:
    assert instant_ms(value, format, SHANGHAI) == at_ms


def test_cells_are_found_by_path_and_blanks_are_missing() -> None:
    row = {"a": {"b": {"c": 1}}, "a.b": 2, "blank": " ", "nan": float("nan"), "text": "x"}

    found = [cell(row, column) for column in ("a.b.c", "a.b", "a.x.y", "text.x", "blank", "nan", "none")]
    assert found == [1, 2, None, None, None, None, None]


def write_csv(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.write_bytes(gzip.compress(text.encode(encoding)) if path.suffix == ".gz" else text.encode(encoding))
    return path


def rows_of(path: Path, columns: tuple[str, ...] = ("a", "b"), layout: Csv | None = None) -> list[Any]:
    return [(row.number, dict(row.cells), row.fault) for row in read_rows(path, columns, layout or Csv())]


@pytest.mark.parametrize("name", ["x.csv", "x.csv.gz", "X.CSV"])
def test_csv_rows(tmp_path: Path, name: str) -> None:
    path = write_csv(tmp_path / name, '\ufeffa,b\n1,"x, ""y""\nz"\n\n2,é\n')

    assert rows_of(path) == [(1, {"a": "1", "b": 'x, "y"\nz'}, None), (2, {"a": "2", "b": "é"}, None)]


def test_csv_of_another_layout(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "x.csv", "a;b\n1;'李;雷'\n", "gb18030")

    assert rows_of(path, layout=Csv(";", "'", "gb18030")) == [(1, {"a": "1", "b": "李;雷"}, None)]
    assert rows_of(write_csv(tmp_path / "x.tsv", "a\tb\n1\t2\n")) == [(1, {"a": "1", "b": "2"}, None)]


def test_rows_of_another_width_are_faults_and_the_rest_goes_on(tmp_path: Path) -> None:
    found = rows_of(write_csv(tmp_path / "x.csv", "a,b\n1\n1,2,3\n1,2\n"))

    assert [fault is None for _, _, fault in found] == [False, False, True]


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("x.csv", "a,c\n1,2\n", "no column b"),
        ("x.csv", "a,a,b\n1,2,3\n", "same name"),
        ("x.csv", "", "no column a, b"),
        ("x.csv", 'a,b\n"1,2\n', "no CSV after row 0"),
        ("x.csv", "a,b\n1,\udcff\n", "not utf-8"),
        ("x.xlsx", "", "suffix"),
        ("x.csv.gz", "", "cannot be read"),
        ("x.parquet", "text", "Parquet"),
        ("x.jsonl", "x" * 1_100_000, "longer"),
    ],
)
def test_a_file_that_cannot_be_read_is_bad_input(tmp_path: Path, name: str, text: str, words: str) -> None:
    path = tmp_path / name
    path.write_bytes(text.encode("utf-8", "surrogateescape") if name != "x.csv.gz" else b"plain")

    with pytest.raises(BadInput) as caught:
        rows_of(path)
    assert words in caught.value.message


def test_json_lines(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "x.jsonl", '{"a": 1}\n\n[1]\n{"a": {"b": null}}\n{')

    found = rows_of(path)

    assert [(number, cells, fault is None) for number, cells, fault in found] == [
        (1, {"a": 1}, True),
        (3, {}, False),
        (4, {"a": {"b": None}}, True),
        (5, {}, False),
    ]


def test_parquet_rows(tmp_path: Path) -> None:
    table = pa.table({"a": [1, None], "b": [dt.datetime(2026, 7, 1), None], "c": [{"d": "x"}, None], "other": [1, 2]})  # noqa: DTZ001
    pq.write_table(table, tmp_path / "x.parquet")

    found = rows_of(tmp_path / "x.parquet", ("a", "b", "c.d"))

    assert found[0][1] == {"a": 1, "b": dt.datetime(2026, 7, 1), "c": {"d": "x"}}  # noqa: DTZ001
    assert [number for number, _, _ in found] == [1, 2]


def test_recent_ids_are_bounded() -> None:
    recent = Recent(max_ids=2)

    assert [recent.add(id) for id in ("a", "b", "a", "c", "a")] == [True, True, False, True, True]
