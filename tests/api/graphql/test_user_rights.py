"""What people who signed in may see: their roles' scope, and streams no longer than their right to them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from redis.asyncio import Redis

from access.permissions import Permission
from access.users import MadeUser
from base.keys import Keyring
from graph.client import GraphClient
from tests.support import profiles
from tests.support.api import Api, holding
from tests.support.segments import create_segment
from tests.support.subscriptions import by_events, by_socket, subscribers
from tests.support.updates import publish
from tests.support.users import PASSWORD, Person, hash_cheaply, make_user

WITHIN_S = 5.0
UPDATES = "subscription S { segmentUpdates { customerId } }"
CREATE_ROLE = "mutation R($key: String!, $input: RoleInput!) { createRole(key: $key, input: $input) { __typename } }"
BASEL = {"attribute": {"name": "region", "op": "EQ", "values": ["Basel"]}}
ENDS = {
    "disabled": ('disableUser(id: "{0}")', "UNAUTHENTICATED"),
    "reset": ('resetPassword(id: "{0}")', "UNAUTHENTICATED"),
    "sessions ended": ('endSessions(user: "{0}")', "UNAUTHENTICATED"),
    "another role": ('updateUser(id: "{0}", input: {{roles: ["nothing"]}})', "FORBIDDEN"),
}


@pytest.fixture(autouse=True)
def _cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    hash_cheaply(monkeypatch)


async def make_role(api: Api, key: str, *permissions: str, **more: object) -> None:
    made = await api.data(CREATE_ROLE, {"key": key, "input": {"permissions": list(permissions), **more}})
    assert made["createRole"]["__typename"] == "Role", made


async def signed_in(api: Api, made: MadeUser) -> Person:
    person = Person(api.http)
    await person.settle(made.first_password)
    return person


@asynccontextmanager
async def as_seen_by(api: Api, person: Person) -> AsyncIterator[Api]:
    assert person.tokens is not None
    async with holding(api, person.tokens["accessToken"]) as seen:
        yield seen


async def until_updates_come(hear: Any, graph: GraphClient, redis: Redis) -> None:
    """A stream that never began would end in time too."""
    await publish(graph, redis, "buyers", ["cus_a"])
    assert (await hear())["data"]["segmentUpdates"]["customerId"] == "cus_a"


@pytest.mark.parametrize("transport", [by_events, by_socket], ids=["sse", "websocket"])
@pytest.mark.parametrize("how", ENDS)
async def test_streams_end_with_the_right_to_them(
    api: Api, graph: GraphClient, redis: Redis, keyring: Keyring, transport: Any, how: str
) -> None:
    change, code = ENDS[how]
    await make_role(api, "nothing", "tags:read")
    await create_segment(graph)
    made = await make_user(graph, keyring, "integrator")
    person = await signed_in(api, made)
    async with as_seen_by(api, person) as seen, transport(seen, UPDATES, {}) as hear:
        await subscribers(api, 1)
        await until_updates_come(hear, graph, redis)
        await api.data(f"mutation {{ {change.format(made.user.id)} {{ __typename }} }}")
        ended = await asyncio.wait_for(hear(), WITHIN_S)

    assert ended["errors"][0]["extensions"]["code"] == code


@pytest.mark.parametrize("transport", [by_events, by_socket], ids=["sse", "websocket"])
async def test_the_streams_of_one_session_end_with_it_and_those_of_another_go_on(
    api: Api, graph: GraphClient, redis: Redis, keyring: Keyring, transport: Any
) -> None:
    await create_segment(graph)
    person = await signed_in(api, await make_user(graph, keyring, "integrator"))
    other = Person(api.http)
    assert (await other.sign_in(PASSWORD)).status_code == 200
    async with (
        as_seen_by(api, person) as here,
        as_seen_by(api, other) as there,
        transport(here, UPDATES, {}) as hear,
        transport(there, UPDATES, {}) as hear_other,
    ):
        await subscribers(api, 2)
        await until_updates_come(hear, graph, redis)
        assert (await hear_other())["data"]["segmentUpdates"]["customerId"] == "cus_a"
        assert (await person.post("sign-out")).status_code == 200
        ended = await asyncio.wait_for(hear(), WITHIN_S)
        assert ended["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
        await until_updates_come(hear_other, graph, redis)


async def test_whoever_holds_a_role_with_a_scope_sees_its_customers_alone(
    api: Api, graph: GraphClient, redis: Redis, keyring: Keyring
) -> None:
    await create_segment(graph)
    await profiles.write_people(
        graph,
        keyring,
        profiles.Person("cus_a", (("user_id", "mia"),), {"region": "Basel"}, name="mia"),
        profiles.Person("cus_b", (("user_id", "ben"),), {"region": "Bern"}, name="ben"),
    )
    await make_role(api, "basel", *sorted(Permission), scope=BASEL)
    person = await signed_in(api, await make_user(graph, keyring, "basel"))
    both = '{ mine: customer(id: "cus_a") { id } foreign: customer(id: "cus_b") { id } }'

    async with as_seen_by(api, person) as seen:
        assert await seen.data(both) == {"mine": {"id": "cus_a"}, "foreign": None}
        assert (await seen.data("{ customers { edges { node { id } } } }"))["customers"]["edges"] == [
            {"node": {"id": "cus_a"}}
        ]
        async with by_events(seen, UPDATES, {}) as hear:
            await subscribers(api, 1)
            await publish(graph, redis, "buyers", ["cus_b", "cus_a"])
            assert (await hear())["data"]["segmentUpdates"]["customerId"] == "cus_a"
