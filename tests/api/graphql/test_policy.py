"""The policy of identity through the public API, with a worker that lets the graph follow."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from redis.asyncio import Redis

from base.keys import Keyring
from base.settings import Settings
from graph.client import GraphClient
from tests.support.api import Api, running_api
from tests.support.line import Line
from tests.support.sightings import sighting
from workers.jobs import make_services, run_jobs

POLICY = """{ id version state progress author reason at error effect { customerCount identifierCount attributeCount }
  namespaces { name class rank limit windowDays sharedAbove conflict normalisation } unverified { class }
  unknown { class } blocked { namespace values patterns } sourceOrder { attribute sources } }"""
UPDATE = """mutation ($input: IdentityPolicyInput!, $look: Boolean!, $reason: String = "fewer phones") {
  updateIdentityPolicy(input: $input, reason: $reason, dryRun: $look) { __typename
    ... on IdentityPolicy POLICY ... on ValidationError { message field hint problems { field } } } }""".replace(
    "POLICY", POLICY
)
FIND = "query ($id: ID, $version: Int) { identityPolicy(id: $id, version: $version) POLICY }".replace("POLICY", POLICY)


# A deployment's versions only grow; those of a store that is emptied do not, so each test has a process of its own.
@pytest.fixture
async def api(settings: Settings) -> AsyncIterator[Api]:
    async with running_api(settings) as running:
        yield running


@pytest.fixture
def line(graph: GraphClient, redis: Redis, keyring: Keyring) -> Line:
    return Line.of(graph, redis, keyring)


@pytest.fixture
async def worker(graph: GraphClient, redis: Redis, settings: Settings) -> AsyncIterator[None]:
    jobs = asyncio.create_task(run_jobs(make_services(settings, graph, redis), settings.redis_url))
    yield
    jobs.cancel()
    await asyncio.gather(jobs, return_exceptions=True)


async def update(
    api: Api, change: dict[str, object], *, look: bool = False, wait: bool = True, **more: object
) -> dict[str, Any]:
    answer = await api.data(UPDATE, {"input": change, "look": look, **more})
    found: dict[str, Any] = answer["updateIdentityPolicy"]
    async with asyncio.timeout(60):
        while wait and found.get("state") == "PENDING":
            await asyncio.sleep(0.2)
            found = await stored(api, found["id"])
    return found


async def stored(api: Api, policy_id: str | None = None) -> dict[str, Any]:
    found: dict[str, Any] = (await api.data(FIND, {"id": policy_id}))["identityPolicy"]
    return {"__typename": "IdentityPolicy", **found}


def rules_of(policy: dict[str, Any], name: str) -> dict[str, Any]:
    return next(one for one in policy["namespaces"] if one["name"] == name)


async def test_the_default_can_be_read(api: Api) -> None:
    found = (await api.data(FIND))["identityPolicy"]
    assert (found["version"], found["state"], found["progress"]) == (1, "DONE", 1.0)
    assert [one["name"] for one in found["namespaces"]][:3] == ["user_id", "crm:*", "wx_unionid"]
    assert rules_of(found, "phone") == {
        "name": "phone",
        "class": "PERSON",
        "rank": 4,
        "limit": 2,
        "windowDays": None,
        "sharedAbove": 2,
        "conflict": "NEWEST",
        "normalisation": "PHONE",
    }
    assert (await api.data(FIND, {"id": found["id"]}))["identityPolicy"] == found
    assert (await api.data(FIND, {"version": 2}))["identityPolicy"] is None
    assert (await api.error(FIND, {"version": 1, "id": found["id"]}))["extensions"]["code"] == "BAD_USER_INPUT"


@pytest.mark.usefixtures("worker")
async def test_tried_then_in_force(api: Api, line: Line) -> None:
    """One phone a customer: of two, the newer goes; and comes back with the limit."""
    await line.apply(
        sighting(1, member="M", phone="13912345001"),
        sighting(2, member="M", phone="13912345002"),
        sighting(3, member="N", phone="13912345003"),
    )
    before = await line.partition()
    one_phone = {"namespaces": [{"name": "phone", "limit": 1}]}

    tried = await update(api, one_phone, look=True)
    assert (tried["version"], tried["state"], tried["effect"]["customerCount"]) == (None, "DONE", 1)
    assert rules_of(tried, "phone")["limit"] == 1
    assert rules_of(tried, "phone")["sharedAbove"] == 2
    assert (await stored(api))["version"] == 1
    assert await stored(api, tried["id"]) == tried
    assert await line.partition() == before

    done = await update(api, one_phone)
    assert (done["version"], done["state"], done["effect"]["customerCount"]) == (2, "DONE", 1)
    assert (done["author"], done["reason"]) == ("admin", "fewer phones")
    assert await stored(api) == done
    assert await line.customer("phone", "+8613912345001") != await line.customer("user_id", "M")
    assert await line.customer("phone", "+8613912345002") == await line.customer("user_id", "M")

    # What comes from now on obeys it, in a worker that knew the old one.
    await line.apply(sighting(4, member="N", phone="13912345004"))
    assert await line.customer("phone", "+8613912345003") != await line.customer("user_id", "N")

    back = await update(api, {"namespaces": [{"name": "phone", "limit": 2}]})
    assert (back["version"], back["state"]) == (3, "DONE")
    assert await line.customer("phone", "+8613912345001") == await line.customer("user_id", "M")
    assert await line.customer("phone", "+8613912345003") == await line.customer("user_id", "N")


@pytest.mark.usefixtures("worker")
async def test_a_namespace_of_ones_own(api: Api, line: Line) -> None:
    """Loyalty cards join people once somebody says that they name one."""
    await line.apply(sighting(1, member="M", loyalty="L1"), sighting(2, cookie="c", loyalty="L1"))
    card = {"name": "loyalty", "class": "PERSON", "rank": 3, "limit": None}
    assert (await update(api, {"namespaces": [card | {"normalisation": "LOWER_CASE"}]}))["field"] == (
        "namespaces.loyalty.normalisation"
    )
    done = await update(
        api, {"namespaces": [card, {"name": "vip", "class": "PERSON", "rank": 3, "normalisation": "LOWER_CASE"}]}
    )
    assert (done["state"], rules_of(done, "loyalty")["class"]) == ("DONE", "PERSON")
    await line.apply(sighting(3, member="M", vip="Gold-1"), sighting(4, cookie="d", vip=" gold-1"))
    assert await line.customer("anonymous_id", "d") == await line.customer("user_id", "M")
    found = await api.data('{ customer(identifier: {namespace: "vip", value: "GOLD-1"}) { id } }')
    assert found["customer"]["id"] == await line.customer("user_id", "M")
    gone = await update(api, {"removeNamespaces": ["loyalty"]})
    assert "loyalty" not in [one["name"] for one in gone["namespaces"]]


@pytest.mark.usefixtures("worker")
async def test_listed_values_and_trusted_sources(api: Api, line: Line) -> None:
    await line.apply(sighting(1, member="M", email="desk@shop.cn", traits={"plan": "old"}), source="till")
    await line.apply(sighting(2, cookie="c", email="desk@shop.cn"), sighting(3, member="M", traits={"plan": "new"}))
    change = {
        "blocked": [{"namespace": "email", "values": ['"Desk@shop.cn"'], "patterns": ["till-.*@shop\\.cn"]}],
        "sourceOrder": [{"attribute": "*", "sources": ["till"]}],
    }
    tried = await update(api, change, look=True)
    done = await update(api, change)
    assert tried["effect"] == done["effect"] == {"customerCount": 1, "identifierCount": 1, "attributeCount": 1}
    assert {"namespace": "email", "values": ["desk@shop.cn"], "patterns": ["till-.*@shop\\.cn"]} in done["blocked"]
    assert done["sourceOrder"] == [{"attribute": "*", "sources": ["till"]}]
    plan = await api.data(
        '{ customer(identifier: {namespace: "user_id", value: "M"}) { attributes { name value source } } }'
    )
    assert plan["customer"]["attributes"] == [{"name": "plan", "value": "old", "source": "till"}]
    assert await line.customer("email", "desk@shop.cn") is None


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({}, "input"),
        ({"removeNamespaces": ["user_id"]}, "removeNamespaces"),
        ({"removeNamespaces": ["nothing"]}, "removeNamespaces"),
        ({"namespaces": [{"name": "loyalty", "rank": 3}]}, "namespaces.loyalty"),
        ({"namespaces": [{"name": "phone", "rank": None}]}, "namespaces.phone.rank"),
        ({"namespaces": [{"name": "phone", "class": None}]}, "namespaces.phone.class"),
        ({"namespaces": [{"name": "device_id", "rank": 1}]}, "namespaces.device_id.rank"),
        ({"namespaces": [{"name": "user_id", "limit": None}]}, "namespaces.user_id.conflict"),
        ({"blocked": [{"namespace": "*", "patterns": ["("]}]}, "blocked.*.patterns.0"),
        ({"blocked": [{"namespace": "*", "patterns": [".*"]}]}, "blocked.*.patterns.0"),
        ({"unknown": {"class": "PERSON"}}, "unknown.class"),
        ({"namespaces": [{"name": "user_id", "sharedAbove": 3}]}, "namespaces.user_id.sharedAbove"),
        ({"namespaces": [{"name": "email", "rank": 7}]}, "namespaces.wx_openid:*.rank"),
        ({"namespaces": [{"name": "phone", "limit": 1}, {"name": "phone", "limit": 2}]}, "namespaces.phone"),
        (
            {"namespaces": [{"name": "idfa", "class": "DEVICE", "rank": 8}], "removeNamespaces": ["idfa"]},
            "namespaces.idfa",
        ),
        ({"blocked": [{"namespace": "*", "values": [value]} for value in "xy"]}, "blocked.*"),
        ({"sourceOrder": [{"attribute": "*", "sources": [source]} for source in "xy"]}, "sourceOrder.*"),
        ({"sourceOrder": [{"attribute": "*", "sources": ["crm", "crm"]}]}, "sourceOrder.*"),
    ],
)
async def test_a_policy_that_cannot_be_is_refused(api: Api, change: dict[str, object], field: str) -> None:
    for look in (True, False):
        found = await update(api, change, look=look)
        assert found["__typename"] == "ValidationError"
        assert field in [problem["field"] for problem in found["problems"]]
    assert (await api.data(FIND))["identityPolicy"]["version"] == 1


async def test_a_change_needs_a_reason(api: Api) -> None:
    change: dict[str, object] = {"namespaces": [{"name": "phone", "limit": 1}]}
    assert (await update(api, change, reason=" "))["field"] == "reason"


async def test_without_a_worker_it_is_in_force_and_waits(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("resolvers.identity.policy.WAIT_S", 0.1)
    done = await update(api, {"namespaces": [{"name": "phone", "limit": 1}]}, wait=False)
    assert (done["version"], done["state"], done["progress"]) == (2, "PENDING", 0.0)
