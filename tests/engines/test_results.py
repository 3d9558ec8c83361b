"""Results beside the store: what they tell apart from what is stored, and how they are read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest

from analytics.engines.port import Reader, Store
from analytics.query import asking
from analytics.query.expressions import numbers_of, result_table
from analytics.query.sources import Tables
from analytics.store import results
from analytics.store.batch import Batch, CustomerCells, Membership, Position, TagCells, number_of
from analytics.store.results import Gone
from analytics.store.spread import cells_of
from rules.parser import parse_rule

TAG = "t"
NOW_MS = 1_800_000_000_000
IDS = ("a", "b", "c")


def fill(store: Store, values: Mapping[str, object] | None = None, members: Sequence[str] = ()) -> Reader:
    """Three customers, with stored values of a tag and members of a segment."""
    batch = Batch(
        customers={id: CustomerCells(id, 1, {}) for id in IDS},
        tags=[TagCells(id, TAG, 1, dict(cells_of(value))) for id, value in (values or {}).items()],
        members=[Membership(id, "s", 1) for id in members],
    )
    store.apply(batch, Position(built=True))
    return store.ask()


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
    store: Store,
) -> None:
    reader = fill(store, stored)
    kept = asking.keep_table(reader, results.new_name(), table(*found))
    assert kept.count == len(found[2])
    assert reader.compare_values(kept, TAG) == len(changes)
    assert reader.page_values(kept.name, 0, 10) == changes
    assert reader.page_differing(kept.name, 1, 10) == [id for id, _ in changes[1:]]


def test_who_has_none_any_more_keeps_the_stored_value_where_old_ones_are_kept(store: Store) -> None:
    reader = fill(store, {"a": "Old", "b": "x"})
    kept = asking.keep_table(reader, results.new_name(), table("text", pa.string(), {"b": "New"}), TAG)
    assert (kept.count, kept.columns) == (2, ("text", "folded"))
    assert reader.compare_values(kept, TAG) == 1
    rows = result_table(kept.table, {"customer": "int64", "text": "string", "folded": "string"}, reader.engine)
    assert sorted(reader.rows(rows.select("text", "folded"))) == [("New", "new"), ("Old", "old")]


def test_members_are_compared_and_both_are_read_in_pages(store: Store) -> None:
    reader = fill(store, members=["a", "b"])
    kept = reader.keep_members(results.new_name(), numbers_of("customer", [number_of(id) for id in ("b", "c")]))
    assert (kept.count, reader.compare_members(kept, "s")) == (2, 2)
    assert reader.page_differing(kept.name, 0, 10) == ["a", "c"]
    assert reader.page_result(kept.name, "", 10) == ["b", "c"]
    assert reader.page_result(kept.name, "b", 10) == ["c"]
    reader.drop(kept.name)
    with pytest.raises(Gone):
        reader.page_result(kept.name, "", 10)


@pytest.mark.parametrize("rule", [{"everyone": True}, {"event": {"name": "Never", "op": "LT", "values": [1]}}])
def test_customers_of_whom_nothing_is_known_are_kept(rule: Mapping[str, object], store: Store) -> None:
    reader = fill(store, members=["a"])
    tables = Tables(store.layout, store.engine)
    kept = asking.keep_customers(reader, results.new_name(), parse_rule(rule), tables, NOW_MS, ZoneInfo("UTC"))
    assert (kept.count, reader.compare_members(kept, "s")) == (3, 2)


@pytest.mark.parametrize("name", ["", "x", "00'; DROP TABLE customers; --"])
def test_a_name_that_was_never_given_is_of_nothing(name: str, store: Store) -> None:
    reader = store.ask()
    for read in (reader.page_differing, reader.page_values):
        with pytest.raises(Gone):
            read(name, 0, 10)
