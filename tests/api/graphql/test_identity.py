"""Decisions about identity and their explanations, through the public API."""

from __future__ import annotations

from typing import Any

import pytest
from redis.asyncio import Redis

from base.keys import Keyring
from base.settings import Settings
from base.valkey import ARQ_QUEUE
from graph.client import GraphClient
from tests.support.api import Api
from tests.support.line import Line
from tests.support.sightings import sighting
from workers.decisions import imports
from workers.jobs import make_services
from workers.tasks import decision as decision_tasks
from workers.tasks.decision import carry_out_decision

EFFECT = """__typename
  ... on IdentityEffect {
    decisionId dryRun changes { customerId segmentKey kind }
    customers { customerId fate mergedInto identifierCount gained { namespace value } lost { namespace value } }
  }
  ... on IdentityJob { decisionId dryRun callCount identifierCount customerCount complete }
  ... on ValidationError { message field hint }"""
MERGE = """mutation ($a: ID!, $b: ID!, $look: Boolean!) {
  mergeCustomers(a: $a, b: $b, reason: "same", dryRun: $look) { EFFECT } }"""
SPLIT = """mutation ($id: ID!, $of: [IdentifierInput!]!) {
  splitCustomer(id: $id, identifiers: $of, reason: "two") { EFFECT } }"""
BLOCK = 'mutation ($of: IdentifierInput!) { blockIdentifier(identifier: $of, reason: "a desk") { EFFECT } }'
UNBLOCK = 'mutation ($of: IdentifierInput!) { unblockIdentifier(identifier: $of, reason: "no") { EFFECT } }'
REVOKE = 'mutation ($id: String!) { revokeCall(messageId: $id, reason: "a test") { EFFECT } }'
REVOKE_IMPORT = """mutation ($of: String!, $look: Boolean!) {
  revokeImport(source: $of, reason: "a wrong file", dryRun: $look) { EFFECT } }"""
UNDO = 'mutation ($id: ID!) { undo(decision: $id, reason: "wrong") { EFFECT } }'
MERGE, SPLIT, BLOCK, UNBLOCK, REVOKE, REVOKE_IMPORT, UNDO = (
    one.replace("EFFECT", EFFECT) for one in (MERGE, SPLIT, BLOCK, UNBLOCK, REVOKE, REVOKE_IMPORT, UNDO)
)
DECISION = "query ($id: ID!) { decision(id: $id) { kind stands subject state progress callCount reason } }"
EXPLAIN = """query ($a: IdentifierInput!, $b: IdentifierInput!) { explainIdentity(a: $a, b: $b) {
  together policyVersion shared { namespace value }
  hops { from { namespace value } to { value } accepted bridge reason blocking { value } decisionId
    evidence { source count firstAt lastAt } } } }"""
CUSTOMER = """query ($of: IdentifierInput!, $first: Int, $after: String) { customer(identifier: $of) {
  id segments { segment { key } } identifiers { value }
  decisions(first: $first, after: $after) { pageInfo { hasNextPage endCursor } edges { node {
    id kind author reason stands customerIds identifiers { namespace value } } } } } }"""


def of(namespace: str, value: str) -> dict[str, str]:
    return {"namespace": namespace, "value": value}


M, E = of("user_id", "M"), of("email", "e@x.org")


@pytest.fixture
def line(graph: GraphClient, redis: Redis, keyring: Keyring) -> Line:
    return Line.of(graph, redis, keyring)


async def customer(api: Api, identifier: dict[str, str], **page: object) -> dict[str, Any]:
    found: dict[str, Any] = (await api.data(CUSTOMER, {"of": identifier, **page}))["customer"]
    return found


async def decided(api: Api, mutation: str, **variables: object) -> str:
    """The id of a decision that must be made."""
    (made,) = (await api.data(mutation, variables)).values()
    assert made["__typename"] == "IdentityEffect", made
    return str(made["decisionId"])


async def test_joined_looked_at_and_undone(api: Api, line: Line) -> None:
    await line.segment("members", {"event": {"name": "Seen"}})
    await line.apply(sighting(1, kind="track", member="M"), sighting(2, email="e@x.org"))
    m, e = (await customer(api, M))["id"], (await customer(api, E))["id"]

    looked = (await api.data(MERGE, {"a": m, "b": e, "look": True}))["mergeCustomers"]
    assert (looked["decisionId"], looked["dryRun"]) == (None, True)
    assert (await customer(api, E))["id"] == e

    done = (await api.data(MERGE, {"a": m, "b": e, "look": False}))["mergeCustomers"]
    assert {one["customerId"]: (one["fate"], one["mergedInto"]) for one in done["customers"]} == {
        m: ("KEPT", None),
        e: ("RETIRED", m),
    }
    assert done["customers"] == looked["customers"]
    one = await customer(api, E)
    assert (one["id"], [each["segment"]["key"] for each in one["segments"]]) == (m, ["members"])
    log = [edge["node"] for edge in one["decisions"]["edges"]]
    assert [(each["kind"], each["author"], each["stands"]) for each in log] == [
        ("MERGE", "resolver", True),
        ("MUST_LINK", "admin", True),
    ]
    assert sorted(each["value"] for each in log[1]["identifiers"]) == ["M", "e@x.org"]
    assert (log[1]["reason"], log[0]["customerIds"]) == ("same", [m, e])

    undone = (await api.data(UNDO, {"id": done["decisionId"]}))["undo"]
    assert {one["customerId"]: one["fate"] for one in undone["customers"]} == {m: "KEPT", e: "RETURNED"}
    assert (await customer(api, E))["id"] == e
    again = (await api.data(UNDO, {"id": done["decisionId"]}))["undo"]
    assert (again["__typename"], again["message"]) == ("ValidationError", "This decision was undone already.")


async def test_an_undo_of_an_undo_lets_the_decision_stand_again(api: Api, line: Line) -> None:
    await line.apply(sighting(1, member="M"), sighting(2, email="e@x.org"))
    m, e = (await customer(api, M))["id"], (await customer(api, E))["id"]
    made = await decided(api, MERGE, a=m, b=e, look=False)
    joined = await line.picture()

    undone = await decided(api, UNDO, id=made)
    assert ((await customer(api, E))["id"], await stands(api, made, undone)) == (e, [False, True])
    again = await decided(api, UNDO, id=undone)
    assert ((await customer(api, E))["id"], await stands(api, made, undone, again)) == (m, [True, False, True])
    assert await line.picture() == joined


async def stands(api: Api, *decisions: str) -> list[bool]:
    return [(await api.data(DECISION, {"id": one}))["decision"]["stands"] for one in decisions]


async def test_a_decision_about_a_retired_id_is_about_its_successor(api: Api, line: Line) -> None:
    await line.apply(sighting(1, member="M"), sighting(2, email="e@x.org"), sighting(3, member="N", cookie="c"))
    m, e, n = [(await customer(api, one))["id"] for one in (M, E, of("user_id", "N"))]
    await decided(api, MERGE, a=m, b=e, look=False)

    looked = (await api.data(MERGE, {"a": e, "b": n, "look": True}))["mergeCustomers"]
    assert {one["customerId"]: (one["fate"], one["mergedInto"]) for one in looked["customers"]} == {
        m: ("KEPT", None),
        n: ("RETIRED", m),
    }
    await decided(api, MERGE, a=e, b=n, look=False)
    assert (await customer(api, of("user_id", "N")))["id"] == m
    parted = (await api.data(SPLIT, {"id": n, "of": [of("anonymous_id", "c")]}))["splitCustomer"]
    assert [(one["customerId"], one["lost"]) for one in parted["customers"] if one["fate"] == "KEPT"] == [
        (m, [of("anonymous_id", "c")])
    ]


async def test_split_block_and_take_back(api: Api, line: Line) -> None:
    await line.apply(sighting(1, member="M", email="e@x.org"), sighting(2, member="M", cookie="c"))
    m = (await customer(api, M))["id"]
    parted = (await api.data(SPLIT, {"id": m, "of": [E]}))["splitCustomer"]
    assert [(one["fate"], one["lost"]) for one in parted["customers"] if one["customerId"] == m] == [("KEPT", [E])]
    assert (await customer(api, E))["id"] != m

    await api.data(BLOCK, {"of": of("email", " E@X.org ")})
    assert (await api.data(CUSTOMER, {"of": E}))["customer"] is None
    twice = (await api.data(BLOCK, {"of": E}))["blockIdentifier"]
    assert twice["message"] == "This identifier is blocked already."
    await api.data(UNBLOCK, {"of": E})
    assert (await customer(api, E))["identifiers"] == [{"value": "e@x.org"}]

    await api.data(REVOKE, {"id": "m2"})
    assert (await api.data(CUSTOMER, {"of": of("anonymous_id", "c")}))["customer"] is None
    missing = await api.error(REVOKE, {"id": "unheard of"})
    assert missing["extensions"]["code"] == "NOT_FOUND"


async def test_an_import_is_looked_at_taken_back_and_given_back(
    api: Api, line: Line, settings: Settings, graph: GraphClient, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    await line.apply(sighting(1, member="M"), sighting(2, email="e@x.org"))
    await line.apply(sighting(3, member="M", email="e@x.org"), source="import:shop")
    m = (await customer(api, M))["id"]
    looked = (await api.data(REVOKE_IMPORT, {"of": "import:shop", "look": True}))["revokeImport"]
    assert (looked["__typename"], looked["dryRun"]) == ("IdentityEffect", True)
    monkeypatch.setattr(imports, "MAX_AT_ONCE_CALLS", 0)
    monkeypatch.setattr(decision_tasks, "LATE_APPEND_MS", 0)
    counted = (await api.data(REVOKE_IMPORT, {"of": "import:shop", "look": True}))["revokeImport"]
    assert counted == {
        "__typename": "IdentityJob",
        "decisionId": None,
        "dryRun": True,
        "callCount": 1,
        "identifierCount": 1,
        "customerCount": 1,
        "complete": True,
    }
    job = (await api.data(REVOKE_IMPORT, {"of": "import:shop", "look": False}))["revokeImport"]
    running = (await api.data(DECISION, {"id": job["decisionId"]}))["decision"]
    assert running == {
        "kind": "REVOKE_IMPORT",
        "stands": True,
        "subject": "import:shop",
        "state": "RUNNING",
        "progress": 0.0,
        "callCount": 0,
        "reason": "a wrong file",
    }
    assert await redis.zcard(ARQ_QUEUE) == 1
    services = make_services(settings, graph, redis)
    await carry_out_decision({"services": services}, job["decisionId"])
    done = (await api.data(DECISION, {"id": job["decisionId"]}))["decision"]
    assert (done["state"], done["progress"], done["callCount"]) == ("DONE", 1.0, 1)
    assert (await customer(api, E))["id"] != m

    undone = (await api.data(UNDO, {"id": job["decisionId"]}))["undo"]
    assert undone["__typename"] == "IdentityJob"
    assert (await api.data(DECISION, {"id": undone["decisionId"]}))["decision"]["state"] == "RUNNING"
    await carry_out_decision({"services": services}, job["decisionId"])
    assert (await api.data(DECISION, {"id": undone["decisionId"]}))["decision"]["state"] == "DONE"
    assert not (await api.data(DECISION, {"id": job["decisionId"]}))["decision"]["stands"]
    assert (await customer(api, E))["id"] == m
    assert (await api.data(DECISION, {"id": "dec_none"}))["decision"] is None
    unknown = await api.error(REVOKE_IMPORT, {"of": "import:unheard of", "look": False})
    assert unknown["extensions"]["code"] == "NOT_FOUND"


async def test_why_one_and_why_not(api: Api, line: Line) -> None:
    await line.apply(
        sighting(1, member="M", device="d1"),
        sighting(2, member="M", device="d2"),
        sighting(3, member="N", email="e@x.org"),
        sighting(4, member="M", email="e@x.org"),
    )
    why = (await api.data(EXPLAIN, {"a": of("device_id", "d1"), "b": of("device_id", "d2")}))["explainIdentity"]
    assert why["together"]
    assert [(hop["from"]["value"], hop["to"]["value"], hop["bridge"]) for hop in why["hops"]] == [
        ("d1", "M", True),
        ("M", "d2", True),
    ]
    assert [(one["source"], one["count"]) for one in why["hops"][0]["evidence"]] == [("default", 1)]

    why_not = (await api.data(EXPLAIN, {"a": of("user_id", "N"), "b": E}))["explainIdentity"]
    assert not why_not["together"]
    (hop,) = why_not["hops"]
    assert (hop["accepted"], hop["reason"]) == (False, "LIMIT")
    assert sorted(one["value"] for one in hop["blocking"]) == ["M", "N"]
    assert (await api.data(EXPLAIN, {"a": M, "b": of("user_id", "nobody")}))["explainIdentity"] is None


async def test_the_log_is_read_in_pages(api: Api, line: Line) -> None:
    await line.apply(sighting(1, member="M"), *(sighting(10 + n, email=f"e{n}@x.org") for n in range(3)))
    m = (await customer(api, M))["id"]
    for n in range(3):
        other = (await customer(api, of("email", f"e{n}@x.org")))["id"]
        await api.data(MERGE, {"a": m, "b": other, "look": False})
    first = (await customer(api, M, first=4))["decisions"]
    rest = (await customer(api, M, first=4, after=first["pageInfo"]["endCursor"]))["decisions"]
    assert (first["pageInfo"]["hasNextPage"], rest["pageInfo"]["hasNextPage"]) == (True, False)
    assert (len(first["edges"]), len(rest["edges"])) == (4, 2)


# `m` is M with e@x.org, `n` is N; `apart` was taken from m, `retired` became n.
BAD = {
    "joined with itself": (MERGE, {"a": "m", "b": "m", "look": False}, "These are one customer already.", "b"),
    "joined with itself, only to look": (MERGE, {"a": "m", "b": "m", "look": True}, "are one customer already", "b"),
    "joined with its own retired id": (MERGE, {"a": "retired", "b": "n", "look": False}, "one customer already", "b"),
    "joined with whom somebody took it from": (MERGE, {"a": "m", "b": "apart", "look": False}, "two persons", None),
    "split of everything": (
        SPLIT,
        {"id": "m", "of": [M, E]},
        "at least one identifier with the customer",
        "identifiers",
    ),
    "split of nothing": (SPLIT, {"id": "m", "of": []}, "identifiers that this customer has now", "identifiers"),
    "split of another's": (SPLIT, {"id": "m", "of": [of("user_id", "N")]}, "has now", "identifiers"),
    "split of a stranger's": (SPLIT, {"id": "m", "of": [of("email", "no@x.org")]}, "has now", "identifiers"),
    "freed though nobody blocked it": (UNBLOCK, {"of": M}, "not blocked", None),
    "taken back twice": (REVOKE, {"id": "m9"}, "taken back already", None),
    "undone twice": (UNDO, {"id": "undone"}, "undone already", None),
    "an undo that was undone": (UNDO, {"id": "undo"}, "undone already", None),
    "undone though no person decided it": (UNDO, {"id": "resolver's"}, "Only a person's decision", None),
}


@pytest.mark.parametrize("name", BAD)
async def test_what_cannot_be_is_refused_with_a_reason_and_changes_nothing(api: Api, line: Line, name: str) -> None:
    await line.apply(
        sighting(1, member="M", email="e@x.org", phone="13912345001"),
        sighting(2, member="N"),
        sighting(3, email="old@x.org"),
        sighting(9, cookie="c"),
    )
    ids = {"m": (await customer(api, M))["id"], "n": (await customer(api, of("user_id", "N")))["id"]}
    await api.data(SPLIT, {"id": ids["m"], "of": [of("phone", "13912345001")]})
    ids["apart"] = (await customer(api, of("phone", "13912345001")))["id"]
    ids["retired"] = (await customer(api, of("email", "old@x.org")))["id"]
    await api.data(MERGE, {"a": ids["n"], "b": ids["retired"], "look": False})
    log = [edge["node"] for edge in (await customer(api, of("user_id", "N")))["decisions"]["edges"]]
    ids["resolver's"] = next(one["id"] for one in log if one["author"] == "resolver")
    await api.data(REVOKE, {"id": "m9"})
    ids["undone"] = await decided(api, BLOCK, of=of("email", "gone@x.org"))
    await decided(api, UNDO, id=ids["undone"])
    ids["undo"] = await decided(api, UNDO, id=await decided(api, BLOCK, of=of("email", "again@x.org")))
    await decided(api, UNDO, id=ids["undo"])
    before = await line.picture()

    mutation, variables, message, field = BAD[name]
    given = {key: ids.get(value, value) if isinstance(value, str) else value for key, value in variables.items()}
    (answer,) = (await api.data(mutation, given)).values()
    assert answer["__typename"] == "ValidationError", answer
    assert message in answer["message"]
    assert (answer["field"] or None) == field
    assert await line.picture() == before


@pytest.mark.parametrize(
    ("mutation", "variables", "what"),
    [
        (MERGE, {"a": "cus_a", "b": "cus_b", "look": False}, "NOT_FOUND"),
        (SPLIT, {"id": "cus_a", "of": [E]}, "NOT_FOUND"),
        (SPLIT, {"id": "cus_a", "of": [of("no namespace!", "x")]}, "BAD_USER_INPUT"),
        (UNDO, {"id": "dec_none"}, "NOT_FOUND"),
    ],
)
async def test_what_is_not_there_is_said(api: Api, mutation: str, variables: dict[str, object], what: str) -> None:
    assert (await api.error(mutation, variables))["extensions"]["code"] == what
