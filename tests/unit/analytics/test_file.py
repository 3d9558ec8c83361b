"""The columnar file: what is written is there once, after it was closed too, and cannot be read without the key."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pytest

from analytics.store import vocabulary
from analytics.store.batch import Batch, CustomerCells, EventCells, Membership, Position, Stretch, TagCells, number_of
from analytics.store.file import ColumnFile
from analytics.store.spread import Kind, cells_of, spread
from analytics.store.tables import CUSTOMERS, EVENT_TABLES

KEY = "0f" * 32
OTHER_KEY = "1e" * 32
HERE = Position(changes=3, touched=5, doubtful_until=4, as_of_ms=1_700_000_000_000)


@pytest.fixture
def file() -> ColumnFile:
    return ColumnFile()


def customer(id_: str, **attributes: object) -> CustomerCells:
    return CustomerCells(id_, 1_000, spread(attributes))


def event(uid: str, id_: str, at_ms: int = 0, name: str = "Order Completed", **properties: object) -> EventCells:
    return EventCells(uid, name, at_ms, id_, spread(properties))


def tag(customer: str, value: object) -> TagCells:
    return TagCells(customer, "tier", 1, dict(cells_of(value)))


def rows(file: ColumnFile, statement: str) -> list[tuple[Any, ...]]:
    return sorted(file.reader().execute(statement).fetchall())


def test_a_path_has_a_column_for_each_kind_of_value(file: ColumnFile) -> None:
    people = {"a": customer("a", size=12, name="Ann"), "b": customer("b", size="12"), "c": customer("c", size=[1, 2])}

    file.apply(Batch(customers=people), HERE)

    columns = file.layout.attributes["size"]
    assert set(columns) == {Kind.NUMBER, Kind.TEXT, Kind.OTHER, Kind.NUMBERS}
    found = rows(
        file, f"SELECT id, {columns[Kind.NUMBER]}, {columns[Kind.TEXT]}, {columns[Kind.NUMBERS]} FROM customers"
    )
    assert found == [("a", 12.0, None, None), ("b", None, "12", None), ("c", None, None, [1.0, 2.0])]


def test_a_batch_replaces_what_it_names_and_nothing_else(file: ColumnFile) -> None:
    file.apply(Batch(customers={"a": customer("a", x=1), "b": customer("b", x=2), "c": customer("c")}), HERE)

    file.apply(Batch(customers={"a": customer("a", x=3), "c": None}), HERE)

    column = file.layout.attributes["x"][Kind.NUMBER]
    assert rows(file, f"SELECT id, {column} FROM customers") == [("a", 3.0), ("b", 2.0)]


def test_an_identifier_is_owned_for_ever_or_in_stretches(file: ColumnFile) -> None:
    file.apply(Batch(owners={"u1": [Stretch("a")], "u2": [Stretch("a", None, 5), Stretch("b", 5, None)]}), HERE)
    file.apply(Batch(owners={"u1": [Stretch("b", 7, 9)], "u3": []}), HERE)

    assert rows(file, "SELECT identifier FROM owners") == []
    shown = rows(file, "SELECT identifier, customer, to_ms FROM stretches WHERE from_ms >= 5")
    assert shown == sorted(
        [(number_of("u1"), number_of("b"), 9), (number_of("u2"), number_of("b"), 253_402_300_800_000)]
    )


def test_events_of_a_name_have_a_table_and_are_replaced_by_identifier_or_id(file: ColumnFile) -> None:
    file.apply(Batch(events=[event("u1", "e1", total=1), event("u2", "e2"), event("u2", "e3", name="Other")]), HERE)
    table = file.layout.events["Order Completed"].table

    # The same again, since it is not known whether it is there; and everything of u2 is now on u3.
    file.apply(Batch(events=[event("u1", "e1", total=1)], doubtful=True), HERE)
    file.apply(Batch(events=[event("u3", "e3", name="Other")], rehung={"u2", "u3"}), HERE)

    assert rows(file, f"SELECT id, identifier FROM {table}") == [("e1", number_of("u1"))]
    other = file.layout.events["Other"].table
    assert rows(file, f"SELECT id, identifier FROM {other}") == [("e3", number_of("u3"))]


def test_members_are_in_a_segment_once(file: ColumnFile) -> None:
    file.apply(Batch(members=[Membership("a", "s", 1), Membership("b", "s", 1), Membership("b", "t", 1)]), HERE)
    file.apply(Batch(members=[Membership("a", "s", 2), Membership("b", "t", None)]), HERE)
    assert rows(file, "SELECT customer, segment, since FROM members") == sorted(
        [(number_of("a"), "s", 2), (number_of("b"), "s", 1)]
    )

    file.apply(Batch(nowhere={"b"}), HERE)
    assert rows(file, "SELECT customer FROM members") == [(number_of("a"),)]


def test_a_customer_has_the_tags_of_the_last_batch(file: ColumnFile) -> None:
    people = {"a": customer("a"), "b": customer("b"), "c": customer("c")}
    file.apply(Batch(customers=people, tags=[tag("a", "gold"), tag("b", 3), tag("c", ["x"])]), HERE)
    file.apply(Batch(customers={"a": customer("a"), "c": None}, tags=[tag("a", "silver")]), HERE)

    assert rows(file, "SELECT customer, text, number FROM tag_values") == sorted(
        [(number_of("a"), "silver", None), (number_of("b"), None, 3.0)]
    )


def test_a_batch_that_fails_leaves_nothing_and_the_next_one_is_written(file: ColumnFile) -> None:
    bad = EventCells("u1", "Order Completed", 0, "e1", {("total", Kind.NUMBER): "no number"})

    with pytest.raises(Exception, match="no number"):
        file.apply(Batch(customers={"a": customer("a", x=1)}, events=[bad]), HERE)

    assert file.position == Position()
    assert rows(file, "SELECT id FROM customers") == []
    file.apply(Batch(customers={"a": customer("a", x=1)}, events=[event("u1", "e1", total=1)]), HERE)
    assert rows(file, "SELECT id FROM customers") == [("a",)]
    assert file.position == HERE


def test_names_without_end_are_left_out_and_said_to_be(file: ColumnFile, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vocabulary, "MAX_COLUMNS", 2)
    monkeypatch.setattr(vocabulary, "MAX_EVENT_TABLES", 1)

    file.apply(Batch(customers={"a": customer("a", x=1, y=2, z=3)}), HERE)
    file.apply(Batch(events=[event("u", "e1", name="One"), event("u", "e2", name="Two")]), HERE)

    assert len(file.layout.attributes) == 2
    assert list(file.layout.events) == ["One"]
    assert file.layout.incomplete == {CUSTOMERS, EVENT_TABLES}


def test_a_file_that_was_closed_goes_on_where_it_was(tmp_path: Path) -> None:
    path = tmp_path / "columns.duckdb"
    first = ColumnFile(path, KEY)
    first.apply(Batch(customers={"a": customer("a", x=1)}, events=[event("u1", "e1", total=1)]), HERE)
    layout = first.layout
    first.close()

    again = ColumnFile(path, KEY)
    assert again.position == HERE
    assert again.layout == layout
    again.apply(Batch(customers={"b": customer("b", x=2, y=1)}), HERE)
    assert rows(again, "SELECT id FROM customers") == [("a",), ("b",)]
    again.close()


def test_nothing_can_be_read_without_the_key(tmp_path: Path) -> None:
    path = tmp_path / "columns.duckdb"
    file = ColumnFile(path, KEY)
    secret = "ann-of-cleves@example.com"
    file.apply(Batch(customers={f"c{n}": customer(f"c{n}", email=secret) for n in range(5_000)}), HERE)
    log = path.with_name(path.name + ".wal")
    assert secret.encode() not in log.read_bytes()
    file.checkpoint()
    file.close()

    assert secret.encode() not in path.read_bytes()
    with pytest.raises(duckdb.Error):
        ColumnFile(path, OTHER_KEY)
    ColumnFile(path, KEY).close()


def test_a_file_of_an_older_layout_is_not_opened(tmp_path: Path) -> None:
    """Its owner builds a new one then."""
    path = tmp_path / "columns.duckdb"
    ColumnFile(path).close()
    ColumnFile(path).close()
    with duckdb.connect(str(path)) as connection:
        connection.execute("DROP TABLE changes")

    with pytest.raises(duckdb.Error):
        ColumnFile(path)
