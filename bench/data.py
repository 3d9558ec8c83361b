"""The data of the measurements: people, events and segments, the same for the same seed."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass

from base import clock

EVENT_NAMES = (
    "Order Completed",
    "Product Viewed",
    "Product Added",
    "Product Removed",
    "Cart Viewed",
    "Checkout Started",
    "Payment Entered",
    "Order Refunded",
    "Coupon Applied",
    "Products Searched",
    "List Viewed",
    "Wishlist Added",
    "Product Shared",
    "Review Written",
    "Newsletter Opened",
    "Link Clicked",
    "Video Played",
    "Application Opened",
    "Store Visited",
    "Question Asked",
)
PROBE_EVENT = "Probe"
SHORT_PROBE_EVENT = "Short Probe"
SHORT_WINDOW_S = 10
REACTING = 10
DAY_MS = 86_400_000
HISTORY_DAYS = 30
CITIES = ("Rome", "Lyon", "Porto", "Ghent", "Graz", "Turku", "Cork", "Brno")
BATCH_CALLS = 100
# Replaced by another 8 characters in every request, so that message ids never repeat.
MARK = b"@@@@@@@@"


@dataclass(frozen=True, slots=True)
class Population:
    """Customers and their past.

    Args:
        seed: of everything random, times relative to now apart.
    """

    customers: int
    events: int
    seed: int = 1

    def user_id(self, number: int) -> str:
        """The number-th customer's id in the sender's system."""
        return f"user-{self.seed}-{number:07d}"

    def calls(self, now_ms: int | None = None) -> Iterator[dict[str, object]]:
        """One `identify` a customer, then the events in the order of a random walk over the customers."""
        rng = random.Random(self.seed)
        now_ms = clock.now_ms() if now_ms is None else now_ms
        for number in range(self.customers):
            yield {
                "type": "identify",
                "messageId": f"i-{self.seed}-{number}",
                "userId": self.user_id(number),
                "timestamp": clock.iso(now_ms - HISTORY_DAYS * DAY_MS),
                "traits": {
                    "name": f"Person {number}",
                    "email": f"person{number}@example.org",
                    "city": CITIES[number % len(CITIES)],
                    "age": 18 + number % 60,
                    "vip": number % 17 == 0,
                },
            }
        for number in range(self.events):
            yield {
                "type": "track",
                "messageId": f"e-{self.seed}-{number}",
                "userId": self.user_id(rng.randrange(self.customers)),
                "event": EVENT_NAMES[rng.randrange(len(EVENT_NAMES))],
                "timestamp": clock.iso(now_ms - rng.randrange(HISTORY_DAYS * DAY_MS)),
                "properties": {"amount": rng.randrange(1, 500), "sku": f"sku-{rng.randrange(5000)}", "quantity": 1},
            }


def batches(calls: Iterator[dict[str, object]], size: int = BATCH_CALLS) -> Iterator[bytes]:
    """`/v1/batch` bodies."""
    part: list[dict[str, object]] = []
    for call in calls:
        part.append(call)
        if len(part) == size:
            yield json.dumps({"batch": part}).encode()
            part = []
    if part:
        yield json.dumps({"batch": part}).encode()


def live_batches(population: Population, names: tuple[str, ...] = EVENT_NAMES, variants: int = 200) -> Iterator[bytes]:
    """Endless batches of events that happen now, of up to 100 customers a variant; message ids never repeat."""
    rng = random.Random(population.seed + 1)
    bodies = [
        json.dumps(
            {
                "batch": [
                    {
                        "type": "track",
                        "messageId": f"{MARK.decode()}-{number}",
                        "userId": population.user_id(rng.randrange(population.customers)),
                        "event": rng.choice(names),
                        "properties": {"amount": rng.randrange(1, 500), "sku": f"sku-{rng.randrange(5000)}"},
                    }
                    for number in range(BATCH_CALLS)
                ]
            }
        ).encode()
        for _ in range(variants)
    ]
    number = clock.now_ms() % 0xFFFF << 16
    while True:
        for body in bodies:
            number += 1
            yield body.replace(MARK, b"%08x" % (number & 0xFFFFFFFF))


def segments(count: int, names: tuple[str, ...] = EVENT_NAMES) -> dict[str, dict[str, object]]:
    """Key → rule of segments of which `REACTING` react to each event name, when there are 5 a name."""
    return {f"bench-{number}": _rule(number, names) for number in range(count)}


def tags(count: int, names: tuple[str, ...] = EVENT_NAMES) -> dict[str, dict[str, object]]:
    """Key → definition of tags that have each a value for most customers: two values, or a number."""
    return {f"bench-{number}": _definition(number, names) for number in range(count)}


def probe_segments() -> dict[str, dict[str, object]]:
    """Ten rules that read the probe's event; `probe-1` holds from the first one on. And one with a short window."""
    rules: dict[str, dict[str, object]] = {
        f"probe-{count}": {"event": {"name": PROBE_EVENT, "values": [count], "window": {"last": "P1D"}}}
        for count in range(1, REACTING + 1)
    }
    rules["short-probe"] = {
        "event": {"name": SHORT_PROBE_EVENT, "window": {"last": f"PT{SHORT_WINDOW_S}S"}},
    }
    return rules


def _definition(number: int, names: tuple[str, ...]) -> dict[str, object]:
    name = names[number % len(names)]
    if number % 2:
        return {"statistical": {"event": {"name": name, "window": {"last": "P30D"}}}}
    values = [
        {"value": value, "rule": {"event": {"name": name, "values": [count], "window": {"last": "P30D"}}}}
        for value, count in (("often", 3 + number % 5), ("seldom", 1))
    ]
    return {"condition": {"values": values}}


def _rule(number: int, names: tuple[str, ...]) -> dict[str, object]:
    # Each rule reads two names, so each of 20 names is read by ten of a hundred rules.
    first, second = names[number % len(names)], names[(number * 7 + number // len(names) + 1) % len(names)]
    if second == first:
        second = names[(number + 1) % len(names)]
    return {
        "any": [
            {
                "event": {
                    "name": first,
                    "where": [{"name": "amount", "op": "GT", "values": [50 + number % 100]}],
                    "values": [3 + number % 5],
                    "window": {"last": "P30D"},
                }
            },
            {"event": {"name": second, "values": [2 + number % 4], "window": {"last": "P7D"}}},
        ]
    }
