"""Many customers and events in a store file, made inside the engine: the same for the same seed.

One of each is written by `ColumnFile`, so that tables and columns are those that it makes, and then makes room for as
many as wanted, whose cells are expressions of a number that counts up.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from duckdb import DuckDBPyConnection

from analytics.store.batch import Batch, CustomerCells, EventCells, Position, Stretch
from analytics.store.file import ColumnFile
from analytics.store.spread import Kind, spread
from analytics.store.tables import CUSTOMERS, OWNERS, STRETCHES, Columns
from base.clock import MAX_MS, MIN_MS

DAY_MS: Final = 86_400_000
NOW_MS: Final = 1_780_000_000_000
HISTORY_DAYS: Final = 730
# So many rows are in memory at once.
CHUNK_ROWS: Final = 5_000_000
IDENTIFIERS_A_CUSTOMER: Final = 1.2
# One identifier in so many changed hands.
HANDED_ON_EVERY: Final = 100
CITIES: Final = ("Rome", "Lyon", "Porto", "Ghent", "Graz", "Turku", "Cork", "Brno", "Bergen", "Sligo")
BRANDS: Final = 40
VIEWED, ORDERED, OPENED = "Product Viewed", "Order Completed", "Application Opened"


def _uniform(salt: str) -> str:
    """A number from 0 to 1 for the row's number `i`."""
    return f"((hash(i, '{salt}', $seed) >> 11)::DOUBLE / 9007199254740992)"


def _one_of(salt: str, count: int, power: float = 1.0) -> str:
    """One of so many numbers; with a power above 1 the low ones more often."""
    return f"least(floor({count} * pow({_uniform(salt)}, {power}))::BIGINT, {count - 1})"


_CITY_LIST: Final = ", ".join(f"'{city}'" for city in CITIES)
_CITY: Final = f"list_value({_CITY_LIST})[1 + {_one_of('city', len(CITIES))}]"
_BRAND: Final = f"printf('Brand %02d', {_one_of('brand', BRANDS, 2)})"
# Path → an expression of its value.
ATTRIBUTES: Final[Mapping[str, str]] = {
    "city": _CITY,
    "age": f"18 + {_one_of('age', 70)}",
    "vip": f"{_uniform('vip')} < 0.05",
}
_ATTRIBUTES_LIKE: Final = {"city": "Rome", "age": 18, "vip": True}


@dataclass(frozen=True, slots=True)
class _Name:
    """An event's name, its part of all events, and expressions of its properties."""

    name: str
    share: float
    properties: Mapping[str, str]
    like: Mapping[str, object]


# In quarters, whose sums are exact in whatever order: none is on either side of a layer's end.
_PRICE: Final = f"floor(4 * (5 + 500 * pow({_uniform('price')}, 3))) / 4"
NAMES: Final = (
    _Name(VIEWED, 0.6, {"brand": _BRAND, "price": _PRICE}, {"brand": "Brand 01", "price": 1.5}),
    _Name(ORDERED, 0.15, {"brand": _BRAND, "total": _PRICE}, {"brand": "Brand 01", "total": 1.5}),
    _Name(OPENED, 0.25, {"platform": f"list_value('ios', 'web')[1 + {_one_of('platform', 2)}]"}, {"platform": "ios"}),
)


@dataclass(frozen=True, slots=True)
class Size:
    """How much, and from which seed."""

    customers: int
    events: int
    seed: int = 1

    @property
    def identifiers(self) -> int:
        return round(self.customers * IDENTIFIERS_A_CUSTOMER)


def make_store(path: Path, size: Size, key: str | None = None, memory_mb: int = 2048) -> ColumnFile:
    """A new store of that size; the caller closes it. A customer has some identifiers, and few of them most events."""
    file = ColumnFile(path, key, memory_mb=memory_mb)
    owners = {"u": [Stretch("c")]}
    events = [EventCells("u", each.name, NOW_MS, each.name, spread(each.like)) for each in NAMES]
    file.apply(Batch({"c": CustomerCells("c", 0, spread(_ATTRIBUTES_LIKE))}, owners, events), Position(), fresh=True)
    connection = file.reader()
    for table in (CUSTOMERS, OWNERS, *(event.table for event in file.layout.events.values())):
        connection.execute(f"DELETE FROM {table}")
    _fill(connection, file, size)
    connection.close()
    file.checkpoint()
    return file


def _fill(connection: DuckDBPyConnection, file: ColumnFile, size: Size) -> None:
    attributes = dict(_cells(file.layout.attributes, ATTRIBUTES))
    ids = {"customer": _number("i", "customer"), "id": "printf('cus_%024d', i)", "created_at": str(NOW_MS)}
    _insert(connection, CUSTOMERS, ids | attributes, size.customers, size.seed)
    owned_by = _number(f"i % {size.customers}", "customer")
    identifier = _number("i", "identifier")
    whole, parts = f"i % {HANDED_ON_EVERY} <> 0", f"i % {HANDED_ON_EVERY} = 0"
    _insert(connection, OWNERS, {"identifier": identifier, "customer": owned_by}, size.identifiers, size.seed, whole)
    cut_ms = f"({NOW_MS} - floor({HISTORY_DAYS * DAY_MS} * {_uniform('cut')})::BIGINT)"
    next_one = _number(f"(i + 1) % {size.customers}", "customer")
    for from_ms, to_ms, customer in ((str(MIN_MS), cut_ms, owned_by), (cut_ms, str(MAX_MS + 1), next_one)):
        stretch = {"identifier": identifier, "from_ms": from_ms, "to_ms": to_ms, "customer": customer}
        _insert(connection, STRETCHES, stretch, size.identifiers, size.seed, parts)
    for place, each in enumerate(NAMES, 1):
        event, count = file.layout.events[each.name], round(size.events * each.share)
        # In the order of time, as they arrive.
        at_ms = f"{NOW_MS - HISTORY_DAYS * DAY_MS} + floor({HISTORY_DAYS * DAY_MS} * (i + {_uniform('at')}) / {count})"
        cells = {
            "identifier": _number(_one_of(f"who {each.name}", size.identifiers, 2), "identifier"),
            '"at"': f"({at_ms})::BIGINT",
            "id": f"format('e{{:016x}}', hash(i, '{each.name}', $seed))",
        }
        _insert(connection, event.table, cells | dict(_cells(event.columns, each.properties)), count, size.seed + place)


def _number(place: str, salt: str) -> str:
    """The number of the customer or identifier of a place, scattered like those of ids."""
    return f"(hash({place}, '{salt}') >> 1)::BIGINT"


def _cells(columns: Columns, values: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for path, value in values.items():
        for kind, column in columns[path].items():
            # Plain ASCII, of which this is the folded form.
            yield column, f"lower({value})" if kind is Kind.FOLDED else value


def _insert(
    connection: DuckDBPyConnection, table: str, cells: Mapping[str, str], count: int, seed: int, where: str = "true"
) -> None:
    """Rows for the numbers from 0 to `count`, in their order where order matters: chunk after chunk."""
    columns, values = ", ".join(cells), ", ".join(cells.values())
    for first in range(0, count, CHUNK_ROWS):
        end = min(count, first + CHUNK_ROWS)
        statement = (
            f"INSERT INTO {table} ({columns}) SELECT {values} FROM range({first}, {end}) AS numbers(i) WHERE {where}"
        )
        connection.execute(statement, {"seed": seed} if "$seed" in statement else None)
