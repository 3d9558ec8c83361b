"""Results beside the store: what they tell apart from what is stored, and how they are read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest

from analytics.query import asking
from analytics.query.sources import Tables
from analytics.store import results
from analytics.store.batch import Batch, CustomerCells, Membership, Position, TagCells, number_of
from analytics.store.file import ColumnFile
from analytics.store.results import Gone
from analytics.store.spread import cells_of
from rules.parser import parse_rule

TAG = "t"
NOW_MS = 1_800_000_000_000
IDS = ("a", "b", "c")


def store(values: Mapping[str, object] | None = None, members: Sequence[str] = ()) -> ColumnFile:
    """Three customers, with stored values of a tag and members of a segment."""
    file = ColumnFile()
    batch = Batch(
        customers={id: CustomerCells(id, 1, {}) for id in IDS},
        tags=[TagCells(id, TAG, 1, dict(cells_of(value))) for id, value in (values or {}).items()],
        members=[Membership(id, "s", 1) for id in members],
    )
    file.apply(batch, Position(built=True), fresh=True)
    return file


def table(kind: str, of: pa.DataType, values: Mapping[str, object]) -> pa.Table:
    return pa.table(
        {"customer": pa.array([number_of(id) for id in values], pa.int64()), kind: pa.array(values.values(), of)}
    )


@pytest.mark.parametrize(
    ("stored", "found", "changes"),
    [
        pytest.param({"a": "x"}, ("text", pa.string(), {"a": "x"}), [], id="the same text"),
        pytest.param({"a": "x"}, ("text", pa.string(), {"a": "y", "b": "x"}), [("a", "y"), ("b", "x")], id="texts"),
        pytest.param({"a": "5", "b": 5}, ("number", pa.float64(), {"a": 5.0, "b": 5.0}), [("a", 5)], id="kinds"),
        pytest.param({"b": 1.5, "c": True}, ("flag", pa.bool_(), {"c": True}), [("b", None)], id="none any more"),
        pytest.param(
            {"a": "2026-07-01T00:00:00.000Z", "b": "2026-07-01", "c": "2026-07-01T00:00:00.001Z"},
            ("instant", pa.int64(), dict.fromkeys(IDS, 1_782_864_000_000)),
            [("b", "2026-07-01T00:00:00.000Z"), ("c", "2026-07-01T00:00:00.000Z")],
            id="texts that name an instant in another way",
        ),
        pytest.param(
            {"a": ["x", "y"], "b": ["y", "x"], "c": ["x", 1]},
            ("texts", pa.list_(pa.string()), {"a": ["x", "y"], "b": ["x", "y"], "c": ["x"]}),
            [("b", ["x", "y"]), ("c", ["x"])],
            id="the order of lists",
        ),
    ],
)
def test_values_are_compared_with_those_that_are_stored(
    stored: Mapping[str, object],
    found: tuple[str, pa.DataType, Mapping[str, object]],
    changes: list[tuple[str, object]],
) -> None:
    reader = store(stored).reader()
    kept = asking.keep_table(reader, results.new_name(), table(*found))
    assert kept.count == len(found[2])
    assert results.compare_values(reader, kept, TAG) == len(changes)
    assert results.page_values(reader, kept.name, 0, 10) == changes
    assert results.page_differing(reader, kept.name, 1, 10) == [id for id, _ in changes[1:]]


def test_who_has_none_any_more_keeps_the_stored_value_where_old_ones_are_kept() -> None:
    reader = store({"a": "Old", "b": "x"}).reader()
    kept = asking.keep_table(reader, results.new_name(), table("text", pa.string(), {"b": "New"}), TAG)
    assert (kept.count, kept.columns) == (2, ("text", "folded"))
    assert results.compare_values(reader, kept, TAG) == 1
    rows = reader.execute(f"SELECT text, folded FROM results.{kept.table} ORDER BY text").fetchall()
    assert rows == [("New", "new"), ("Old", "old")]


def test_members_are_compared_and_both_are_read_in_pages() -> None:
    reader = store(members=["a", "b"]).reader()
    found = ", ".join(f"({number_of(id)})" for id in ("b", "c"))
    kept = results.keep_members(reader, results.new_name(), f"FROM (VALUES {found}) AS v(customer)")
    assert (kept.count, results.compare_members(reader, kept, "s")) == (2, 2)
    assert results.page_differing(reader, kept.name, 0, 10) == ["a", "c"]
    assert results.page_result(reader, kept.name, "", 10) == ["b", "c"]
    assert results.page_result(reader, kept.name, "b", 10) == ["c"]
    results.drop(reader, kept.name)
    with pytest.raises(Gone):
        results.page_result(reader, kept.name, "", 10)


@pytest.mark.parametrize("rule", [{"everyone": True}, {"event": {"name": "Never", "op": "LT", "values": [1]}}])
def test_customers_of_whom_nothing_is_known_are_kept(rule: Mapping[str, object]) -> None:
    file = store(members=["a"])
    reader = file.reader()
    kept = asking.keep_customers(
        reader, results.new_name(), parse_rule(rule), Tables(file.layout), NOW_MS, ZoneInfo("UTC")
    )
    assert (kept.count, results.compare_members(reader, kept, "s")) == (3, 2)


@pytest.mark.parametrize("name", ["", "x", "00'; DROP TABLE customers; --"])
def test_a_name_that_was_never_given_is_of_nothing(name: str) -> None:
    reader = store().reader()
    for read in (results.page_differing, results.page_values):
        with pytest.raises(Gone):
            read(reader, name, 0, 10)
