"""Sequences, habits and customers drawn evenly from a seed.

Strategies that build on choices prefer small and equal ones, so that hardly any case has a gap that is broken, or a
first event that leaves. These have them often; what they lack is that a failure becomes small by itself.
"""

from __future__ import annotations

from random import Random
from typing import Any

from tests.property.rules.naive_rules import Event
from tests.property.rules.rule_strategies import BASE_MS, DAY_MS


def milliseconds(random: Random, least: int, most: int) -> str:
    return f"PT{random.randint(least, most) / 1000}S"


def where(random: Random) -> list[dict[str, Any]]:
    values = random.choice([[], [], [], [], [0], [1], [0, 1]])
    return [{"name": "x", "op": "IN", "values": values}] if values else []


def sequence(random: Random) -> dict[str, Any]:
    """Of two to four steps, with something forbidden in half of the gaps."""
    steps: list[dict[str, Any]] = []
    for place in range(random.choice([2, 2, 2, 3, 3, 4])):
        if place and random.random() < 0.5:
            steps.append({"event": random.choice("NNNAB"), "where": where(random), "not": True})
        steps.append({"event": random.choice("AB"), "where": where(random)})
    return {"steps": steps, "within": milliseconds(random, 2, 9)}


def behaviour(random: Random) -> dict[str, Any]:
    """A sequence in a window, or a habit, that comes and goes within milliseconds around `BASE_MS`."""
    windows = [
        {"last": milliseconds(random, 3, 10)},
        {"lastDays": random.randint(1, 3)},
        {"daysAgo": {"from": 2, "to": 1}},
    ]
    if random.random() < 0.4:
        leaf = sequence(random)
        leaf["within"] = random.choice([leaf["within"], "P2D"])
        return {"sequence": leaf | {"window": random.choice([windows[0], *windows])}}
    kind = random.choice(["FIRST_TIME", "REGULARLY", "STOPPED", "RESTARTED"])
    habit: dict[str, Any] = {"kind": kind, "name": random.choice("AB"), "where": where(random)}
    if kind == "REGULARLY":
        last = random.randint(1, 3)
        habit["periods"] = {"days": random.randint(1, 2), "last": last, "atLeast": random.randint(1, last)}
        habit["periods"]["times"] = random.randint(1, 2)
    elif kind == "FIRST_TIME":
        habit["window"] = random.choice(windows)
    elif random.random() < 0.5:
        habit |= {"window": {"last": milliseconds(random, 5, 9)}, "recent": {"last": milliseconds(random, 1, 4)}}
    else:
        habit |= {"window": {"lastDays": random.randint(2, 4)}, "recent": {"lastDays": 1}}
    return {"habit": habit}


def moments(random: Random, count: int, *, days: bool) -> list[Event]:
    """Events within milliseconds, with `days` some of them whole days earlier."""
    ago = [0, 0, 0, 1, 2, 3, 4] if days else [0]
    return [
        (
            random.choice("AABBNNN"),
            BASE_MS - random.choice(ago) * DAY_MS + random.randint(-6, 6),
            f"e{number}",
            {"x": random.randint(0, 1)},
        )
        for number in range(count)
    ]
