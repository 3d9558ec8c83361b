"""Random calls of a handful of people: logins, shared devices, phones that change hands, purchases, groups."""

from __future__ import annotations

import random
from collections.abc import Sequence

from base.clock import iso

NOW_MS = 1_800_000_000_000
HOUR_MS = 3_600_000
MEMBERS = [f"member-{number}" for number in range(5)]
COOKIES = [f"cookie-{number}" for number in range(6)]
EMAILS = [f"mail-{number}@example.org" for number in range(5)]
PHONES = [f"+861391234500{number}" for number in range(3)]
DEVICES = ["kiosk", "tablet"]

Call = dict[str, object]

# Rules of every kind that a batch touches: events with and without window, attributes, identifiers, other segments.
SEGMENTS: dict[str, dict[str, object]] = {
    "buyers": {"event": {"name": "Bought"}},
    "spenders": {
        "event": {"name": "Bought", "measure": {"kind": "SUM", "property": "amount"}, "op": "GT", "values": [30]}
    },
    "lately": {"event": {"name": "Seen", "op": "GTE", "values": [2], "window": {"last": "P2D"}}},
    "days": {"event": {"name": "Seen", "measure": {"kind": "DISTINCT_DAYS"}, "values": [3], "window": {"lastDays": 7}}},
    "gold": {"attribute": {"name": "plan", "op": "EQ", "values": ["gold"]}},
    "mailable": {"attribute": {"name": "email", "op": "SET", "values": []}},
    "first-mail": {"attribute": {"name": "email", "op": "EQ", "values": [EMAILS[0]]}},
    "gold-buyers": {"all": [{"segment": "gold"}, {"segment": "buyers"}]},
    "others": {"not": {"segment": "gold-buyers"}},
}


def random_calls(seed: int, count: int) -> list[Call]:
    """Calls with ids of their own, in the order of their times; the same for the same seed."""
    chance = random.Random(seed)
    times = sorted(NOW_MS - chance.randrange(10 * 24) * HOUR_MS - chance.randrange(2) for _ in range(count))
    return [_call(chance, number, at) for number, at in enumerate(times)]


def _call(chance: random.Random, number: int, at: int) -> Call:
    call: Call = {"messageId": f"message-{number}", "timestamp": iso(at), "type": "track"}
    context: dict[str, object] = {}
    traits: dict[str, object] = {}
    if chance.random() < 0.5:
        call["userId"] = chance.choice(MEMBERS)
    if chance.random() < 0.6 or "userId" not in call:
        call["anonymousId"] = chance.choice(COOKIES)
    if chance.random() < 0.3:
        context["device"] = {"id": chance.choice(DEVICES)}
    if chance.random() < 0.2:
        context["externalIds"] = [{"type": chance.choice(["wx_unionid", "crm:shop"]), "id": str(chance.randrange(3))}]
    if chance.random() < 0.2:
        context["verified"] = False
    match chance.random():
        case share if share < 0.35:
            call["type"] = "identify"
            if chance.random() < 0.4:
                traits["email"] = chance.choice(EMAILS)
            if chance.random() < 0.3:
                traits["phone"] = chance.choice(PHONES)
            if chance.random() < 0.7:
                traits["plan"] = chance.choice(["gold", "free", None, 7])
            if chance.random() < 0.3:
                traits["name"] = chance.choice(["Ann", "Bo"])
            call["traits"] = traits
        case share if share < 0.4:
            call["type"] = "group"
        case share if share < 0.45 and "userId" in call:
            call["type"] = "alias"
            call["previousId"] = chance.choice(COOKIES)
        case share if share < 0.7:
            call["event"] = "Seen"
        case _:
            call["event"] = "Bought"
            call["properties"] = {"amount": chance.choice([5, 12.5, 20])}
    if call["type"] == "group" or (call["type"] == "track" and number % 5 == 0):
        call = {name: value for name, value in call.items() if name not in ("event", "properties")}
        call |= {"type": "group", "groupId": ("family", "team")[number % 2], "traits": {"size": number % 3}}
    call["context"] = context | _consent(random.Random(f"{number} {at}"))
    return call


def _consent(chance: random.Random) -> dict[str, object]:
    """What a call says of consents; many say nothing."""
    if chance.random() < 0.6:
        return {}
    state = chance.choice(["GRANTED", "DENIED", "WITHDRAWN"])
    record = {"purpose": chance.choice(["marketing", "analytics"]), "channel": chance.choice(["email", None])}
    return {"consent": {"records": [record | {"state": state}]}}


def shuffled(calls: Sequence[Call], chance: random.Random) -> list[Call]:
    """The same calls in another order, some of them twice or three times."""
    again = [*calls, *chance.choices(calls, k=len(calls) // 3)]
    chance.shuffle(again)
    return again


def batches(calls: Sequence[Call], chance: random.Random) -> list[list[Call]]:
    """Cut into parts of 1 to 12."""
    cut: list[list[Call]] = []
    rest = list(calls)
    while rest:
        size = chance.randint(1, 12)
        cut.append(rest[:size])
        rest = rest[size:]
    return cut
