"""Every field of a root × role × scope, and every route, over a running server. A new field is covered by itself."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, cast

import httpx
import msgspec
import pytest
import pytest_asyncio
from graphql import GraphQLObjectType, get_named_type, is_leaf_type

from access.permissions import BUILT_IN_ROLES, Permission
from base.keys import Keyring
from base.settings import Settings
from graph.client import GraphClient
from schema.build import build_schema
from schema.execution.rights import SchemaRights, rights_of
from tests.api.graphql.test_customers import ann
from tests.support.api import Api
from tests.support.principals import FixedDirectory, api_of, person
from tests.support.profiles import write_people

SCOPES: Mapping[str, Mapping[str, Any] | None] = {
    "none": None,
    "in": {"everyone": True},
    "out": {"attribute": {"name": "region", "op": "EQ", "values": ["nowhere"]}},
}
SCHEMA = build_schema()
RIGHTS: SchemaRights = rights_of(SCHEMA)
AT_ONCE = 8
STREAM_S = 0.3


def operations() -> Sequence[tuple[str, str, str]]:
    """(type, field, a document that asks for nothing but the field)."""
    found = []
    for root in ("Query", "Mutation", "Subscription"):
        for name, field in cast("GraphQLObjectType", SCHEMA._schema.type_map[root]).fields.items():
            variables = " ".join(f"${arg}: {given.type}" for arg, given in field.args.items())
            arguments = " ".join(f"{arg}: ${arg}" for arg in field.args)
            below = "" if is_leaf_type(get_named_type(field.type)) else " { __typename }"
            declared, passed = (f" ({variables})", f"({arguments})") if field.args else ("", "")
            found.append((root, name, f"{root.lower()}{declared} {{ {name}{passed}{below} }}"))
    return found


def is_allowed(type_: str, field: str, role: str, scope: str) -> bool:
    """What the table of docs/security.md says."""
    needed = RIGHTS.needs[type_, field]
    if needed is not None and needed not in BUILT_IN_ROLES[role]:
        return False
    return scope == "none" or (type_, field) not in RIGHTS.everybody


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def people(settings: Settings, graph: GraphClient) -> AsyncIterator[Mapping[str, Api]]:
    everybody = [
        msgspec.structs.replace(person(f"{role}-{name}", role, permissions=held), scope=scope)
        for role, held in BUILT_IN_ROLES.items()
        for name, scope in SCOPES.items()
    ]
    async with api_of(settings, FixedDirectory(*everybody)) as found:
        yield found


async def codes_of(api: Api, root: str, document: str) -> set[str]:
    """Codes of the errors of an operation; a stream is heard for a moment."""
    if root != "Subscription":
        return _codes(await api.ask(document))
    heard = b""
    headers = {"accept": "text/event-stream"}
    async with api.http.stream("POST", "/graphql", json={"query": document}, headers=headers) as reply:
        try:
            async with asyncio.timeout(STREAM_S):
                async for part in reply.aiter_bytes():
                    heard += part
        except TimeoutError:
            pass
    return {"FORBIDDEN"} if b"FORBIDDEN" in heard else set()


def _codes(answer: Mapping[str, Any]) -> set[str]:
    return {error["extensions"]["code"] for error in answer.get("errors", [])}


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("role", BUILT_IN_ROLES)
async def test_each_field_is_open_to_whom_the_table_says(people: Mapping[str, Api], role: str, scope: str) -> None:
    slots = asyncio.Semaphore(AT_ONCE)

    async def ask(root: str, document: str) -> set[str]:
        async with slots:
            return await codes_of(people[f"{role}-{scope}"], root, document)

    asked = operations()
    answers = await asyncio.gather(*(ask(root, document) for root, _, document in asked))
    wrong = [
        f"{root}.{field}: {sorted(codes)}"
        for (root, field, _), codes in zip(asked, answers, strict=True)
        if ("FORBIDDEN" not in codes) is not is_allowed(root, field, role, scope)
    ]
    assert not wrong


ONE = "query O($id: ID!) { customer(id: $id) { id } node(id: $id) { id } }"
ALL_OF_THEM = "{ customers { edges { node { id } } } }"


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("role", BUILT_IN_ROLES)
async def test_a_customer_is_seen_by_those_who_may_and_whose_scope_they_are_in(
    people: Mapping[str, Api], graph: GraphClient, keyring: Keyring, role: str, scope: str
) -> None:
    mia = ann()
    await write_people(graph, keyring, mia)
    api = people[f"{role}-{scope}"]
    one = await api.ask(ONE, {"id": mia.id})
    listed = await api.ask(ALL_OF_THEM)
    if Permission.CUSTOMERS_READ not in BUILT_IN_ROLES[role]:
        assert _codes(one) == _codes(listed) == {"FORBIDDEN"}
        walked = await api.ask("query N($id: ID!) { node(id: $id) { id } }", {"id": mia.id})
        assert _codes(walked) == {"FORBIDDEN"}
    elif scope == "out":
        assert one["data"] == {"customer": None, "node": None}
        assert listed["data"]["customers"]["edges"] == []
    else:
        assert one["data"] == {"customer": {"id": mia.id}, "node": {"id": mia.id}}
        assert [edge["node"]["id"] for edge in listed["data"]["customers"]["edges"]] == [mia.id]


async def test_routes_without_or_with_a_wrong_token(people: Mapping[str, Api]) -> None:
    async with httpx.AsyncClient(base_url=people["token"].url) as http:
        for headers in ({}, {"authorization": "Bearer wrong"}, {"authorization": "Basic dG9rZW4="}):
            answer = (await http.post("/graphql", json={"query": "{ me { id } }"}, headers=headers)).json()
            assert _codes(answer) == {"UNAUTHENTICATED"}
            assert (
                await http.post("/v1/track", json={"userId": "u", "event": "Bought"}, headers=headers)
            ).status_code == 401
            for path in ("/healthz", "/readyz", "/metrics"):
                assert (await http.get(path, headers=headers)).status_code == 200
