"""Users by GraphQL: nobody gives what they do not hold, and a first password is shown once."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from redis.asyncio import Redis

from audit.entry import encode
from base.keys import Keyring
from base.settings import Settings
from graph.client import GraphClient
from tests.support.api import Api, running_api
from tests.support.audit import Audit
from tests.support.users import PHONE, Person, hash_cheaply, make_user

CREATE = """mutation ($input: CreateUserInput!) { createUser(input: $input) {
  ... on MadeUser { firstPassword user { id phone name roles status mustChangePassword hasTotp createdBy } }
  ... on ValidationError { field } } }"""
OTHER = {"phone": "+8613900139000", "name": "Han Meimei", "roles": ["operator"]}
CHANGES = [
    'disableUser(id: "{0}")',
    'enableUser(id: "{0}")',
    'resetPassword(id: "{0}")',
    'endSessions(user: "{0}")',
    'updateUser(id: "{0}", input: {{name: "X"}})',
]


@pytest.fixture(autouse=True)
def _cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    hash_cheaply(monkeypatch)


@pytest_asyncio.fixture(loop_scope="session")
async def api(settings: Settings, clean_stores: None) -> AsyncIterator[Api]:
    async with running_api(settings) as running:
        yield running


async def test_a_user_is_made_and_signs_in_with_the_first_password(api: Api) -> None:
    made = (await api.data(CREATE, {"input": OTHER}))["createUser"]

    assert made["user"] == OTHER | {
        "id": made["user"]["id"],
        "status": "ACTIVE",
        "mustChangePassword": True,
        "hasTotp": False,
        "createdBy": "admin",
    }
    listed = await api.data("{ users { id phone } }")
    assert listed == {"users": [{"id": made["user"]["id"], "phone": OTHER["phone"]}]}
    assert (await Person(api.http, OTHER["phone"]).sign_in(made["firstPassword"])).status_code == 200


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"phone": "12"}, "input.phone"),
        ({"name": ""}, "input.name"),
        ({"name": "x" * 101}, "input.name"),
        ({"name": "a\u0000"}, "input.name"),
        ({"roles": []}, "input.roles"),
        ({"roles": ["operator"] * 9}, "input.roles"),
        ({"roles": ["operator", "nobody"]}, "input.roles.1"),
    ],
)
async def test_bad_users_are_refused(api: Api, wrong: dict[str, object], field: str) -> None:
    assert (await api.data(CREATE, {"input": OTHER | wrong}))["createUser"] == {"field": field}


async def test_nobody_gives_or_touches_more_than_they_hold(api: Api, graph: GraphClient, keyring: Keyring) -> None:
    role = 'mutation { createRole(key: "staff", input: {permissions: ["users:read", "users:change"]}) { __typename } }'
    await api.data(role)
    chief = (await make_user(graph, keyring, "administrator")).user
    clerk = Person(api.http, "+8613700137000")
    await clerk.settle((await make_user(graph, keyring, "staff", phone=clerk.phone, name="Clerk")).first_password)

    for change in CHANGES:
        answer = await clerk.ask(f"mutation {{ {change.format(chief.id)} {{ __typename }} }}")
        assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN", change
    given = 'createUser(input: {phone: "+8613900139000", name: "X", roles: ["sales"]})'
    answer = await clerk.ask(f"mutation {{ {given} {{ __typename }} }}")
    assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    given = 'createUser(input: {phone: "+8613900139000", name: "X", roles: ["staff"]})'
    assert "errors" not in await clerk.ask(f"mutation {{ {given} {{ __typename }} }}")


async def test_changes_of_users_take_effect_and_say_who_is_not_there(
    api: Api, graph: GraphClient, keyring: Keyring
) -> None:
    made = await make_user(graph, keyring, "administrator")
    someone = Person(api.http)
    await someone.settle(made.first_password)
    last = await api.data(
        f'mutation {{ disableUser(id: "{made.user.id}") {{ ... on ValidationError {{ field message }} }} }}'
    )
    assert last["disableUser"]["message"] == "This is the last administrator."

    reset = await api.data(
        f'mutation {{ resetPassword(id: "{made.user.id}") {{ ... on MadeUser {{ firstPassword }} }} }}'
    )
    assert (await someone.refresh()).status_code == 401
    assert (await Person(api.http, PHONE).sign_in(reset["resetPassword"]["firstPassword"])).status_code == 200
    for change in CHANGES:
        error = await api.error(f"mutation {{ {change.format('usr_none')} {{ __typename }} }}")
        assert error["extensions"]["code"] == "NOT_FOUND"
    assert (await api.data('{ user(id: "usr_none") { id } }')) == {"user": None}


async def test_a_role_that_a_user_holds_stays(api: Api, graph: GraphClient, keyring: Keyring) -> None:
    await api.data('mutation { createRole(key: "staff", input: {permissions: ["users:read"]}) { __typename } }')
    await make_user(graph, keyring, "staff")

    refused = await api.data('mutation { deleteRole(key: "staff") { ... on ValidationError { field } } }')

    assert refused == {"deleteRole": {"field": "key"}}


async def test_the_log_tells_of_changes_of_users_without_their_secrets(
    api: Api, graph: GraphClient, redis: Redis, keyring: Keyring
) -> None:
    made = (await api.data(CREATE, {"input": OTHER}))["createUser"]
    id_ = made["user"]["id"]
    reset = await api.data(f'mutation {{ resetPassword(id: "{id_}") {{ ... on MadeUser {{ firstPassword }} }} }}')
    await api.data(f'mutation {{ disableUser(id: "{id_}") {{ __typename }} }}')
    audit = Audit(graph, redis, keyring)
    await audit.turns()
    entries = [one.entry for one in await audit.all() if one.entry.module == "access"]

    told = [(one.action, one.user, one.object) for one in entries]
    changes = [("createUser", "admin", None), ("resetPassword", "admin", id_), ("disableUser", "admin", id_)]
    assert told == changes
    written = b"".join(map(encode, entries)).decode()
    secrets = (made["firstPassword"], reset["resetPassword"]["firstPassword"], OTHER["phone"], OTHER["name"])
    assert not [value for value in secrets if value in written]
