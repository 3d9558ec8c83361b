"""A person whose values are known is everywhere, is erased, and is nowhere: graph, Redis, columnar store, answers."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis

from base.clock import now_ms
from base.keys import Keyring
from base.settings import Settings
from base.valkey import INGEST_STREAM
from graph.client import GraphClient
from ingest.stream import IngestStream
from tests.api.graphql.test_segments import create as create_segment
from tests.api.graphql.test_tags import create as create_tag
from tests.support import traces
from tests.support.answering import answering
from tests.support.api import Api
from tests.support.audit import Audit
from tests.support.calls import make_batch
from tests.support.line import SOURCE, Line
from tests.support.sightings import sighting
from tests.support.subscriptions import by_socket
from tests.support.waiting import until
from tests.support.working import working
from workers.jobs import make_services
from workers.projection.owner import ProjectionOwner
from workers.tasks.decision import carry_out_decision

# A mark in each, so that no value is found by accident.
MARK = "q7Zt"
USER, COOKIE, DEVICE = f"user-{MARK}", f"cookie-{MARK}", f"device-{MARK}"
EMAIL, PHONE = f"mia.{MARK.lower()}@example.org", "+8613912345678"
# Where each value goes in; "1" is a number that nobody else has.
VALUES = {
    "user": USER,
    "cookie": COOKIE,
    "device": DEVICE,
    "email": EMAIL,
    "phone": PHONE,
    "attribute": f"Keller-{MARK}",
    "list attribute": f"chess-{MARK}",
    "property": f"Teapot-{MARK}",
    "number": "48151623.42",
    "context": "198.51.100.77",
    "extra": f"extra-{MARK}",
    "group": f"household-{MARK}",
    "group attribute": f"villa-{MARK}",
    "proof": f"proof-{MARK}",
    "label": f"label-{MARK}",
    "imported tag": f"imported-{MARK}",
    "reason": f"reason-{MARK}",
    "taken back": f"taken-{MARK}",
    "put aside": f"aside-{MARK}",
    "placeholder": f"not-a-phone-{MARK}",
}
ERASE = (
    """mutation ($id: ID!) { eraseCustomer(id: $id, reason: "asked for") { ... on IdentityEffect { decisionId } } }"""
)
REPORT = "query ($id: ID!) { erasureReport(decision: $id) { state customerIds places { place removed doneAt } } }"
IMPORT_TAG = (
    "mutation ($input: ImportTagValuesInput!) { importTagValues(input: $input) { ... on TagImport { found } } }"
)
IMPORT_SEGMENT = (
    "mutation ($input: ImportSegmentInput!) { importSegment(input: $input) { ... on SegmentImport { found } } }"
)
LABEL = """mutation ($ids: [ID!]!, $labels: [String!]!) { tagCustomers(key: "notes", ids: $ids, labels: $labels) {
  ... on LabelledCustomers { count } } }"""
RESTRICT = "mutation ($id: ID!, $reason: String!) { restrictCustomer(id: $id, reason: $reason) { __typename } }"
UPDATES = 'subscription { segmentUpdates(segments: ["seen"], after: "0") { kind cause { kind } } }'
# What the API says of everybody, to whoever may see all of it.
ASKED = (
    """{ customers(first: 100) { edges { node { id attributes { value } identifiers { value } tags { value }
      events(first: 100) { edges { node { properties } } } decisions { edges { node { reason } } } } } } }""",
    """query ($id: ID!) { customer(id: $id) { id } node(id: $id) { id } }""",
    """{ attributeDefinitions(first: 100) { edges { node { name example } } } }""",
    """{ segments { edges { node { key members { edges { node { id } } } } } } }""",
    """{ operationLog(first: 100) { edges { node { object userName action customerIds purpose } } } }""",
    """{ identityReview { edges { node { id identifiers { value } } } } }""",
)


@pytest.fixture
def line(graph: GraphClient, redis: Redis, keyring: Keyring) -> Line:
    return Line.of(graph, redis, keyring)


def calls_of_mia() -> list[dict[str, Any]]:
    """Every kind of call, each with something that nobody else says."""
    v = VALUES
    traits = {"family": v["attribute"], "hobbies": [v["list attribute"]], "worth": float(v["number"])}
    said = {"records": [{"purpose": "marketing", "state": "GRANTED", "proof": v["proof"]}]}
    bought = sighting(2, kind="track", member=USER, cookie=COOKIE) | {
        "properties": {"item": v["property"], "price": float(v["number"])},
        "context": {"ip": v["context"], "consent": said, "externalIds": [{"type": "email", "id": EMAIL}]},
        "surplus": v["extra"],
    }
    return [
        sighting(1, member=USER, cookie=COOKIE, email=EMAIL, traits=traits),
        bought,
        sighting(3, member=USER, device=DEVICE, phone=PHONE),
        sighting(4, member=USER, group=v["group"]) | {"traits": {"house": v["group attribute"]}},
        sighting(5, kind="track", member=USER) | {"properties": {"item": v["taken back"]}},
        sighting(6, kind="track", member=USER, phone=v["placeholder"]),
        sighting(7, kind="track", member=USER, user_id="ben") | {"properties": {"item": v["put aside"]}},
    ]


async def drained(redis: Redis) -> None:
    async with asyncio.timeout(60):
        while await redis.xlen(INGEST_STREAM):  # noqa: ASYNC110
            await asyncio.sleep(0.05)


async def send(graph: GraphClient, redis: Redis, keyring: Keyring, *calls: dict[str, Any]) -> None:
    """Through the stream, as a gateway does, until all are applied or put aside."""
    stream = IngestStream(redis, keyring)
    for call in calls:
        await stream.append(make_batch(call), "batch", now_ms(), SOURCE, [str(call["messageId"])])
    await drained(redis)


async def seed(api: Api, line: Line) -> str:
    """Mia, in everything that there is; Ben beside her, on her device before her."""
    await create_segment(api, "seen", {"event": {"name": "Seen"}})
    await create_tag(api, "tier", {"imported": {"type": "STRING"}})
    await create_tag(api, "notes", {"manual": True})
    async with working(line.graph, line.redis, line.keyring):
        ben = sighting(0, member="ben", device=DEVICE, email="ben@example.org", traits={"family": "Ben"})
        await send(line.graph, line.redis, line.keyring, ben, *calls_of_mia())
    mia = str(await line.customer("user_id", USER))
    given = {"identifier": "email", "rows": [{"id": EMAIL, "value": VALUES["imported tag"]}]}
    assert (await api.data(IMPORT_TAG, {"input": {"key": "tier", **given}}))["importTagValues"]["found"] == 1
    listed = {"key": "vips", "name": "vips", "values": [EMAIL], "mode": "ADD", "identifier": "email"}
    assert (await api.data(IMPORT_SEGMENT, {"input": listed}))["importSegment"]["found"] == 1
    assert (await api.data(LABEL, {"ids": [mia], "labels": [VALUES["label"]]}))["tagCustomers"]["count"] == 1
    await api.data(RESTRICT, {"id": mia, "reason": VALUES["reason"]})
    await api.data('mutation { revokeCall(messageId: "m5", reason: "twice") { __typename } }')
    for text in ASKED:
        await api.ask(text, {"id": mia} if "$id" in text else None)
    return mia


async def everything(line: Line, owner: ProjectionOwner) -> dict[str, list[str]]:
    return {
        "graph": await traces.of_graph(line.graph, line.keyring),
        "redis": await traces.of_redis(line.redis, line.keyring),
        "columns": traces.of_columns(owner.store()),
    }


def found_in(texts: dict[str, list[str]], values: dict[str, str]) -> dict[str, set[str]]:
    """Place → what of the values is in it."""
    return {
        place: {name for name, value in values.items() if any(value in text for text in lines)}
        for place, lines in texts.items()
    }


async def test_nothing_that_is_known_of_an_erased_person_is_found_anywhere(
    api: Api, line: Line, settings: Settings, redis: Redis, graph: GraphClient, keyring: Keyring, tmp_path: Path
) -> None:
    async with answering(graph, redis, settings, tmp_path) as owner:
        mia = await seed(api, line)
        await Audit(graph, redis, keyring).turns()
        hashes = {
            "uid user": line.uid("user_id", USER),
            "uid email": line.uid("email", EMAIL),
            "uid cookie": line.uid("anonymous_id", COOKIE),
            "uid phone": line.uid("phone", PHONE),
        }
        await until(lambda: _is_in_columns(owner, VALUES["property"]))
        before = found_in(await everything(line, owner), VALUES | hashes)
        # What is looked for has been there: all of it in the graph, what can be asked of everybody in the columns.
        assert before["graph"] == set(VALUES | hashes)
        assert before["columns"] >= {"user", "attribute", "property", "email", "imported tag"} - {"user"}

        erased = (await api.data(ERASE, {"id": mia}))["eraseCustomer"]["decisionId"]
        services = make_services(settings, graph, redis)
        async with asyncio.timeout(60):
            while True:
                await carry_out_decision({"services": services}, erased)
                report = (await api.data(REPORT, {"id": erased}))["erasureReport"]
                if report["state"] == "DONE":
                    break
        assert [one["place"] for one in report["places"] if one["doneAt"] is None] == []
        assert {one["place"]: one["removed"] for one in report["places"]}["QUARANTINE"] == 1
        assert report["customerIds"] == [mia]
        await Audit(graph, redis, keyring).turns()

        after = await everything(line, owner)
        # The tablet is Ben's too, and keeps his time.
        shared = {"device"}
        assert found_in(after, VALUES | hashes) == {"graph": shared, "redis": set(), "columns": set()}
        # Subscribers heard why.
        async with by_socket(api, UPDATES, {}) as hear:
            kinds = [(await hear())["data"]["segmentUpdates"] for _ in range(2)]
        assert [(one["kind"], one["cause"]["kind"]) for one in kinds][-1][1] == "ERASURE"

    answers = {text: [json.dumps(await api.ask(text, {"id": mia} if "$id" in text else None))] for text in ASKED}
    assert {text: found for text, found in found_in(answers, VALUES).items() if found - shared} == {}
    for namespace, value in (("user_id", USER), ("email", EMAIL), ("phone", PHONE), ("anonymous_id", COOKIE)):
        asked = {"identifier": {"namespace": namespace, "value": value}}
        who = await api.data(
            "query ($identifier: IdentifierInput!) { customer(identifier: $identifier) { id } }", asked
        )
        assert who == {"customer": None}


async def _is_in_columns(owner: ProjectionOwner, value: str) -> bool:
    return any(value in text for text in traces.of_columns(owner.store()))
