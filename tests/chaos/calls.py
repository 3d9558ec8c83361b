"""What the senders of a chaos run say, and what must come of it."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Mapping
from typing import Any

from base import clock
from tests.support.people import components

USERS = 1_500
VISITORS_PER_USER = 2
PLANS = ("free", "trial", "vip")
# Clients send late and out of order.
LATEST_MS = 3_000
# Rules of every kind that moves people: counts, sums, time that passes, attributes, other segments.
RULES: Mapping[str, Mapping[str, object]] = {
    "buyers": {"event": {"name": "Order Completed", "op": "GTE", "values": [3]}},
    "spenders": {
        "event": {
            "name": "Order Completed",
            "measure": {"kind": "SUM", "property": "amount"},
            "op": "GT",
            "values": [300],
        }
    },
    "browsing": {"event": {"name": "Page Opened", "window": {"last": "PT15S"}}},
    "vip": {"attribute": {"name": "plan", "op": "EQ", "values": ["vip"]}},
    "idle_vip": {"all": [{"segment": "vip"}, {"not": {"segment": "browsing"}}]},
}
Call = Mapping[str, Any]


class CallMaker:
    """Makes calls of a population; every message id and every time of an `identify` is unique.

    Args:
        dice: the same seed gives the same calls, times aside.
    """

    def __init__(self, dice: random.Random):
        self._dice = dice
        self._made = 0
        self._identify_times: set[tuple[str, int]] = set()

    def make(self) -> Call:
        """The next call: mostly `track` by a known or an unknown person, else `identify`."""
        self._made += 1
        number = self._dice.randrange(USERS)
        user, visitor = f"user-{number}", f"visitor-{number}-{self._dice.randrange(VISITORS_PER_USER)}"
        kind = self._dice.random()
        if kind < 0.6:
            return self._track(self._dice.choice(("Order Completed", "Page Opened", "Cart Updated")), userId=user)
        if kind < 0.75:
            return self._track("Page Opened", anonymousId=visitor)
        if kind < 0.9:
            return self._identify(user)
        return self._identify(user, anonymousId=visitor)

    def _track(self, event: str, **who: str) -> Call:
        properties = {"number": self._made, "amount": self._dice.randrange(100)}
        return self._call("track", self._late_ms(), event=event, properties=properties, **who)

    def _identify(self, user: str, **who: str) -> Call:
        at_ms = self._late_ms()
        while (user, at_ms) in self._identify_times:
            at_ms -= 1
        self._identify_times.add((user, at_ms))
        traits = {"plan": self._dice.choice(PLANS), "score": self._made}
        return self._call("identify", at_ms, userId=user, traits=traits, **who)

    def _call(self, kind: str, at_ms: int, **fields: object) -> Call:
        return {"type": kind, "messageId": f"m-{self._made}", "timestamp": clock.iso(at_ms), **fields}

    def _late_ms(self) -> int:
        return clock.now_ms() - self._dice.randrange(LATEST_MS)


def identifiers_of(call: Call) -> list[tuple[str, str]]:
    """Namespace and value of everybody that a call names."""
    pairs = (("user_id", call.get("userId")), ("anonymous_id", call.get("anonymousId")))
    return [(namespace, value) for namespace, value in pairs if value is not None]


def people_of(calls: Iterable[Call]) -> list[frozenset[tuple[str, str]]]:
    """Who is one person, as sets of (namespace, value)."""
    return components(identifiers_of(call) for call in calls)


def traits_of(calls: Iterable[Call]) -> dict[str, Mapping[str, object]]:
    """User → the traits of the newest `identify`."""
    newest: dict[str, Call] = {}
    for call in calls:
        if call["type"] != "identify":
            continue
        known = newest.get(call["userId"])
        # ISO 8601 texts of one form sort as their instants do.
        if known is None or call["timestamp"] > known["timestamp"]:
            newest[call["userId"]] = call
    return {user: call["traits"] for user, call in newest.items()}


def encode_batch(calls: Iterable[Call]) -> bytes:
    """The body of `/v1/batch`."""
    return json.dumps({"batch": list(calls)}).encode()
