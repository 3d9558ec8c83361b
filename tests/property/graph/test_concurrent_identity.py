"""Sixteen writers at once: the graph's customers are those of `resolve` over all evidence."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence

import pytest
from redis.asyncio import Redis

from base import clock
from base.keys import Keyring
from graph.client import GraphClient
from graph.identity.evidence import SeenTogether
from graph.identity.policy import DEFAULT
from graph.identity.resolve import resolve
from ingest.calls import decode_calls
from tests.property.graph.streams import Call
from tests.support.calls import make_batch
from tests.support.line import SOURCE, Line
from tests.support.stores import wipe

WRITERS = 16
START_MS = 1_767_225_600_000


def seen(at: int, *identifiers: str) -> Call:
    """A call at a second, with identifiers such as `user_id:M` or, not vouched for, `email:e@x.org?`."""
    names = dict(text.removesuffix("?").rsplit(":", 1) for text in identifiers)
    call: Call = {"type": "identify", "messageId": f"{at} {identifiers}", "timestamp": clock.iso(START_MS + at * 1000)}
    # A call needs one of the two; a placeholder is no identifier.
    call |= {"userId": names.pop("user_id", None), "anonymousId": names.pop("anonymous_id", "undefined")}
    call["context"] = {
        "verified": not any(text.endswith("?") for text in identifiers),
        "externalIds": [{"type": namespace, "id": value} for namespace, value in names.items()],
    }
    return {key: value for key, value in call.items() if value is not None}


CASES: dict[str, list[Call]] = {
    "an e-mail that is vouched for later": [
        seen(1, "anonymous_id:c", "crm:shop:1"),
        seen(2, "anonymous_id:c", "email:e@x.org?"),
        seen(3, "anonymous_id:c", "email:e@x.org"),
    ],
    "a phone that turns out shared within one customer": [
        *(seen(90, "user_id:A", f"phone:+861391234567{number}") for number in (1, 2)),
        *(seen(90, "user_id:B", f"phone:+861391234567{number}") for number in (3, 4)),
        seen(1, "user_id:A", "phone:+8613912345670"),
        seen(2, "user_id:B", "phone:+8613912345670"),
        seen(3, "user_id:C", "email:e@x.org"),
        seen(4, "phone:+8613912345670", "email:e@x.org"),
        seen(5, "user_id:C", "phone:+8613912345670"),
    ],
    "a kiosk and its members' own devices": [
        *(seen(number, "device_id:kiosk", f"user_id:M{number}") for number in range(6)),
        *(seen(10 + number, f"anonymous_id:c{number}", f"user_id:M{number}") for number in range(6)),
        *(seen(20 + number, "device_id:kiosk", f"anonymous_id:c{number}") for number in range(6)),
    ],
    "a phone that goes through many hands": [
        seen(number, "phone:+8613912345670", f"email:e{number}@x.org", f"anonymous_id:c{number}") for number in range(9)
    ],
    "strength before recency": [
        seen(1, "crm:shop:A", "email:e@x.org"),
        seen(2, "device_id:d", "email:e@x.org"),
        seen(3, "crm:shop:B", "device_id:d"),
    ],
    "a chain that one call closes": [
        *(seen(number, f"device_id:d{number}", f"anonymous_id:c{number}") for number in range(5)),
        *(seen(10 + number, f"anonymous_id:c{number}", f"device_id:d{number + 1}") for number in range(5)),
        *(seen(20 + number, f"device_id:d{number}", f"wx_openid:A:o{number}") for number in range(5)),
        seen(30, "user_id:M", "wx_openid:A:o3"),
    ],
}


def random_case(seed: int) -> list[Call]:
    """Pairs and triples of few identifiers, so that everything meets everything."""
    chance = random.Random(seed)
    pool = [
        *(f"user_id:M{number}" for number in range(4)),
        *(f"email:e{number}@x.org" for number in range(3)),
        *(f"phone:+861391234567{number}" for number in range(3)),
        *(f"anonymous_id:c{number}" for number in range(4)),
        *(f"{kind}:d{number}" for number in range(2) for kind in ("device_id", "wx_openid:A")),
    ]
    calls: list[Call] = []
    while len(calls) < 24:
        chosen = chance.sample(pool, chance.choice([2, 2, 3]))
        if len({one.rsplit(":", 1)[0] for one in chosen}) == len(chosen):
            doubt = "?" if chance.random() < 0.3 else ""
            calls.append(seen(chance.randrange(50), *(one + doubt for one in chosen)))
    return calls


def expected(line: Line, calls: Sequence[Call]) -> set[frozenset[str]]:
    """The customers of all evidence at once."""
    decoded = decode_calls(make_batch(*calls), "batch", clock.now_ms(), SOURCE, "entry")
    assert not decoded.rejected
    namespaces: dict[str, str] = {}
    sets: dict[str, SeenTogether] = {}
    for call in line.preparer.prepare(decoded.calls):
        namespaces |= {one.uid: one.namespace for one in call.seen}
        key, at = call.evidence or "", call.call.at_ms
        members = {one.uid: one.verified for one in call.seen}
        known = sets.get(key, SeenTogether(key, members, at, at))
        sets[key] = SeenTogether(key, members, min(at, known.first_at), max(at, known.last_at))
    return set(resolve(namespaces, sets.values(), DEFAULT).groups)


@pytest.mark.parametrize("calls", [*CASES.values(), random_case(1)], ids=[*CASES, "at random"])
async def test_one_writer_and_sixteen(calls: list[Call], graph: GraphClient, redis: Redis, keyring: Keyring) -> None:
    chance = random.Random(len(calls))
    lines = [Line.of(graph, redis, keyring) for _ in range(WRITERS)]
    for order in (calls, calls[::-1], chance.sample(calls, len(calls))):
        await wipe(graph, redis)
        for call in order:
            await lines[0].apply(call)
        assert await lines[0].partition() == expected(lines[0], calls)
    await wipe(graph, redis)
    parts = [chance.sample(calls, len(calls))[number % 4 :: 4] for number in range(WRITERS)]

    async def write(line: Line, own: Sequence[Call]) -> None:
        for call in own:
            await line.apply(call)

    await asyncio.gather(*(write(line, own) for line, own in zip(lines, parts, strict=True)))
    await lines[0].apply(*calls)
    assert await lines[0].partition() == expected(lines[0], calls)
