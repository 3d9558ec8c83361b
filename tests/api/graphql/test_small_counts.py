"""Counts of customers as somebody without `counts:small` sees them, on every surface, beside the exact ones."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest_asyncio
from redis.asyncio import Redis

from access.permissions import BUILT_IN_ROLES
from base.keys import Keyring
from base.settings import Settings
from graph.client import GraphClient, Transaction
from tests.api.graphql.test_tag_spread import GIVE
from tests.support.answering import answering
from tests.support.api import Api
from tests.support.principals import FixedDirectory, api_of, person
from tests.support.profiles import Person, write_people
from tests.support.tags import BOUGHT_COUNT, save_tag

STEP = 10
PEOPLE = 34
IN_SEGMENT = 7
PHONE = "+41791234567"
ESTIMATE = "query E($r: RuleInput!) { estimate(where: $r) { count isExact } }"
CREATE = """mutation C($input: CreateSegmentInput!) { createSegment(input: $input) { __typename } }"""
SURFACES = """query {
  segment(key: "few") { count upkeep { customers coverage customers30Days lastRun { customers } }
    sizeOverTime(from: "2026-01-01T00:00:00Z", granularity: MONTH) { size entered exited } }
  segments { edges { node { count } } }
  overview { now { customers } }
  tag(key: "spend") { count upkeep { customers coverage } values { value count }
    distribution { customers min max average values { value count } buckets { count } } } }"""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def people(settings: Settings, graph: GraphClient) -> AsyncIterator[Mapping[str, Api]]:
    directory = FixedDirectory(person("operator", "operator", permissions=BUILT_IN_ROLES["operator"]))
    async with api_of(settings, directory) as found:
        yield found


async def counted(api: Api, rule: Mapping[str, object]) -> dict[str, Any]:
    found: dict[str, Any] = (await api.data(ESTIMATE, {"r": rule}))["estimate"]
    return found


def equals(name: str, value: object) -> dict[str, object]:
    return {"attribute": {"name": name, "op": "EQ", "values": [value]}}


async def test_a_value_of_one_person_cannot_be_guessed_by_estimates(
    people: Mapping[str, Api], graph: GraphClient, keyring: Keyring, redis: Redis, settings: Settings, tmp_path: Path
) -> None:
    everybody = [
        Person(f"cus_{place}", (("user_id", f"u{place}"),), {"city": "Basel", "code": f"c{place}"})
        for place in range(PEOPLE)
    ]
    everybody[0].attributes["phone"] = PHONE
    await write_people(graph, keyring, *everybody)
    right, wrong, basel = equals("phone", PHONE), equals("phone", "+41790000000"), equals("city", "Basel")
    async with answering(graph, redis, settings, tmp_path):
        assert await counted(people["token"], right) == {"count": 1, "isExact": True}
        for rule in (right, wrong, {"all": [basel, right]}):
            assert await counted(people["operator"], rule) == {"count": 0, "isExact": False}
        for guess in (right, wrong):
            rule = {"all": [basel, {"not": guess}]}
            exact = (await counted(people["token"], rule))["count"]
            bound = (await counted(people["operator"], rule))["count"]
            assert exact - 2 * STEP < bound <= exact
            assert bound % STEP == 0


async def test_no_surface_tells_of_few(people: Mapping[str, Api], graph: GraphClient, keyring: Keyring) -> None:
    await people["token"].data(CREATE, {"input": {"key": "few", "name": "Few", "rule": equals("vip", True)}})
    await save_tag(graph, "spend", BOUGHT_COUNT)
    members = [
        Person(f"cus_{place}", (("user_id", f"u{place}"),), segments=("few",) if place < IN_SEGMENT else ())
        for place in range(PEOPLE)
    ]
    await write_people(graph, keyring, *members)
    rows = [{"id": each.id, "value": json.dumps(place + 100), "items": None} for place, each in enumerate(members)]

    async def give(tx: Transaction) -> None:
        await tx.run(GIVE, key="spend", rows=rows[:IN_SEGMENT])

    await graph.write("tests/give_values", give)
    exact = await people["token"].data(SURFACES)
    assert exact["segment"]["count"] == exact["tag"]["count"] == IN_SEGMENT
    assert exact["tag"]["distribution"]["min"] == 100

    seen = await people["operator"].data(SURFACES)
    segment, tag = seen["segment"], seen["tag"]
    assert segment["count"] == segment["upkeep"]["customers"] == segment["upkeep"]["coverage"] == 0
    assert {point["size"] for point in segment["sizeOverTime"]} <= {0}
    assert {edge["node"]["count"] for edge in seen["segments"]["edges"]} == {0}
    assert tag["count"] == tag["upkeep"]["customers"] == tag["distribution"]["customers"] == 0
    assert tag["values"] == tag["distribution"]["values"] == tag["distribution"]["buckets"] == []
    assert tag["distribution"]["min"] is tag["distribution"]["max"] is tag["distribution"]["average"] is None
    assert seen["overview"]["now"]["customers"] in {20, 30}
