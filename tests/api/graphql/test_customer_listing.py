"""Lists of customers by a rule and in an order: from the columnar store, and from the graph without one."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis

from base.clock import now_ms, parse_iso_ms
from base.errors import BadInput
from base.keys import Keyring
from base.settings import Settings
from base.valkey import PROJECTION_STATE
from graph.client import GraphClient
from resolvers.context import MAX_LISTINGS
from resolvers.customers import listing as customer_listing
from tests.support.answering import answering
from tests.support.api import Api
from tests.support.line import Line
from tests.support.profiles import Person, retire, write_people
from tests.support.tags import BOUGHT_COUNT, save_tag
from workers.projection.client import ColumnStore, Listed

LIST = """query L($where: RuleInput, $order: CustomerOrder, $search: String, $first: Int, $after: String) {
  customers(where: $where, orderBy: $order, search: $search, first: $first, after: $after) {
    asOf edges {cursor node {id}} pageInfo {hasNextPage endCursor}}}"""
BOUGHT = {"event": {"name": "Bought"}}


async def page(api: Api, **variables: object) -> dict[str, Any]:
    listed: dict[str, Any] = (await api.data(LIST, variables))["customers"]
    return listed


def ids(listed: dict[str, Any]) -> list[str]:
    return [edge["node"]["id"] for edge in listed["edges"]]


async def whole(api: Api, **variables: object) -> list[str]:
    """Everybody of a list, in pages of two."""
    found: list[str] = []
    after = None
    while True:
        listed = await page(api, **variables, first=2, after=after)
        found += ids(listed)
        if not listed["pageInfo"]["hasNextPage"]:
            return found
        after = listed["pageInfo"]["endCursor"]


@pytest.fixture
async def people(graph: GraphClient, keyring: Keyring) -> None:
    cities = {"a": "Oslo", "b": "Bergen", "c": None, "d": "Bergen", "e": "Ålesund"}
    await write_people(
        graph,
        keyring,
        *(
            Person(
                f"cus_{name}",
                identifiers=(("user_id", name),),
                attributes={} if city is None else {"city": city},
                events=[("Bought", 1_000 * place, {})] if place else (),
            )
            for place, (name, city) in enumerate(cities.items())
        ),
    )


@pytest.mark.usefixtures("people")
async def test_customers_come_in_the_order_asked_for(
    api: Api, graph: GraphClient, redis: Redis, settings: Settings, tmp_path: Path
) -> None:
    async with answering(graph, redis, settings, tmp_path):
        asked_ms = now_ms()
        by_city = await page(api, order={"attribute": "city"})
        assert ids(by_city) == ["cus_b", "cus_d", "cus_a", "cus_e", "cus_c"]
        assert parse_iso_ms(by_city["asOf"]) >= asked_ms
        assert await whole(api, order={"attribute": "city", "direction": "DESC"}) == [
            "cus_e",
            "cus_a",
            "cus_b",
            "cus_d",
            "cus_c",
        ]
        last = {"lastEvent": "Bought", "direction": "DESC"}
        assert await whole(api, order=last, where=BOUGHT) == ["cus_e", "cus_d", "cus_c", "cus_b"]
        assert await whole(api, order={"createdAt": True}) == [f"cus_{name}" for name in "abcde"]


async def test_the_order_of_a_tag_follows_its_changes_at_once(
    api: Api, graph: GraphClient, redis: Redis, keyring: Keyring, settings: Settings, tmp_path: Path
) -> None:
    await save_tag(graph, "bought", BOUGHT_COUNT)
    line = Line.of(graph, redis, keyring)
    order = {"tag": "bought", "direction": "DESC"}
    async with answering(graph, redis, settings, tmp_path):
        for user, count in (("x", 1), ("y", 2)):
            for number in range(count):
                await line.apply({"type": "track", "event": "Bought", "userId": user, "messageId": f"{user}{number}"})
        named = "query N($o: CustomerOrder) {customers(orderBy: $o) {edges {node {identifiers {value}}}}}"
        listed = (await api.data(named, {"o": order}))["customers"]["edges"]
        assert [edge["node"]["identifiers"][0]["value"] for edge in listed] == ["y", "x"]


@pytest.mark.usefixtures("people")
async def test_a_rule_lists_the_same_with_and_without_a_store(
    api: Api, graph: GraphClient, redis: Redis, settings: Settings, tmp_path: Path
) -> None:
    first = await page(api, where=BOUGHT, first=2)
    assert (first["asOf"], ids(first)) == (None, ["cus_b", "cus_c"])

    async with answering(graph, redis, settings, tmp_path):
        # A cursor of the graph goes on in the store, and the other way round.
        second = await page(api, where=BOUGHT, first=1, after=first["pageInfo"]["endCursor"])
    await redis.delete(PROJECTION_STATE)
    third = await page(api, where=BOUGHT, first=2, after=second["pageInfo"]["endCursor"])

    assert second["asOf"] is not None
    assert (ids(second), ids(third)) == (["cus_d"], ["cus_e"])
    assert (second["pageInfo"]["hasNextPage"], third["pageInfo"]["hasNextPage"]) == (True, False)


@pytest.mark.usefixtures("people")
async def test_the_graph_answers_when_the_owner_of_the_store_has_just_died(
    api: Api, graph: GraphClient, redis: Redis, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(customer_listing, "WAIT_S", 0.2)
    async with answering(graph, redis, settings, tmp_path):
        pass

    listed = await page(api, where=BOUGHT)

    assert (listed["asOf"], ids(listed)) == (None, ["cus_b", "cus_c", "cus_d", "cus_e"])


@pytest.mark.usefixtures("people")
async def test_the_graph_answers_when_the_store_has_no_room_for_a_name(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refused(*_: object, **__: object) -> None:
        raise BadInput("The event is not in the columnar store.", field="where")

    monkeypatch.setattr(ColumnStore, "list_customers", refused)

    assert ids(await page(api, where=BOUGHT)) == ["cus_b", "cus_c", "cus_d", "cus_e"]
    error = await api.error(LIST, {"where": BOUGHT, "order": {"createdAt": True}})
    assert (error["extensions"]["code"], error["extensions"]["field"]) == ("BAD_USER_INPUT", "where")


async def test_only_so_many_lists_are_made_at_once(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    may_go_on = asyncio.Event()

    async def slow(*_: object, **__: object) -> Listed:
        await may_go_on.wait()
        return Listed((), 1, 1)

    monkeypatch.setattr(ColumnStore, "list_customers", slow)
    order = {"order": {"createdAt": True}}
    running = [asyncio.create_task(page(api, **order)) for _ in range(MAX_LISTINGS)]
    await asyncio.sleep(0.2)
    refused = await api.error(LIST, order)
    may_go_on.set()

    assert refused["extensions"]["code"] == "RATE_LIMITED"
    assert [ids(await one) for one in running] == [[]] * MAX_LISTINGS
    assert ids(await page(api, **order)) == []


async def test_windows_stay_where_they_were_on_the_first_page(
    api: Api, graph: GraphClient, redis: Redis, keyring: Keyring, settings: Settings, tmp_path: Path
) -> None:
    line = Line.of(graph, redis, keyring)
    async with answering(graph, redis, settings, tmp_path):
        for user in "abc":
            await line.apply({"type": "track", "event": "Bought", "userId": user, "messageId": user})
        rule = {"event": {"name": "Bought", "window": {"last": "PT10S"}}}
        order = {"lastEvent": "Bought"}
        first = await page(api, where=rule, order=order, first=2)
        # By now nobody has bought in the last ten seconds.
        await asyncio.sleep(10.5)
        second = await page(api, where=rule, order=order, first=2, after=first["pageInfo"]["endCursor"])
        anew = await page(api, where=rule, order=order, first=2)

    assert (len(ids(first)), len(ids(second)), len(ids(anew))) == (2, 1, 0)


@pytest.mark.usefixtures("people")
async def test_who_was_merged_since_is_listed_once(
    api: Api, graph: GraphClient, redis: Redis, settings: Settings, tmp_path: Path
) -> None:
    async with answering(graph, redis, settings, tmp_path):
        # Past the notes: the store still has both.
        await retire(graph, "cus_a", "cus_e")
        assert await whole(api, order={"attribute": "city"}) == ["cus_b", "cus_d", "cus_e", "cus_c"]


@pytest.mark.usefixtures("people")
async def test_an_order_without_a_store_is_refused(api: Api) -> None:
    error = await api.error(LIST, {"order": {"attribute": "city"}})

    assert error["extensions"]["code"] == "UNAVAILABLE"
    assert "analytics" in error["extensions"]["hint"]


@pytest.mark.usefixtures("people")
async def test_what_is_wrong_is_told_with_its_place(
    api: Api, graph: GraphClient, redis: Redis, settings: Settings, tmp_path: Path
) -> None:
    await save_tag(graph, "labels", {"manual": True})

    async def fault(**variables: object) -> tuple[str, str | None]:
        extensions = (await api.error(LIST, variables))["extensions"]
        return extensions["code"], extensions.get("field")

    async with answering(graph, redis, settings, tmp_path):
        cursor = (await page(api, order={"attribute": "city"}, first=1))["pageInfo"]["endCursor"]
        wrong = {
            "orderBy.attribute": {"order": {"attribute": "nope"}},
            "orderBy.lastEvent": {"order": {"lastEvent": "nope"}},
            "orderBy.tag": {"order": {"tag": "labels"}},
            "orderBy": {"order": {"attribute": "city", "createdAt": True}},
            "after": {"order": {"attribute": "city", "direction": "DESC"}, "after": cursor},
        }
        for field, variables in wrong.items():
            assert await fault(**variables) == ("BAD_USER_INPUT", field)
        assert await fault(order={"tag": "nope"}) == ("BAD_USER_INPUT", "orderBy.tag")
        assert await fault(order={}) == ("BAD_USER_INPUT", "orderBy")
        assert await fault(order={"attribute": "x" * 201}) == ("BAD_USER_INPUT", "orderBy.attribute")
        assert await fault(order={"attribute": "city"}, search="x") == ("BAD_USER_INPUT", "orderBy")
        assert await fault(order={"attribute": "city"}, after="xyz") == ("BAD_USER_INPUT", "after")
        assert await fault(where=BOUGHT, after=cursor) == ("BAD_USER_INPUT", "after")
        # Nothing of a value can be read in it.
        assert "Bergen" not in cursor
