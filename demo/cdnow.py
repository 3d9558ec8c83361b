"""The CDNOW orders: what 23,570 customers of a record shop bought from January 1997 to June 1998.

Source: Fader and Hardie, "Forecasting repeat sales at CDNOW" (2001); the file comes with the package `lifetimes` and is
read from where that is installed. Nothing of it is copied.
"""

from __future__ import annotations

import importlib.util
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from base.errors import NotFound

PACKAGE = "lifetimes"
FILE = Path("datasets") / "CDNOW_master.txt"
ORDER_COMPLETED = "Order Completed"


@dataclass(frozen=True, slots=True)
class Order:
    """One order. `number` counts a customer's orders from 1 in the order of the file, which is that of time."""

    customer: str
    number: int
    on: date
    discs: int
    total: float

    def call(self) -> dict[str, object]:
        """The order as a `track` call; the same order always has the same message id."""
        return {
            "type": "track",
            "messageId": f"cdnow-{self.customer}-{self.number}",
            "userId": user_id(self.customer),
            "event": ORDER_COMPLETED,
            "timestamp": datetime.combine(self.on, datetime.min.time(), UTC).isoformat(),
            "properties": {"total": self.total, "currency": "USD", "discs": self.discs},
        }


def user_id(customer: str) -> str:
    """The id under which a customer of the file is sent."""
    return f"cdnow-{customer}"


def parse_orders(lines: Iterable[str]) -> Iterator[Order]:
    """Orders of lines like ` 00004 19970118  2   29.33`; a heading and empty lines are passed over.

    Raises:
        ValueError: a line of another form, named by its number.
    """
    counts: dict[str, int] = defaultdict(int)
    for line_number, line in enumerate(lines, 1):
        fields = line.split()
        if not fields or fields[0] == "customer_id":
            continue
        try:
            customer, day, discs, total = fields
            on = date.fromisoformat(day)
            counts[customer] += 1
            yield Order(customer, counts[customer], on, int(discs), float(total))
        except ValueError as fault:
            raise ValueError(f"line {line_number} is no order") from fault


def read_orders() -> list[Order]:
    """All 69,659 orders, by customer and time. Reads one file.

    Raises:
        NotFound: the package is not installed.
    """
    # Found, not imported: the package would bring numpy, pandas and scipy with it.
    spec = importlib.util.find_spec(PACKAGE)
    folders = list(spec.submodule_search_locations or ()) if spec else []
    path = Path(folders[0]) / FILE if folders else None
    if path is None or not path.is_file():
        raise NotFound(f"The package {PACKAGE} with the CDNOW orders is not installed.", hint="Run `make demo`.")
    with path.open(encoding="ascii") as lines:
        return list(parse_orders(lines))


def sample_orders(orders: Sequence[Order], customers: int) -> list[Order]:
    """All orders of so many customers, picked evenly over the file; everything when there are no more."""
    known = list(dict.fromkeys(order.customer for order in orders))
    count = min(customers, len(known))
    picked = {known[position * len(known) // count] for position in range(count)}
    return [order for order in orders if order.customer in picked]


def by_customer(orders: Iterable[Order]) -> Mapping[str, list[Order]]:
    """Customer → orders."""
    grouped: dict[str, list[Order]] = defaultdict(list)
    for order in orders:
        grouped[order.customer].append(order)
    return grouped
