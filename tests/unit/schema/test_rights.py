"""What operations need, who may run them, and streams that end with the right to them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from types import SimpleNamespace
from typing import Any, cast

import msgspec
import pytest
import strawberry
from graphql import GraphQLObjectType, GraphQLSchema, get_named_type, is_leaf_type

from access.gate import Caller, Gate
from access.permissions import ALL, BUILT_IN_ROLES, Permission
from access.principal import ADMIN_TOKEN, Principal, PrincipalKind
from base.errors import ConfigurationFault, ErrorCode, KithError, Unavailable
from resolvers.context import Services
from schema import declare
from schema.build import build_schema
from schema.execution import watched as watching
from schema.execution.engine import Engine, Operation, Refused
from schema.execution.request import GraphQLRequest
from schema.execution.rights import rights_of
from schema.execution.watched import watched


@strawberry.type
class SilentRoot:
    open: str = ""


@strawberry.type
class SilentThing:
    name: str


@strawberry.type
class RootOfSilentThing:
    @declare.field(Permission.CUSTOMERS_READ)
    def thing(self) -> SilentThing:
        return SilentThing(name="")


@strawberry.type
@declare.needs(declare.ANYONE)
class Base:
    name: str


@strawberry.type
class Below(Base):
    secret: str


@strawberry.type
class RootOfBelow:
    @declare.field(Permission.CUSTOMERS_READ)
    def below(self) -> Below:
        return Below(name="", secret="")


class Few:
    """A directory of a few tokens."""

    def __init__(self, **principals: Principal):
        self.principals: dict[str, Principal | Exception] = dict(principals)

    async def find(self, token: str) -> Principal | None:
        found = self.principals.get(token)
        if isinstance(found, Exception):
            raise found
        return found


def somebody(*permissions: Permission) -> Principal:
    return Principal(kind=PrincipalKind.USER, id="usr_1", name="Mia", permissions=frozenset(permissions))


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine(build_schema(), cast("Services", None), open_schema=False)


def prepared(engine: Engine, query: str, principal: Principal) -> Operation:
    caller = Caller(Gate("secret", Few()), principal, None)
    return engine.prepare(GraphQLRequest(query), "request", caller)


def refusal(engine: Engine, query: str, principal: Principal) -> dict[str, Any]:
    with pytest.raises(Refused) as raised:
        prepared(engine, query, principal)
    (error,) = raised.value.answer.body["errors"]
    return cast("dict[str, Any]", error)


def test_what_is_hidden_in_fragments_and_under_aliases_is_needed_all_the_same(engine: Engine) -> None:
    query = """
      query { a: segment(key: "x") { ...S } }
      fragment S on Segment { k: key ... on Segment { who: members { edges { node { id } } } } }
    """
    error = refusal(engine, query, somebody(Permission.SEGMENTS_READ))
    assert error["extensions"]["code"] == "FORBIDDEN"
    assert error["message"] == "`segment.members.edges` needs the permission customers:read."
    assert prepared(engine, query, somebody(Permission.SEGMENTS_READ, Permission.CUSTOMERS_READ))


def test_a_type_of_an_interface_needs_what_the_type_does(engine: Engine) -> None:
    query = 'query { node(id: "x") { id ... on Customer { createdAt } } }'
    assert "customers:read" in refusal(engine, query, somebody())["message"]
    assert prepared(engine, 'query { node(id: "x") { id __typename } }', somebody())


def test_what_a_directive_may_leave_out_is_needed(engine: Engine) -> None:
    query = 'query ($no: Boolean!) { segment(key: "x") { key } tag(key: "y") @include(if: $no) { key } }'
    assert "tags:read" in refusal(engine, query, somebody(Permission.SEGMENTS_READ))["message"]


def test_only_the_operation_that_runs_is_looked_at(engine: Engine) -> None:
    query = 'query A { segment(key: "x") { key } } query B { tag(key: "y") { key } }'
    caller = Caller(Gate("secret", Few()), somebody(Permission.SEGMENTS_READ), None)
    assert engine.prepare(GraphQLRequest(query, operationName="A"), "request", caller)
    with pytest.raises(Refused):
        engine.prepare(GraphQLRequest(query, operationName="B"), "request", caller)


def test_a_field_of_a_root_that_says_nothing_stops_the_start() -> None:
    with pytest.raises(LookupError, match=r"SilentRoot\.open"):
        rights_of(strawberry.Schema(SilentRoot))


def test_a_type_that_says_nothing_stops_the_start() -> None:
    with pytest.raises(LookupError, match="SilentThing"):
        rights_of(strawberry.Schema(RootOfSilentThing))


def test_a_type_does_not_inherit_what_it_needs() -> None:
    with pytest.raises(LookupError, match="Below"):
        rights_of(strawberry.Schema(RootOfBelow))


def _operations() -> list[tuple[str, str]]:
    """(type.field, a document that asks for nothing but the field) of all roots."""
    schema: GraphQLSchema = build_schema()._schema
    found = []
    for kind in ("query", "mutation", "subscription"):
        root = cast("GraphQLObjectType", schema.type_map[kind.capitalize()])
        for name, field in root.fields.items():
            variables = " ".join(f"${arg}: {given.type}" for arg, given in field.args.items())
            arguments = " ".join(f"{arg}: ${arg}" for arg in field.args)
            below = "" if is_leaf_type(get_named_type(field.type)) else " { __typename }"
            declared, passed = (f" ({variables})", f"({arguments})") if field.args else ("", "")
            found.append((f"{root.name}.{name}", f"{kind}{declared} {{ {name}{passed}{below} }}"))
    return found


@pytest.mark.parametrize("role", sorted(BUILT_IN_ROLES))
def test_each_role_may_ask_for_exactly_what_its_permissions_open(engine: Engine, role: str) -> None:
    rights = rights_of(build_schema()).needs
    held = BUILT_IN_ROLES[role]
    for name, document in _operations():
        type_, _, field = name.partition(".")
        needed = rights[type_, field]
        if needed is None or needed in held:
            assert prepared(engine, document, somebody(*held))
        else:
            error = refusal(engine, document, somebody(*held))
            assert error["extensions"]["code"] == "FORBIDDEN", name
            assert needed in error["message"]


@pytest.mark.parametrize(
    "query",
    [
        'query { tag(key: "x") { count } }',
        'query { segment(key: "x") { sizeOverTime(from: "2026-01-01T00:00:00Z") { __typename } } }',
        "query { overview { days: __typename } }",
        'mutation { eraseCustomer(id: "cus_1", reason: "asked") { __typename } }',
    ],
)
def test_nobody_bound_to_a_scope_is_told_of_everybody(engine: Engine, query: str) -> None:
    free = somebody(*ALL)
    bound = msgspec.structs.replace(free, scope={"attribute": {"name": "region", "op": "EQ", "values": ["Basel"]}})
    assert prepared(engine, query, free)
    error = refusal(engine, query, bound)
    assert error["extensions"]["code"] == "FORBIDDEN"
    assert "scope" in error["message"]


def test_what_keeps_to_a_scope_is_open_to_whoever_is_bound_to_it(engine: Engine) -> None:
    bound = msgspec.structs.replace(somebody(*ALL), scope={"everyone": True})
    query = 'query { customer(id: "x") { id } segment(key: "x") { count members { edges { node { id } } } } }'
    assert prepared(engine, query, bound)


async def test_a_gate_without_a_token_does_not_open() -> None:
    with pytest.raises(ConfigurationFault):
        Gate("", Few())


@pytest.mark.parametrize(
    "given", [None, b"Bearer secret", 7, "", "secret", "Basic secret", "Bearer", "Bearer ", "Bearer wrong", "Bearer é"]
)
async def test_anything_but_a_known_token_is_refused(given: object) -> None:
    with pytest.raises(KithError) as raised:
        await Gate("secret", Few()).principal(given)
    assert raised.value.code is ErrorCode.UNAUTHENTICATED


async def test_tokens_are_told_apart() -> None:
    mia = somebody(Permission.CUSTOMERS_READ)
    gate = Gate("secret", Few(t1=mia))
    assert await gate.principal("bearer  secret") is ADMIN_TOKEN
    assert await gate.principal("Bearer t1") is mia
    assert ADMIN_TOKEN.permissions == ALL


async def _ticking() -> AsyncGenerator[int, None]:
    number = 0
    while True:
        number += 1
        yield number
        await asyncio.sleep(0.01)


async def _silent(closed: list[bool]) -> AsyncGenerator[int, None]:
    try:
        await asyncio.sleep(60)
        yield 1
    finally:
        closed.append(True)


async def _exhaust(stream: AsyncGenerator[int, None]) -> None:
    async for _ in stream:
        pass


UPDATES = "subscription { segmentUpdates { cursor } }"


async def subscribed(engine: Engine, directory: Few) -> Operation:
    caller = await Gate("secret", directory).caller("Bearer t1")
    return engine.prepare(GraphQLRequest(UPDATES), "request", caller)


@pytest.mark.parametrize("after", [None, somebody(Permission.CUSTOMERS_READ)], ids=["gone", "without the right"])
@pytest.mark.parametrize("silent", [True, False])
async def test_a_stream_ends_with_the_right_to_it(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, after: Principal | None, silent: bool
) -> None:
    monkeypatch.setattr(watching, "LOOK_AGAIN_S", 0.05)
    directory, closed = Few(t1=somebody(Permission.UPDATES_SUBSCRIBE)), list[bool]()
    stream = watched(
        _silent(closed) if silent else _ticking(), await subscribed(engine, directory), SimpleNamespace(principal=None)
    )
    asyncio.get_running_loop().call_later(
        0.12, lambda: directory.principals.update(t1=after) if after else directory.principals.clear()
    )
    with pytest.raises(KithError) as raised:
        await asyncio.wait_for(_exhaust(stream), 5)
    assert raised.value.code is (ErrorCode.FORBIDDEN if after else ErrorCode.UNAUTHENTICATED)
    assert closed == [True] * silent


async def test_a_stream_goes_on_while_nobody_can_be_looked_up(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "LOOK_AGAIN_S", 0.02)
    directory = Few(t1=somebody(Permission.UPDATES_SUBSCRIBE))
    operation = await subscribed(engine, directory)
    directory.principals["t1"] = Unavailable("Neo4j cannot be reached.")
    context = SimpleNamespace(principal=None)
    stream = watched(_ticking(), operation, context)
    assert [await anext(stream) for _ in range(10)] == list(range(1, 11))
    await stream.aclose()
