"""The review list through the public API."""

from __future__ import annotations

from typing import Any

import pytest
from redis.asyncio import Redis

from base.ids import call_id
from base.keys import Keyring
from graph.client import GraphClient
from resolvers.identity import review
from tests.support.api import Api
from tests.support.line import SOURCE, Line
from tests.support.sightings import sighting
from workers.decisions.execution import Said

LIST = """query ($kinds: [ReviewKind!], $first: Int, $after: String) {
  identityReview(kinds: $kinds, first: $first, after: $after) {
    pageInfo { hasNextPage endCursor }
    edges { cursor node { id kind customerIds namespace identifierCount since reason suggestion
      identifiers { namespace value } blocking { namespace value } } } } }"""
EFFECT = "__typename ... on IdentityEffect { decisionId customers { fate } } ... on ValidationError { message hint }"
ACCEPT = 'mutation ($id: ID!) { acceptReview(id: $id, reason: "one person") { EFFECT } }'.replace("EFFECT", EFFECT)
DISMISS = 'mutation ($id: ID!) { dismissReview(id: $id, reason: "as it is") { EFFECT } }'.replace("EFFECT", EFFECT)
UNDO = 'mutation ($id: ID!) { undo(decision: $id, reason: "wrong") { EFFECT } }'.replace("EFFECT", EFFECT)
LOG = """query ($of: IdentifierInput!) { customer(identifier: $of) {
  id decisions(first: 20) { edges { node { id kind subject stands } } } } }"""


@pytest.fixture
def line(graph: GraphClient, redis: Redis, keyring: Keyring) -> Line:
    return Line.of(graph, redis, keyring)


async def listed(api: Api, **asked: object) -> list[dict[str, Any]]:
    return [edge["node"] for edge in (await api.data(LIST, asked))["identityReview"]["edges"]]


async def pairs(line: Line, count: int) -> None:
    """Pairs of members with one e-mail each, one after the other."""
    for number in range(count):
        for member in ("A", "B"):
            call = sighting(
                10 * number + (member == "B"),
                member=f"{member}{number}",
                email=f"e{number}@x.org",
                crm__shop=f"{number}",
            )
            await line.apply(call)


async def test_an_item_says_what_it_is_about_and_is_accepted_and_undone(api: Api, line: Line) -> None:
    await line.apply(sighting(1, member="M", email="e@x.org"), sighting(2, member="N", email="e@x.org"))
    (item,) = await listed(api)
    assert item["kind"] == "REJECTED_LINK"
    assert sorted(one["value"] for one in item["identifiers"]) == ["M", "e@x.org"]
    assert sorted(one["value"] for one in item["blocking"]) == ["M", "N"]
    assert item["reason"]
    assert "Accept" in item["suggestion"]
    done = (await api.data(ACCEPT, {"id": item["id"]}))["acceptReview"]
    assert sorted(one["fate"] for one in done["customers"]) == ["KEPT", "RETIRED"]
    assert await listed(api) == []
    assert (await api.error(ACCEPT, {"id": item["id"]}))["extensions"]["code"] == "NOT_FOUND"
    await api.data(UNDO, {"id": done["decisionId"]})
    assert [one["id"] for one in await listed(api)] == [item["id"]]


async def test_a_dismissed_item_is_in_the_log_and_its_undo_opens_it(api: Api, line: Line) -> None:
    await line.apply(*(sighting(n, member="M", email=f"e{n}@x.org") for n in range(4)))
    (item,) = await listed(api, kinds=["NEAR_LIMIT"])
    assert (item["namespace"], item["identifierCount"], len(item["identifiers"])) == ("email", 4, 4)
    refused = (await api.data(ACCEPT, {"id": item["id"]}))["acceptReview"]
    assert refused["message"] == "There is nothing to accept in this item."
    done = (await api.data(DISMISS, {"id": item["id"]}))["dismissReview"]
    assert await listed(api) == []
    log = (await api.data(LOG, {"of": {"namespace": "user_id", "value": "M"}}))["customer"]["decisions"]["edges"]
    assert {"id": done["decisionId"], "kind": "DISMISS", "subject": item["id"], "stands": True} in [
        edge["node"] for edge in log
    ]
    await api.data(UNDO, {"id": done["decisionId"]})
    assert [one["id"] for one in await listed(api)] == [item["id"]]


async def test_pages_go_over_everything_once(api: Api, line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    await pairs(line, 5)
    everything = await listed(api, first=100)
    assert [one["since"] for one in everything] == sorted((one["since"] for one in everything), reverse=True)
    assert len(everything) >= 5
    # Of the items in the middle the cause goes away: they are passed over, by short pages if need be.
    for number in (1, 2, 3):
        await line.desk().revoke_call(call_id(SOURCE, f"m{10 * number + 1}"), Said("ann", "a test"))
    left = await listed(api, first=100)
    assert 0 < len(left) < len(everything)
    for looks in (1, 10):
        monkeypatch.setattr(review, "MAX_LOOKS", looks)
        found: list[str] = []
        after, pages = None, 0
        while True:
            page = (await api.data(LIST, {"first": 1, "after": after}))["identityReview"]
            found += [edge["node"]["id"] for edge in page["edges"]]
            pages += 1
            after = page["pageInfo"]["endCursor"]
            if not page["pageInfo"]["hasNextPage"]:
                break
        assert found == [one["id"] for one in left]
        assert pages >= len(left)
    assert await listed(api, kinds=["SHARED_IDENTIFIER"]) == []
    assert await listed(api, kinds=[]) == []
    forged = await api.error(LIST, {"after": "made up"})
    assert forged["extensions"]["code"] == "BAD_USER_INPUT"
