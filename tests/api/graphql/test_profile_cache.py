"""Kept profiles are never stale, and look-ups that arrive together share statements."""

from __future__ import annotations

import asyncio

import pytest
from prometheus_client import REGISTRY

from base.keys import Keyring
from graph.client import GraphClient, Transaction
from graph.repositories import segment as segments
from resolvers import catalogue as catalogue_module
from tests.api.graphql.test_customers import ann
from tests.support.api import Api
from tests.support.profiles import Person, retire, write_people
from tests.support.segments import create_segment, hide_segment

ASK = """{ customer(identifier: {namespace: "user_id", value: "u-ann"}) {
  id attributes(names: ["plan"]) { value } segments { segment { key name } } } }"""


def hits() -> float:
    return REGISTRY.get_sample_value("kith_cache_total", {"cache": "profile", "result": "hit"}) or 0.0


def statements(name: str) -> float:
    return REGISTRY.get_sample_value("kith_query_seconds_count", {"query": name}) or 0.0


@pytest.fixture(autouse=True)
def settled(monkeypatch: pytest.MonkeyPatch) -> None:
    # Otherwise nothing is kept for two seconds after the segments of the test were made.
    monkeypatch.setattr(catalogue_module, "SETTLE_S", 0.0)


async def test_a_second_look_up_comes_from_memory(api: Api, graph: GraphClient, keyring: Keyring) -> None:
    await write_people(graph, keyring, ann(segments=(), attributes={"plan": "free"}))
    first = await api.data(ASK)
    before = hits()

    assert await api.data(ASK) == first
    assert hits() == before + 1


async def test_every_change_shows_at_once(api: Api, graph: GraphClient, keyring: Keyring) -> None:
    await create_segment(graph, "buyers")
    await write_people(graph, keyring, ann(segments=(), attributes={"plan": "free"}))
    assert (await api.data(ASK))["customer"]["segments"] == []

    await write_people(graph, keyring, ann(events=(), attributes={"plan": "gold"}))
    found = (await api.data(ASK))["customer"]
    assert found["attributes"] == [{"value": "gold"}]
    assert found["segments"] == [{"segment": {"key": "buyers", "name": "Buyers"}}]

    async def rename(tx: Transaction) -> None:
        await segments.lock_catalogue(tx)
        await segments.describe(tx, key="buyers", heading=segments.Heading("Customers who bought"), now_ms=1)

    await graph.write("tests/rename", rename)
    assert (await api.data(ASK))["customer"]["segments"][0]["segment"]["name"] == "Customers who bought"

    await hide_segment(graph, "buyers")
    assert (await api.data(ASK))["customer"]["segments"] == []

    await write_people(graph, keyring, Person("cus_heir", identifiers=()))
    await retire(graph, "cus_ann", "cus_heir")
    assert (await api.data('{customer(id: "cus_ann") {id}}'))["customer"]["id"] == "cus_heir"


async def test_a_profile_that_has_just_changed_is_not_kept(api: Api, graph: GraphClient, keyring: Keyring) -> None:
    from base.clock import now_ms

    await write_people(graph, keyring, ann(segments=(), events=(), at_ms=now_ms()))
    await api.data(ASK)
    before = hits()

    await api.data(ASK)

    assert hits() == before


async def test_look_ups_that_arrive_together_share_statements(api: Api, graph: GraphClient, keyring: Keyring) -> None:
    people = [Person(f"cus_{n:02d}", identifiers=(("user_id", f"u-{n}"),)) for n in range(40)]
    await write_people(graph, keyring, *people)
    query = 'query Q($v: String!) {customer(identifier: {namespace: "user_id", value: $v}) {id updatedAt}}'
    before = statements("customer/get_profiles")

    answers = await asyncio.gather(*(api.data(query, {"v": f"u-{n}"}) for n in range(40)))

    assert [answer["customer"]["id"] for answer in answers] == [person.id for person in people]
    assert statements("customer/get_profiles") - before < 30
