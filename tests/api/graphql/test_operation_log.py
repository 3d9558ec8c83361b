"""Who did what through the API: every change with its outcome, every look at a person, and no value of anybody."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from graphql import (
    GraphQLArgument,
    GraphQLInputField,
    GraphQLSchema,
    build_schema,
    get_named_type,
    is_enum_type,
    is_input_object_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
    is_required_argument,
    is_required_input_field,
)
from redis.asyncio import Redis

from audit.entry import Entry, Outcome, encode
from audit.stream import AuditStream
from base.errors import Unavailable
from base.keys import Keyring
from graph.client import GraphClient
from graph.repositories.audit import AuditNotes
from schema.build import build_schema as build_ours
from schema.execution.auditing import audit_changes
from tests.support.api import Api
from tests.support.audit import Audit, entry
from tests.support.line import Line
from tests.support.sightings import sighting
from tests.support.subscriptions import by_socket

LOG = """query Log($first: Int, $after: String, $search: String, $action: String, $user: String, $module: String,
  $outcome: OperationOutcome, $from: DateTime, $to: DateTime) {
  operationLog(first: $first, after: $after, search: $search, action: $action, user: $user, module: $module,
    outcome: $outcome, from: $from, to: $to) {
    edges { node { number at module action object user userName roles ip requestId outcome code dryRun purpose
      customerIds customerCount fields hash } }
    pageInfo { hasNextPage endCursor } } }"""
# Everywhere where a client writes a text, and nowhere in the log.
SEED = "seed.value@example.org"
CORE: GraphQLSchema = build_ours()._schema
assert CORE.mutation_type is not None
MUTATIONS = CORE.mutation_type.fields


@pytest.fixture
def audit(graph: GraphClient, redis: Redis, keyring: Keyring) -> Audit:
    return Audit(graph, redis, keyring)


@pytest.fixture
def line(graph: GraphClient, redis: Redis, keyring: Keyring) -> Line:
    return Line.of(graph, redis, keyring)


async def entries(audit: Audit) -> list[Entry]:
    """All entries, the oldest first, after the writer's turn."""
    await audit.writer.turn()
    return [one.entry for one in await audit.all()]


async def only(audit: Audit) -> Entry:
    (one,) = await entries(audit)
    return one


async def mia(line: Line) -> str:
    await line.apply(sighting(1, kind="track", member="mia"), sighting(2, member="mia", email=SEED))
    return str(await line.customer("user_id", "mia"))


def literal(type_: Any) -> str:
    """A value of a type, as short as it may be, with the seed for every text."""
    if is_non_null_type(type_):
        return literal(type_.of_type)
    if is_list_type(type_):
        return f"[{literal(type_.of_type)}]"
    if is_enum_type(type_):
        return next(iter(type_.values))
    if is_leaf_type(type_):
        known = {"Int": "1", "Float": "1", "Boolean": "false", "DateTime": '"2026-01-01T00:00:00Z"'}
        return known.get(type_.name, f'"{SEED}"')
    assert is_input_object_type(type_)
    fields: dict[str, GraphQLInputField] = dict(type_.fields)
    chosen = [name for name, field in fields.items() if is_required_input_field(field)]
    # Of what takes one of many: one without an end, not the first, which is a list of the same.
    chosen = chosen or [name for name in ("segment", "manual") if name in fields] or list(fields)[:1]
    return "{" + ", ".join(f"{name}: {literal(fields[name].type)}" for name in chosen) + "}"


def called(name: str) -> str:
    arguments: dict[str, GraphQLArgument] = MUTATIONS[name].args
    given = ", ".join(f"{key}: {literal(one.type)}" for key, one in arguments.items() if is_required_argument(one))
    below = "" if is_leaf_type(get_named_type(MUTATIONS[name].type)) else " { __typename }"
    return f"mutation {{ {name}({given}){below} }}"


@pytest.mark.parametrize("name", MUTATIONS)
async def test_every_mutation_gives_one_entry_without_a_text_of_the_client(api: Api, audit: Audit, name: str) -> None:
    answer = await api.ask(called(name), **{"x-request-id": "r-1"})
    done = await only(audit)

    assert done.action == name
    assert done.module in {"segment", "tag", "identity", "registry", "access", "privacy"}
    assert (done.user, done.ip, done.request_id) == ("admin", "127.0.0.1", "r-1")
    assert SEED not in encode(done).decode()
    if "errors" in answer:
        assert (done.outcome, done.code) != (Outcome.OK, None)
        assert done.code == answer["errors"][0]["extensions"]["code"]
    else:
        refused = answer["data"][name]["__typename"] == "ValidationError"
        assert done.outcome is (Outcome.REFUSED if refused else Outcome.OK)


def test_a_mutation_without_a_name_in_the_log_stops_the_start() -> None:
    schema = build_schema("type Query { a: Int } type Mutation { forgotten: Int }")

    with pytest.raises(LookupError, match="forgotten"):
        audit_changes(schema)


async def test_each_field_of_a_mutation_is_an_entry(api: Api, audit: Audit) -> None:
    await api.ask('mutation { one: deleteTag(key: "a") { __typename } two: pauseTag(key: "b") { __typename } }')

    # The first one ends the operation.
    assert [(one.action, one.object) for one in await entries(audit)] == [("deleteTag", "a")]


async def test_a_change_names_what_it_is_about(api: Api, audit: Audit, line: Line) -> None:
    customer = await mia(line)
    uid = line.uid("email", SEED)
    await api.data('mutation { createTag(input: {key: "vip", name: "V", definition: {manual: true}}) { __typename } }')
    await api.data(
        'mutation ($id: ID!) { tagCustomers(key: "vip", ids: [$id], labels: ["seen"]) { __typename } }',
        {"id": customer},
    )
    await api.data(
        'mutation ($value: String!) { blockIdentifier(identifier: {namespace: "email", value: $value}, reason: '
        '"wrong", dryRun: true) { __typename } }',
        {"value": SEED},
    )
    await api.data('mutation ($id: ID!) { eraseCustomer(id: $id, reason: "asked") { __typename } }', {"id": customer})

    told = [(one.action, one.object, one.customers, one.dry_run, one.outcome) for one in await entries(audit)]
    assert told == [
        ("createTag", "vip", (), False, Outcome.OK),
        ("tagCustomers", "vip", (customer,), False, Outcome.OK),
        ("blockIdentifier", uid, (), True, Outcome.OK),
        ("eraseCustomer", customer, (), False, Outcome.OK),
    ]


async def test_nothing_is_changed_without_a_note(
    api: Api, audit: Audit, monkeypatch: pytest.MonkeyPatch, graph: GraphClient
) -> None:
    async def away(*_: Any) -> None:
        raise Unavailable("The graph database cannot be reached now.")

    with monkeypatch.context() as patch:
        patch.setattr(AuditNotes, "begin", away)
        error = await api.error(
            'mutation { createTag(input: {key: "vip", name: "V", definition: {manual: true}}) { __typename } }'
        )

    assert error["extensions"]["code"] == "UNAVAILABLE"
    assert (await api.data('{ tag(key: "vip") { key } }'))["tag"] is None
    assert await entries(audit) == []


READS = {
    "by id": ("query ($id: ID!) { customer(id: $id) { id attributes { name value } } }", "customer", 1),
    "twice": ("query ($id: ID!) { a: customer(id: $id) { id } b: customer(id: $id) { createdAt } }", "customer", 1),
    "by identifier": (
        '{ customer(identifier: {namespace: "user_id", value: "mia"}) { identifiers { value } } }',
        "customer",
        1,
    ),
    "nobody": ('{ customer(id: "cus_nobody") { id } }', "customer", 0),
    "node": ("query ($id: ID!) { node(id: $id) { ... on Customer { tags { value } } } }", "node", 1),
    "list": ("{ customers { edges { node { id } } } }", "customers", 1),
    "fields with resolvers": (
        "query ($id: ID!) { customer(id: $id) { decisions { edges { node { kind } } } } }",
        "customer",
        1,
    ),
    "a fragment": ("query ($id: ID!) { customer(id: $id) { ...F } } fragment F on Customer { id }", "customer", 1),
    "a directive": ("query ($id: ID!) { customer(id: $id) { id @include(if: true) } }", "customer", 1),
    "explain": (
        'query ($id: ID!) { explain(customer: $id, where: {event: {name: "Seen"}}) { answer } }',
        "explain",
        1,
    ),
    "two fields": (
        "query ($id: ID!) { customer(id: $id) { id } customers { edges { node { id } } } tags { edges { cursor } } }",
        "customer,customers",
        1,
    ),
}


@pytest.mark.parametrize("name", READS)
async def test_every_look_at_people_gives_one_entry(api: Api, audit: Audit, line: Line, name: str) -> None:
    customer = await mia(line)
    query, action, count = READS[name]
    given = {"id": customer} if "$id" in query else {}
    await api.data(query, given)

    done = await only(audit)
    assert (done.module, done.action, done.outcome) == ("customer", action, Outcome.OK)
    assert done.customers == ((customer,) if count else ())
    assert done.customer_count == count
    assert SEED not in encode(done).decode()


async def test_what_is_shown_is_named(api: Api, audit: Audit, line: Line) -> None:
    customer = await mia(line)
    await api.data(
        "query ($id: ID!) { customer(id: $id) { id identifiers { value } events { edges { node { name } } } } }",
        {"id": customer},
    )

    assert (await only(audit)).fields == ("Customer.events", "Customer.identifiers")


@pytest.mark.parametrize("query", ["{ tags { edges { cursor } } }", "{ __typename }", "{ overview { days } }"])
async def test_what_tells_of_nobody_is_not_logged(api: Api, audit: Audit, query: str) -> None:
    await api.ask(query)

    assert await entries(audit) == []


async def test_a_profile_from_memory_is_logged_too(api: Api, audit: Audit, line: Line) -> None:
    customer = await mia(line)
    for _ in range(3):
        await api.data("query ($id: ID!) { customer(id: $id) { id } }", {"id": customer})

    assert [one.customers for one in await entries(audit)] == [(customer,)] * 3


async def test_a_long_list_names_some_and_counts_all(api: Api, audit: Audit, line: Line) -> None:
    await line.apply(*(sighting(n, kind="track", member=f"m{n}") for n in range(30)))
    await api.data("{ customers(first: 30) { edges { node { id } } } }")

    done = await only(audit)
    assert (len(done.customers), done.customer_count) == (20, 30)


async def test_nobody_is_shown_who_cannot_be_logged(
    api: Api, line: Line, audit: Audit, monkeypatch: pytest.MonkeyPatch
) -> None:
    customer = await mia(line)

    async def away(*_: Any) -> None:
        raise ConnectionRefusedError

    with monkeypatch.context() as patch:
        patch.setattr(AuditStream, "_append", away)
        answer = await api.ask("query ($id: ID!) { customer(id: $id) { id } }", {"id": customer})

    assert answer["data"] is None
    assert answer["errors"][0]["extensions"]["code"] == "UNAVAILABLE"


async def test_a_stream_is_logged_by_what_it_shows(api: Api, audit: Audit, line: Line) -> None:
    customer = await mia(line)
    query = 'subscription ($ids: [ID!]!) { customerUpdates(ids: $ids, after: "0") { kind customerId customer { id } } }'
    other = str(await line.customer("user_id", "mia"))
    await line.apply(sighting(3, kind="track", member="zoe"))
    zoe = str(await line.customer("user_id", "zoe"))
    await api.data(
        'mutation ($a: ID!, $b: ID!) { mergeCustomers(a: $a, b: $b, reason: "same") { __typename } }',
        {"a": customer, "b": zoe},
    )
    async with by_socket(api, query, {"ids": [customer, zoe]}) as updates:
        await updates()

    reads = [one for one in await entries(audit) if one.action == "customerUpdates"]
    assert reads
    assert reads[0].customer_count == 1
    assert other in {customer, zoe}


async def _log(api: Api, **asked: Any) -> list[dict[str, Any]]:
    page = (await api.data(LOG, asked))["operationLog"]
    return [edge["node"] for edge in page["edges"]]


async def test_the_log_is_found_by_what_it_says(api: Api, audit: Audit) -> None:
    made = [
        entry("createSegment", module="segment", object="Loyal-Cats", at_ms=1_000, user="u1", user_name="Ann"),
        entry("customer", at_ms=2_000, user="u2", user_name="Béa", customers=("cus_1",), customer_count=1),
        entry("createTag", module="tag", object="dogs", at_ms=3_000, outcome=Outcome.REFUSED, code="FORBIDDEN"),
    ]
    for one in made:
        await audit.log.write(one)
    await audit.writer.turn()

    found = {
        "cats": {"search": "loyal-c"},
        "name": {"search": "BÉA"},
        "customer": {"search": "cus_1"},
        "module": {"module": "tag"},
        "action": {"action": "customer"},
        "user": {"user": "u2"},
        "outcome": {"outcome": "REFUSED"},
        "time": {"from": "1970-01-01T00:00:02Z", "to": "1970-01-01T00:00:03Z"},
        "nothing": {"search": "birds"},
    }
    told = {name: [one["number"] for one in await _log(api, **asked)] for name, asked in found.items()}
    assert told == {
        "cats": [1],
        "name": [2],
        "customer": [2],
        "module": [3],
        "action": [2],
        "user": [2],
        "outcome": [3],
        "time": [2],
        "nothing": [],
    }


async def test_pages_are_newest_first_and_each_entry_is_on_one(api: Api, audit: Audit) -> None:
    for n in range(1_205):
        # One in three is what is looked for.
        await audit.log.write(entry(f"a{n % 3}", at_ms=n))
        if n % 100 == 0:
            await audit.turns()
    await audit.turns()
    numbers: list[int] = []
    after = None
    while True:
        page = (await api.data(LOG, {"first": 100, "after": after, "action": "a0"}))["operationLog"]
        numbers += [edge["node"]["number"] for edge in page["edges"]]
        if not page["pageInfo"]["hasNextPage"]:
            break
        after = page["pageInfo"]["endCursor"]

    assert numbers == [n + 1 for n in range(1_204, -1, -1) if n % 3 == 0]


@pytest.mark.parametrize("limit", ["MAX_PASSED", "MAX_OPENED"])
async def test_a_page_looks_at_so_much_and_says_that_more_may_follow(
    api: Api, audit: Audit, monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    monkeypatch.setattr("audit.writer.BLOCK_ENTRIES", 5)
    monkeypatch.setattr("audit.search.BLOCK_ENTRIES", 5)
    monkeypatch.setattr("audit.search.PAGE_BLOCKS", 2)
    monkeypatch.setattr(f"audit.search.{limit}", {"MAX_PASSED": 12, "MAX_OPENED": 4}[limit])
    await audit.log.write(entry("wanted", object="first"))
    for n in range(60):
        await audit.log.write(entry(f"a{n}"))
    await audit.writer.turn()
    numbers: list[int] = []
    after, pages = None, 0
    while True:
        page = (await api.data(LOG, {"after": after, "search": "first"}))["operationLog"]
        numbers += [edge["node"]["number"] for edge in page["edges"]]
        pages += 1
        if not page["pageInfo"]["hasNextPage"]:
            break
        after = page["pageInfo"]["endCursor"]

    assert numbers == [1]
    assert pages > 2


@pytest.mark.parametrize(
    "asked",
    [
        {"search": ""},
        {"search": "x" * 101},
        {"first": 0},
        {"first": 101},
        {"after": "x"},
        {"from": "2026-01-02T00:00:00Z", "to": "2026-01-01T00:00:00Z"},
    ],
)
async def test_what_nobody_can_mean_is_refused(api: Api, asked: dict[str, Any]) -> None:
    error = await api.error(LOG, asked)

    assert error["extensions"]["code"] == "BAD_USER_INPUT"


async def test_whoever_looks_at_the_log_is_in_it(api: Api, audit: Audit) -> None:
    await api.data(LOG)

    done = await only(audit)
    assert (done.module, done.action) == ("audit", "operationLog")


async def test_a_wrong_token_reads_nothing(api: Api) -> None:
    async with httpx.AsyncClient(base_url=api.url) as client:
        reply = await client.post("/graphql", json={"query": LOG}, headers={"authorization": "Bearer no"})

    assert reply.status_code == 401
