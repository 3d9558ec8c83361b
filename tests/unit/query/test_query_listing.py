"""Pages of customers from the columnar store, against sorting everybody in memory."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from functools import partial
from zoneinfo import ZoneInfo

import pytest

from analytics.engines.local import FileStore
from analytics.query import asking
from analytics.query.listing import page_query, place_of
from analytics.query.order import FIRST, MAX_TEXT_CHARS, By, Order, Place
from analytics.query.sources import Tables
from analytics.store.batch import Batch, CustomerCells, EventCells, Position, Stretch, TagCells
from analytics.store.file import ColumnFile
from analytics.store.spread import cells_of, spread, stored_text
from rules.parser import parse_rule
from rules.values import as_number, as_time_ms

UTC = ZoneInfo("UTC")
NOW_MS = 1_800_000_000_000
VALUES: Sequence[object] = [
    None, True, False, 0, -0.0, 1, 1.5, -3, 1e300, 2**53, "", "a", "A", "ä", "b'; --", "\x00", "x" * 150,
    "x" * 150 + "y", "🦊", "\ud800",
    "2026-01-01", "2026-01-01T00:00:00Z", "2025-06-01T10:00:00+08:00", [], ["a"], {"b": 1},
]  # fmt: skip
EVERYBODY: Mapping[str, object] = {"everyone": True}


def store(values: Sequence[object]) -> ColumnFile:
    """The n-th customer has the n-th value as an attribute and as a tag; its number of events is 0 to 2."""
    file = ColumnFile()
    names = [name_of(number) for number in range(len(values))]
    file.apply(
        Batch(
            customers={
                name: CustomerCells(name, created_ms(number), spread({} if value is None else {"x": value}))
                for number, (name, value) in enumerate(zip(names, values, strict=True))
            },
            owners={f"u{name}": [Stretch(name)] for name in names},
            events=[
                EventCells(f"u{name}", "E", at_ms, f"{name} {at_ms}", {})
                for number, name in enumerate(names)
                for at_ms in events_ms(number)
            ],
            tags=[
                TagCells(name, "t", 0, dict(cells_of(value)))
                for name, value in zip(names, values, strict=True)
                if value is not None
            ],
        ),
        Position(),
        fresh=True,
    )
    return file


def name_of(number: int) -> str:
    return f"cus_{number * 7919 % 1000:04d}"


def created_ms(number: int) -> int:
    return number % 5


def events_ms(number: int) -> list[int]:
    # One of them has not come yet.
    return [[], [10 + number % 3], [10, 20], [10, NOW_MS + 1]][number % 4]


def pages(file: ColumnFile, order: Order, rule: Mapping[str, object], size: int) -> list[str]:
    """All pages, one after the other."""
    found: list[str] = []
    after = FIRST
    tables = Tables(file.layout)
    while True:
        rows = asking.rows_of(
            FileStore(file).ask(),
            parse_rule(rule),
            tables,
            NOW_MS,
            UTC,
            partial(page, order=order, after=after, size=size, tables=tables, everybody=rule is EVERYBODY),
        )
        found += [place_of(row).id for row in rows]
        if len(rows) < size:
            return found
        after = place_of(rows[-1])


def page(people: object, order: Order, after: Place, size: int, tables: Tables, everybody: bool) -> object:
    return page_query(None if everybody else people, order, after, size, tables, NOW_MS)


def key_of(value: object, descending: bool) -> tuple[int, object]:
    """The plainest reading of the order: kind, then value; descending turns both round, and no value is last."""
    kind, key = 4, 0.0
    if isinstance(value, bool):
        kind, key = 0, float(value)
    elif (number := as_number(value)) is not None:
        kind, key = 1, float(number)
    elif (at_ms := as_time_ms(value)) is not None:
        kind, key = 2, float(at_ms)
    elif isinstance(value, str):
        points = [ord(one) for one in stored_text(value)[:MAX_TEXT_CHARS]]
        # Behind all others where a text goes on; in front of them when turned round.
        return (0, [-one for one in points] + [1]) if descending else (3, points)
    if kind == 4:
        return 4, 0.0
    return (3 - kind, -key) if descending else (kind, key)


@pytest.fixture(scope="module")
def people() -> tuple[ColumnFile, dict[str, int], Sequence[object]]:
    chance = random.Random(7)
    values = [*VALUES, *(chance.choice(VALUES) for _ in range(60))]
    return store(values), {name_of(number): number for number in range(len(values))}, values


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("size", [1, 7, 1000])
@pytest.mark.parametrize("by", [By.ID, By.CREATED_AT, By.ATTRIBUTE, By.TAG, By.LAST_EVENT])
def test_pages_hold_everybody_once_in_order(
    people: tuple[ColumnFile, dict[str, int], Sequence[object]], by: By, size: int, descending: bool
) -> None:
    file, numbers, values = people

    def value_of(name: str) -> object:
        number = numbers[name]
        match by:
            case By.ATTRIBUTE | By.TAG:
                return values[number]
            case By.CREATED_AT:
                return created_ms(number)
            case By.LAST_EVENT:
                return max((at_ms for at_ms in events_ms(number) if at_ms <= NOW_MS), default=None)
            case _:
                return None

    name = {By.ATTRIBUTE: "x", By.TAG: "t", By.LAST_EVENT: "E"}.get(by, "")
    expected = sorted(numbers, key=lambda one: (key_of(value_of(one), descending), one))

    assert pages(file, Order(by, name, descending), EVERYBODY, size) == expected


def test_a_rule_says_who_is_listed(people: tuple[ColumnFile, dict[str, int], Sequence[object]]) -> None:
    file, numbers, _ = people
    rule = {"event": {"name": "E", "values": [2]}}

    listed = pages(file, Order(By.LAST_EVENT, "E"), rule, 3)

    assert listed == sorted(name for name, number in numbers.items() if number % 4 == 2)


def test_what_nobody_has_orders_by_id(people: tuple[ColumnFile, dict[str, int], Sequence[object]]) -> None:
    file, numbers, _ = people
    for order in (Order(By.ATTRIBUTE, "no"), Order(By.TAG, "no"), Order(By.LAST_EVENT, "no", descending=True)):
        assert pages(file, order, EVERYBODY, 50) == sorted(numbers)


def test_a_page_goes_on_where_a_kind_of_value_is_gone() -> None:
    """The store was built anew between two pages, and nobody has a boolean any more."""
    file = store(["b", 1, "a", 2])
    tables, order = Tables(file.layout), Order(By.ATTRIBUTE, "x")
    after_a_boolean = Place(0, "1", name_of(0))
    rows = asking.rows_of(
        FileStore(file).ask(),
        parse_rule(EVERYBODY),
        tables,
        NOW_MS,
        UTC,
        partial(page, order=order, after=after_a_boolean, size=9, tables=tables, everybody=True),
    )

    assert [place_of(row).id for row in rows] == [name_of(number) for number in (1, 3, 2, 0)]
