"""Keys with roles, over every transport: what they open, what they hide, and how they end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from redis.asyncio import Redis

from access.permissions import Permission
from access.tokens import token_hash
from base.clock import now_ms
from base.keys import Keyring
from base.settings import Settings
from graph.client import GraphClient
from graph.repositories.access import AccessRepository
from tests.support.answering import answering
from tests.support.api import Api, holding
from tests.support.dump import dump
from tests.support.profiles import Person, write_people
from tests.support.segments import create_segment
from tests.support.subscriptions import by_events, by_socket, subscribers
from tests.support.updates import publish
from tests.support.waiting import until

CREATE_KEY = """mutation C($input: CreateApiKeyInput!) { createApiKey(input: $input) { __typename
  ... on MadeKey { token key { id prefix roles expiresAt lastUsedAt revokedAt } }
  ... on ValidationError { field message hint } } }"""
CREATE_ROLE = """mutation R($key: String!, $input: RoleInput!) { createRole(key: $key, input: $input) { __typename
  ... on Role { key permissions scope isBuiltIn } ... on ValidationError { field message } } }"""
UPDATE_ROLE = CREATE_ROLE.replace("createRole", "updateRole")
ROTATE = """mutation R($id: ID!, $overlap: Duration) { rotateKey(id: $id, overlap: $overlap) { __typename
  ... on MadeKey { token key { oldUntil prefix } } ... on ValidationError { field message } } }"""
REVOKE = "mutation V($id: ID!) { revokeKey(id: $id) { id revokedAt } }"
UPDATES = "subscription S { segmentUpdates { customerId } }"
ME = "{ me { kind id name roles permissions scope purpose } }"
BASEL = {"attribute": {"name": "region", "op": "EQ", "values": ["Basel"]}}
WITHIN_S = 5.0


async def role(api: Api, key: str, *permissions: str, **more: object) -> dict[str, Any]:
    made: dict[str, Any] = (
        await api.data(CREATE_ROLE, {"key": key, "input": {"permissions": list(permissions), **more}})
    )["createRole"]
    assert made["__typename"] == "Role", made
    return made


async def key(api: Api, *roles: str, **more: object) -> dict[str, Any]:
    asked = {"name": "A program", "roles": list(roles), **more}
    made: dict[str, Any] = (await api.data(CREATE_KEY, {"input": asked}))["createApiKey"]
    return made


@asynccontextmanager
async def program(api: Api, *roles: str, **more: object) -> AsyncIterator[Api]:
    """The API as a program with these roles sees it."""
    async with holding(api, (await key(api, *roles, **more))["token"]) as program:
        yield program


async def code(api: Api, query: str, variables: dict[str, object] | None = None) -> str | None:
    answer = await api.ask(query, variables)
    return answer["errors"][0]["extensions"]["code"] if "errors" in answer else None


async def test_a_key_opens_what_its_roles_hold(api: Api) -> None:
    made = await key(api, "operator")
    assert made["token"].startswith("kak_")
    assert made["key"]["prefix"] == made["token"][:8]
    async with holding(api, made["token"]) as program:
        me = (await program.data(ME))["me"]
        assert (me["kind"], me["id"], me["roles"]) == ("KEY", made["key"]["id"], ["operator"])
        assert "customers:read" in me["permissions"]
        assert await code(program, "{ segments { edges { node { key } } } }") is None
        erase = 'mutation { eraseCustomer(id: "cus_1", reason: "asked") { __typename } }'
        reply = await program.http.post("/graphql", json={"query": erase})
        error = reply.json()["errors"][0]
        assert error["extensions"]["code"] == "FORBIDDEN"
        assert "customers:erase" in error["message"]
        assert await code(program, "{ apiKeys { id } }") == "FORBIDDEN"


async def test_nobody_gives_what_they_do_not_hold(api: Api) -> None:
    await role(api, "keeper", "keys:change", "users:change", "segments:read")
    async with program(api, "keeper") as keeper:
        assert (await key(keeper, "keeper"))["__typename"] == "MadeKey"
        assert await code(keeper, CREATE_KEY, {"input": {"name": "n", "roles": ["administrator"]}}) == "FORBIDDEN"
        more = {"key": "more", "input": {"permissions": ["customers:erase"]}}
        assert await code(keeper, CREATE_ROLE, more) == "FORBIDDEN"
        assert await code(keeper, UPDATE_ROLE, {"key": "keeper", "input": {"permissions": ["log:read"]}}) == "FORBIDDEN"


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"roles": []}, "input.roles"),
        ({"roles": ["nothing"]}, "input.roles.0"),
        ({"roles": ["operator"], "days": 0}, "input.days"),
        ({"roles": ["operator"], "days": 731}, "input.days"),
        ({"roles": ["sales"]}, "input.purpose"),
        ({"roles": ["sales"], "purpose": " "}, "input.purpose"),
        ({"roles": ["operator"], "name": ""}, "input.name"),
    ],
)
async def test_a_wrong_key_is_refused_with_its_place(api: Api, asked: dict[str, object], field: str) -> None:
    refused = (await api.data(CREATE_KEY, {"input": {"name": "n", **asked}}))["createApiKey"]
    assert (refused["__typename"], refused["field"]) == ("ValidationError", field)
    assert (await api.data("{ apiKeys { id } }"))["apiKeys"] == []


async def test_a_role_is_refused_with_its_place(api: Api) -> None:
    async def refused(query: str, key: str, **given: object) -> str:
        made = next(iter((await api.data(query, {"key": key, "input": given})).values()))
        assert made["__typename"] == "ValidationError"
        return str(made["field"])

    assert await refused(CREATE_ROLE, "operator", permissions=[]) == "key"
    assert await refused(CREATE_ROLE, "No Key", permissions=[]) == "key"
    assert await refused(CREATE_ROLE, "mine", permissions=["everything"]) == "input.permissions.0"
    assert await refused(UPDATE_ROLE, "administrator", permissions=[]) == "key"
    assert await code(api, UPDATE_ROLE, {"key": "nobody", "input": {}}) == "NOT_FOUND"
    wrong = {"key": "mine", "input": {"scope": {"segment": "nowhere"}}}
    assert await code(api, CREATE_ROLE, wrong) == "BAD_USER_INPUT"


async def test_a_role_that_is_held_stays(api: Api) -> None:
    await role(api, "mine", "segments:read")
    made = await key(api, "mine")
    delete = 'mutation { deleteRole(key: "mine") { __typename ... on ValidationError { message } } }'
    refused = (await api.data(delete))["deleteRole"]
    assert refused["__typename"] == "ValidationError"
    assert "A program" in refused["message"]
    await api.data(REVOKE, {"id": made["key"]["id"]})
    assert (await api.data(delete))["deleteRole"]["__typename"] == "DeletedRole"


async def test_a_changed_role_counts_within_seconds(api: Api) -> None:
    await role(api, "mine", "segments:read")
    async with program(api, "mine") as mine:
        assert await code(mine, "{ tags { edges { node { key } } } }") == "FORBIDDEN"
        await api.data(UPDATE_ROLE, {"key": "mine", "input": {"permissions": ["tags:read"]}})

        async def changed() -> bool:
            tags = await code(mine, "{ tags { edges { node { key } } } }")
            segments = await code(mine, "{ segments { edges { node { key } } } }")
            return (tags, segments) == (None, "FORBIDDEN")

        await until(changed, within_s=WITHIN_S)


@pytest.mark.parametrize("transport", [by_events, by_socket], ids=["sse", "websocket"])
async def test_a_revoked_key_ends_its_streams(api: Api, transport: Any) -> None:
    made = await key(api, "integrator", purpose="tests")
    async with holding(api, made["token"]) as program, transport(program, UPDATES, {}) as hear:
        await api.data(REVOKE, {"id": made["key"]["id"]})
        payload = await asyncio.wait_for(hear(), WITHIN_S)
        assert payload["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
        assert await code(program, ME) == "UNAUTHENTICATED"


async def test_a_stream_goes_on_while_its_key_does(api: Api, graph: GraphClient, redis: Redis) -> None:
    await create_segment(graph)
    async with program(api, "integrator", purpose="tests") as holder, by_events(holder, UPDATES, {}) as hear:
        await asyncio.sleep(WITHIN_S)
        await publish(graph, redis, "buyers", ["cus_a"])
        assert (await hear())["data"]["segmentUpdates"]["customerId"] == "cus_a"


async def test_a_rotated_key_has_two_tokens_for_a_while(api: Api) -> None:
    made = await key(api, "operator")
    rotated = (await api.data(ROTATE, {"id": made["key"]["id"], "overlap": "PT3S"}))["rotateKey"]
    assert rotated["token"] != made["token"]
    async with holding(api, rotated["token"]) as new, holding(api, made["token"]) as old:
        assert await code(new, ME) is None
        assert await code(old, ME) is None

        async def ended() -> bool:
            return await code(old, ME) == "UNAUTHENTICATED"

        await until(ended, within_s=3 + WITHIN_S)
        assert await code(new, ME) is None


async def test_a_key_ends_by_itself(api: Api, graph: GraphClient) -> None:
    made = await key(api, "operator", days=1)
    hashed, day_ms = token_hash(made["token"]), 86_400_000
    repository = AccessRepository(graph)
    assert await repository.find_key(hashed, now_ms()) is not None
    assert await repository.find_key(hashed, now_ms() + day_ms) is None


async def test_tokens_are_stored_by_their_hash_alone(api: Api, graph: GraphClient) -> None:
    made = await key(api, "operator")
    listed = (await api.data("{ apiKeys { id prefix lastUsedAt } }"))["apiKeys"]
    assert listed == [{"id": made["key"]["id"], "prefix": made["token"][:8], "lastUsedAt": None}]
    async with holding(api, made["token"]) as program:
        await program.data(ME)

        async def used() -> bool:
            return (await api.data("{ apiKeys { lastUsedAt } }"))["apiKeys"][0]["lastUsedAt"] is not None

        await until(used, within_s=WITHIN_S)
    assert made["token"] not in repr(await dump(graph))


PROFILE = """query P { customer(id: "cus_a") { identifiers { namespace value masked }
  attributes { name value masked } events { edges { node { properties } } } } }"""


@pytest.fixture
async def people(graph: GraphClient, keyring: Keyring) -> None:
    await write_people(
        graph,
        keyring,
        Person(
            "cus_a",
            identifiers=(("user_id", "mia"), ("phone", "+8613812345678"), ("email", "mia@example.com")),
            attributes={"name": "Mia Keller", "region": "Basel"},
            events=[("Bought", 1_000, {"total": 5, "email": "mia@example.com"})],
            name="mia keller",
        ),
        Person("cus_b", identifiers=(("user_id", "ben"),), attributes={"region": "Bern"}, name="ben keller"),
    )


@pytest.mark.usefixtures("people")
async def test_personal_values_are_shown_to_those_who_may_and_say_what_for(api: Api) -> None:
    async def seen(program: Api, **extensions: object) -> tuple[set[object], set[object], object]:
        reply = await program.http.post("/graphql", json={"query": PROFILE, "extensions": extensions})
        customer = reply.json()["data"]["customer"]
        return (
            {each["value"] for each in customer["identifiers"]},
            {each["value"] for each in customer["attributes"]},
            customer["events"]["edges"][0]["node"]["properties"]["email"],
        )

    masked = (
        {"mia", "+86138****5678", "m***@example.com"},
        {"Mi…(10)", "Basel", "+86138****5678", "m***@example.com"},
        "m***@example.com",
    )
    clear = (
        {"mia", "+8613812345678", "mia@example.com"},
        {"Mia Keller", "Basel", "+8613812345678", "mia@example.com"},
        "mia@example.com",
    )
    await role(api, "reader", "customers:read")
    await role(api, "revealer", "customers:read", "personal:reveal")
    async with program(api, "reader") as reader, program(api, "revealer", purpose="support") as revealer:
        # In turn, so that a profile that is kept encoded for one of them is not shown to the other.
        for _ in range(2):
            assert await seen(reader) == masked
            assert await seen(reader, purpose="I would like to") == masked
            assert await seen(revealer) == clear
            assert await seen(api) == clear
    too_long = await api.http.post("/graphql", json={"query": PROFILE, "extensions": {"purpose": "x" * 201}})
    assert too_long.json()["errors"][0]["extensions"]["field"] == "extensions.purpose"


@pytest.mark.usefixtures("people")
async def test_a_scope_is_all_there_is(
    api: Api, graph: GraphClient, redis: Redis, keyring: Keyring, settings: Settings, tmp_path: Path
) -> None:
    await create_segment(graph, "all")
    members = [
        Person(f"cus_{letter}", (("user_id", name),), {"region": region}, segments=("all",), name=f"{name} keller")
        for letter, name, region in (("a", "mia", "Basel"), ("b", "ben", "Bern"))
    ]
    await write_people(graph, keyring, *members)
    await role(api, "basel", *sorted(Permission), scope=BASEL)
    async with program(api, "basel", purpose="tests") as basel, answering(graph, redis, settings, tmp_path):
        assert (await basel.data(ME))["me"]["scope"] == BASEL

        async def ids(query: str) -> list[str]:
            found = await basel.data(query)
            connection = found.get("customers") or found["segment"]["members"]
            return [edge["node"]["id"] for edge in connection["edges"]]

        for mine, foreign in ((f'id: "{one}"', f'id: "{other}"') for one, other in [("cus_a", "cus_b")]):
            assert (await basel.data(f"{{ customer({mine}) {{ id }} }}"))["customer"] == {"id": "cus_a"}
            assert (await basel.data(f"{{ customer({foreign}) {{ id }} }}"))["customer"] is None
            assert (await basel.data(f"{{ node({foreign}) {{ id }} }}"))["node"] is None
        named = '{ customer(identifier: {namespace: "user_id", value: "ben"}) { id } }'
        assert (await basel.data(named))["customer"] is None
        assert await ids("{ customers { edges { node { id } } } }") == ["cus_a"]
        assert await ids('{ customers(search: "keller") { edges { node { id } } } }') == ["cus_a"]
        assert await ids("{ customers(where: {everyone: true}) { edges { node { id } } } }") == ["cus_a"]
        assert await ids("{ customers(orderBy: {createdAt: true}) { edges { node { id } } } }") == ["cus_a"]
        assert await ids('{ segment(key: "all") { members { edges { node { id } } } } }') == ["cus_a"]
        assert (await basel.data("{ estimate(where: {everyone: true}) { count } }"))["estimate"]["count"] == 1
        assert (await basel.data('{ segment(key: "all") { count } }'))["segment"]["count"] == 1
        assert (await api.data('{ segment(key: "all") { count } }'))["segment"]["count"] == 2
        explain = '{ explain(customer: "cus_b", where: {everyone: true}) { answer } }'
        assert await code(basel, explain) == "NOT_FOUND"
        assert await code(basel, explain.replace("cus_b", "cus_a")) is None
        assert await code(basel, "{ overview { __typename } }") == "FORBIDDEN"
        assert await code(basel, 'mutation { eraseCustomer(id: "cus_a", reason: "r") { __typename } }') == "FORBIDDEN"


@pytest.mark.usefixtures("people")
async def test_updates_keep_to_a_scope(api: Api, graph: GraphClient, redis: Redis) -> None:
    await create_segment(graph)
    await role(api, "basel", *sorted(Permission), scope=BASEL)
    async with program(api, "basel", purpose="tests") as basel:
        await subscribers(api, 0)
        async with by_events(basel, UPDATES, {}) as hear:
            await subscribers(api, 1)
            await publish(graph, redis, "buyers", ["cus_b", "cus_a"])
            assert (await hear())["data"]["segmentUpdates"]["customerId"] == "cus_a"
        listen = 'subscription { customerUpdates(ids: ["cus_b"]) { kind } }'
        async with by_events(basel, listen, {}) as hear:
            assert (await hear())["errors"][0]["extensions"]["code"] == "NOT_FOUND"


@pytest.mark.usefixtures("people")
async def test_labels_go_on_nobody_outside_of_a_scope(api: Api) -> None:
    vip = 'mutation { createTag(input: {key: "vip", name: "VIP", definition: {manual: true}}) { __typename } }'
    assert (await api.data(vip))["createTag"]["__typename"] == "Tag"
    await role(api, "basel", *sorted(Permission), scope=BASEL)
    async with program(api, "basel", purpose="tests") as basel:
        put = """mutation { tagCustomers(key: "vip", ids: ["cus_a", "cus_b"], labels: ["gold"]) { __typename
          ... on LabelledCustomers { unknown } } }"""
        assert (await basel.data(put))["tagCustomers"] == {"__typename": "LabelledCustomers", "unknown": ["cus_b"]}


async def test_a_write_key_sends_under_its_source(api: Api, redis: Redis) -> None:
    create = """mutation { createWriteKey(input: {name: "App", source: "app"}) { __typename
      ... on MadeKey { token key { id source } } } }"""
    made = (await api.data(create))["createWriteKey"]
    assert made["token"].startswith("kwk_")
    body = {"batch": [{"type": "track", "event": "Bought", "userId": "mia", "messageId": "m-1"}]}

    async def status() -> int:
        async with httpx.AsyncClient(base_url=api.url) as http:
            return (await http.post("/v1/batch", json=body, auth=(made["token"], ""))).status_code

    async def accepted() -> bool:
        return await status() == 200

    async def refused() -> bool:
        return await status() == 401

    await until(accepted, within_s=WITHIN_S)
    listed = (await api.data("{ writeKeys { source lastUsedAt } }"))["writeKeys"]
    assert listed[0]["source"] == "app"
    await api.data(REVOKE, {"id": made["key"]["id"]})
    await until(refused, within_s=WITHIN_S)
    taken = create.replace('source: "app"', 'source: "default"')
    assert (await api.data(taken))["createWriteKey"]["__typename"] == "ValidationError"
