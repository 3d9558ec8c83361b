"""Erasure of a person through the public API."""

from __future__ import annotations

from typing import Any

import pytest
from redis.asyncio import Redis

from base.keys import Keyring
from base.settings import Settings
from base.valkey import ARQ_QUEUE
from delivery.publisher import ChangePublisher
from graph.client import GraphClient
from tests.support.api import Api
from tests.support.line import Line
from tests.support.sightings import sighting
from tests.support.subscriptions import by_events, by_socket
from workers.jobs import make_services
from workers.tasks.decision import carry_out_decision

ERASE = """mutation ($id: ID!, $look: Boolean!) { eraseCustomer(id: $id, reason: "she asked for it", dryRun: $look) {
  __typename
  ... on IdentityEffect {
    decisionId dryRun callCount changes { customerId segmentKey kind }
    customers { customerId fate identifierCount gained { value } lost { namespace value } } }
  ... on ValidationError { message field hint } } }"""
MERGE = 'mutation ($a: ID!, $b: ID!) { mergeCustomers(a: $a, b: $b, reason: "same") { __typename } }'
UNDO = """mutation ($id: ID!) { undo(decision: $id, reason: "wrong") {
  __typename ... on ValidationError { message hint } } }"""
CUSTOMER = "query ($id: ID!) { customer(id: $id) { id } node(id: $id) { id } }"
BY = 'query ($value: String!) { customer(identifier: {namespace: "user_id", value: $value}) { id } }'
DECISION = "query ($id: ID!) { decision(id: $id) { kind stands state progress callCount reason author customerIds } }"
UPDATES = (
    'subscription ($ids: [ID!]!) { customerUpdates(ids: $ids, after: "0") { kind customerId otherId customer { id } } }'
)


@pytest.fixture
def line(graph: GraphClient, redis: Redis, keyring: Keyring) -> Line:
    return Line.of(graph, redis, keyring)


async def mia(line: Line) -> str:
    await line.segment("seen", {"event": {"name": "Seen"}})
    applied = await line.apply(
        sighting(1, kind="track", member="mia", cookie="c"), sighting(2, member="mia", email="mia@x.org")
    )
    await ChangePublisher(line.redis, line.graph).publish(applied.changes)
    return str(await line.customer("user_id", "mia"))


async def erase(api: Api, customer: str, *, look: bool = False) -> dict[str, Any]:
    found: dict[str, Any] = (await api.data(ERASE, {"id": customer, "look": look}))["eraseCustomer"]
    return found


async def test_looked_at_then_erased_then_gone_for_every_reader(
    api: Api, line: Line, settings: Settings, redis: Redis
) -> None:
    customer = await mia(line)

    looked = await erase(api, customer, look=True)
    assert (looked["decisionId"], looked["dryRun"], looked["callCount"]) == (None, True, 2)
    (person,) = looked["customers"]
    assert (person["customerId"], person["fate"], person["identifierCount"]) == (customer, "ERASED", 0)
    assert {(one["namespace"], one["value"]) for one in person["lost"]} == {
        ("user_id", "mia"),
        ("anonymous_id", "c"),
        ("email", "mia@x.org"),
    }
    assert looked["changes"] == [{"customerId": customer, "segmentKey": "seen", "kind": "EXITED"}]
    assert (await api.data(CUSTOMER, {"id": customer}))["customer"] == {"id": customer}

    done = await erase(api, customer)
    assert (done["dryRun"], done["callCount"]) == (False, 2)
    # What they were can be told no more.
    assert {one["value"] for one in done["customers"][0]["lost"]} == {None}
    assert await api.data(CUSTOMER, {"id": customer}) == {"customer": None, "node": None}
    assert (await api.data(BY, {"value": "mia"}))["customer"] is None
    assert await redis.zcard(ARQ_QUEUE) == 1

    await carry_out_decision({"services": make_services(settings, line.graph, redis)}, done["decisionId"])
    assert (await api.data(DECISION, {"id": done["decisionId"]}))["decision"] == {
        "kind": "ERASE",
        "stands": True,
        "state": "DONE",
        "progress": 1.0,
        "callCount": 2,
        "reason": "she asked for it",
        "author": "admin",
        "customerIds": [],
    }


async def test_what_is_asked_of_an_erased_customer_is_refused_and_nothing_changes(api: Api, line: Line) -> None:
    customer = await mia(line)
    await line.apply(sighting(9, member="ben"))
    ben = await line.customer("user_id", "ben")
    done = await erase(api, customer)
    for query, variables in (
        (MERGE, {"a": customer, "b": ben}),
        (MERGE, {"a": ben, "b": customer}),
        (ERASE, {"id": customer, "look": False}),
    ):
        error = await api.error(query, variables)
        assert error["extensions"]["code"] == "NOT_FOUND"
        assert "erased" in error["message"]
    refused = (await api.data(UNDO, {"id": done["decisionId"]}))["undo"]
    assert refused["__typename"] == "ValidationError"
    assert "cannot be undone" in refused["message"]
    assert await line.customer("user_id", "ben") == ben


@pytest.mark.parametrize("transport", [by_socket, by_events])
async def test_subscribers_hear_that_somebody_was_erased(api: Api, line: Line, transport: Any) -> None:
    customer = await mia(line)
    await erase(api, customer)
    async with transport(api, UPDATES, {"ids": [customer]}) as hear:
        update = (await hear())["data"]["customerUpdates"]
    assert update == {"kind": "ERASED", "customerId": customer, "otherId": None, "customer": None}
