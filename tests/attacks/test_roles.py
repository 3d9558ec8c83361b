"""Somebody with a valid key tries what the role does not give, over the API as it runs."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio

from access.bucket import BURST_S
from access.permissions import BUILT_IN_ROLES
from access.principal import Principal, PrincipalKind
from base.settings import Settings
from graph.client import GraphClient
from tests.support.api import Api, running_api
from tests.support.segments import create_many_customers, create_segment

AUDITOR_PER_S = 2


class Directory:
    """Whose token is the name of a role holds it."""

    async def find(self, token: str) -> Principal | None:
        permissions = BUILT_IN_ROLES.get(token)
        if permissions is None:
            return None
        return Principal(kind=PrincipalKind.USER, id=token, name=token, roles=(token,), permissions=permissions)


@pytest_asyncio.fixture
async def api(settings: Settings, graph: GraphClient) -> AsyncIterator[Api]:
    limits = {"rate_limits": f"auditor={AUDITOR_PER_S}", "cost_limits": "sales=50", "mode": "production"}
    async with running_api(settings, Directory(), **limits) as running:
        yield running


async def ask(api: Api, role: str, query: str, **variables: object) -> httpx.Response:
    async with httpx.AsyncClient(base_url=api.url) as http:
        headers = {"authorization": f"Bearer {role}"}
        return await http.post("/graphql", json={"query": query, "variables": variables}, headers=headers)


async def test_ids_that_somebody_learned_open_nothing(api: Api, graph: GraphClient) -> None:
    await create_many_customers(graph, 2)
    await create_segment(graph, "buyers")
    seen = await api.data("{customers(first: 2) {edges {node {id}}} segments(first: 1) {edges {node {id}}}}")
    customers = [edge["node"]["id"] for edge in seen["customers"]["edges"]]
    segment = seen["segments"]["edges"][0]["node"]["id"]
    node = "query Q($id: ID!) {node(id: $id) {id}}"

    for id_ in customers:
        assert (await ask(api, "sales", node, id=id_)).json() == {"data": {"node": {"id": id_}}}
        refused = (await ask(api, "auditor", node, id=id_)).json()
        assert refused["errors"][0]["extensions"]["code"] == "FORBIDDEN"
        assert (refused.get("data") or {"node": None}) == {"node": None}
    assert (await ask(api, "auditor", node, id=segment)).json() == {"data": {"node": {"id": segment}}}
    # Whether there is somebody must not be told either.
    nobody = (await ask(api, "auditor", node, id=customers[0][:-1] + "0")).json()
    assert nobody["errors"][0]["extensions"]["code"] == "FORBIDDEN"


async def test_each_role_has_its_own_bucket(api: Api) -> None:
    # As much as a full bucket holds: it takes ten seconds to fill again.
    everything = f"{{segments(first: {AUDITOR_PER_S * BURST_S}) {{edges {{cursor}}}}}}"

    assert (await ask(api, "auditor", everything)).status_code == 200
    assert (await ask(api, "auditor", everything)).status_code == 429
    assert (await ask(api, "sales", everything)).status_code == 200
    assert (await api.http.post("/graphql", json={"query": everything})).status_code == 200


async def test_each_role_has_its_own_limit_of_cost(api: Api) -> None:
    query = "{customers(first: 60) {edges {cursor}}}"
    refused = (await ask(api, "sales", query)).json()["errors"][0]

    assert "60 objects; the limit of the role sales is 50" in refused["message"]
    assert "data" in (await ask(api, "operator", query)).json()


@pytest.mark.parametrize("token", ["Administrator", "administrator ,sales", "admin"])
async def test_the_name_of_a_role_is_no_key_by_itself(api: Api, token: str) -> None:
    assert (await ask(api, token, "{__typename}")).status_code == 401
