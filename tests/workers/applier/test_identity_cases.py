"""The worked cases of identity resolution, on the real graph, in every order and from several workers."""

from __future__ import annotations

import asyncio
import itertools
import random

import pytest
from redis.asyncio import Redis

from base.keys import Keyring
from graph.client import GraphClient
from tests.support.line import Line, query
from tests.support.sightings import sighting
from tests.support.stores import wipe

WORKERS = 16
_REDIRECT = query("MATCH (:Customer {id: $id})-[:MERGED_INTO]->(c:Customer) WHERE NOT c:Retired RETURN c.id AS id")


@pytest.fixture
def line(graph: GraphClient, redis: Redis, keyring: Keyring) -> Line:
    return Line.of(graph, redis, keyring)


async def partition_of(line: Line, calls: list[dict[str, object]]) -> set[frozenset[str]]:
    for one in calls:
        await line.apply(one)
    return await line.partition()


CASES: dict[str, tuple[list[dict[str, object]], list[list[tuple[str, str]]]]] = {
    "a cookie that becomes a member is one customer": (
        [sighting(1, kind="track", cookie="c"), sighting(2, cookie="c", member="M")],
        [[("anonymous_id", "c"), ("user_id", "M")]],
    ),
    "two devices of one member are one customer": (
        [sighting(1, device="d1", member="M"), sighting(2, device="d2", member="M")],
        [[("device_id", "d1"), ("device_id", "d2"), ("user_id", "M")]],
    ),
    "a shared tablet is with its last member": (
        [sighting(1, device="d", member="M1"), sighting(2, device="d", member="M2")],
        [[("user_id", "M1")], [("user_id", "M2"), ("device_id", "d")]],
    ),
    "a tablet goes back to its first member": (
        [
            sighting(1, device="d", member="M1"),
            sighting(2, device="d", member="M2"),
            sighting(3, at=4, device="d", member="M1"),
        ],
        [[("user_id", "M1"), ("device_id", "d")], [("user_id", "M2")]],
    ),
    "an e-mail of two members joins nobody and goes to the newest": (
        [sighting(1, member="M1", traits={"email": "e@x.org"}), sighting(2, member="M2", traits={"email": "e@x.org"})],
        [[("user_id", "M1")], [("user_id", "M2"), ("email", "e@x.org")]],
    ),
    "two e-mails on one device are two customers": (
        [sighting(1, cookie="d", traits={"email": "e1@x.org"}), sighting(2, cookie="d", traits={"email": "e2@x.org"})],
        [[("email", "e1@x.org")], [("email", "e2@x.org"), ("anonymous_id", "d")]],
    ),
    "one union id joins the openids of two apps": (
        [
            sighting(1, cookie="k", wx_openid__A="o", wx_unionid="u"),
            sighting(2, cookie="l", wx_openid__B="o", wx_unionid="u"),
            sighting(3, cookie="m", wx_openid__B="o", member="M"),
        ],
        [
            [
                ("anonymous_id", "k"),
                ("anonymous_id", "l"),
                ("anonymous_id", "m"),
                ("wx_openid:A", "o"),
                ("wx_openid:B", "o"),
                ("wx_unionid", "u"),
                ("user_id", "M"),
            ]
        ],
    ),
    "a kiosk is shared once a fourth member logs in": (
        [sighting(number, device="kiosk", member=f"M{number}") for number in range(1, 5)],
        [[("user_id", f"M{number}")] for number in range(1, 5)] + [[("device_id", "kiosk")]],
    ),
}


@pytest.mark.parametrize("name", CASES)
async def test_the_result_is_the_same_in_every_order(
    name: str, graph: GraphClient, redis: Redis, keyring: Keyring
) -> None:
    calls, groups = CASES[name]
    orders = list(itertools.permutations(calls))
    chosen = orders if len(orders) <= 6 else random.Random(7).sample(orders, 6)
    for order in chosen:
        await wipe(graph, redis)
        line = Line.of(graph, redis, keyring)
        expected = {frozenset(line.uid(*identifier) for identifier in group) for group in groups}
        assert await partition_of(line, list(order)) == expected
        await line.apply(*calls)
        assert await line.partition() == expected


@pytest.mark.parametrize("name", CASES)
async def test_the_result_is_the_same_from_concurrent_workers(
    name: str, graph: GraphClient, redis: Redis, keyring: Keyring
) -> None:
    calls, groups = CASES[name]
    lines = [Line.of(graph, redis, keyring) for _ in range(WORKERS)]
    orders = [random.Random(number).sample(calls, len(calls)) for number in range(WORKERS)]
    await asyncio.gather(*(line.apply(one) for line, order in zip(lines, orders, strict=True) for one in order))
    expected = {frozenset(lines[0].uid(*identifier) for identifier in group) for group in groups}
    assert await lines[0].partition() == expected


async def test_a_retired_id_answers_with_its_survivor(line: Line) -> None:
    await line.apply(sighting(1, kind="track", cookie="c"))
    await line.apply(sighting(2, kind="track", member="M"))
    anonymous, member = await line.customer("anonymous_id", "c"), await line.customer("user_id", "M")
    await line.apply(sighting(3, cookie="c", member="M"))
    survivor = await line.customer("user_id", "M")
    assert survivor == member
    assert await line.customer("anonymous_id", "c") == member
    rows = await line.graph.read(_REDIRECT, id=anonymous)
    assert [row["id"] for row in rows] == [member]


async def test_chains_of_merges_stay_one_step_long(line: Line) -> None:
    await line.apply(sighting(1, kind="track", cookie="c1"))
    first = await line.customer("anonymous_id", "c1")
    await line.apply(sighting(2, traits={"email": "e@x.org"}, cookie="c2"))
    await line.apply(sighting(3, traits={"email": "e@x.org"}, cookie="c1"))
    await line.apply(sighting(4, kind="track", member="M"))
    await line.apply(sighting(5, member="M", traits={"email": "e@x.org"}))
    rows = await line.graph.read(_REDIRECT, id=first)
    assert [row["id"] for row in rows] == [await line.customer("user_id", "M")]


async def test_64_writers_create_one_node_for_one_phone(graph: GraphClient, redis: Redis, keyring: Keyring) -> None:
    lines = [Line.of(graph, redis, keyring) for _ in range(WORKERS)]
    calls = [sighting(n, traits={"phone": "+8613912345678"}, cookie=f"c{n}") for n in range(64)]
    await asyncio.gather(*(lines[n % WORKERS].apply(one) for n, one in enumerate(calls)))
    expected = {
        frozenset(
            [lines[0].uid("phone", "+8613912345678"), *(lines[0].uid("anonymous_id", f"c{n}") for n in range(64))]
        )
    }
    assert await lines[0].partition() == expected


async def test_calls_with_placeholders_join_nobody(line: Line) -> None:
    placeholders = ["13800000000", "null", "0", "-1", "", "undefined", '"null"']
    calls = [
        sighting(n, cookie=f"c{n}", traits={"phone": placeholders[n % 7], "email": "test@test.com"}) for n in range(140)
    ]
    for start in range(0, 140, 35):
        await line.apply(*calls[start : start + 35])
    assert len(await line.partition()) == 140
