"""GraphQL as an attacker sees it, in production. What one document may ask for at all is tested in
tests/api/graphql/test_abuse.py (depth, aliases, fragments, cycles, directives, introspection, suggestions), who may ask
for which field in tests/unit/schema/test_rights.py, and hostile statements in tests/unit/analytics/test_sql_hostile.py.
"""

from __future__ import annotations

import json
import time

import httpx
import pytest

from tests.support.api import Api

SEGMENT = (
    'mutation M($key: String!) {createSegment(input: {key: $key, name: "n", rule: {everyone: true}}) {__typename}}'
)
# The same answer to all, within what the machine's noise allows.
SLOW_S = 1.0


async def refused(api: Api, content: str | bytes) -> str:
    """The code of the refusal of a raw body, which must be at once."""
    started = time.perf_counter()
    headers = {"content-type": "application/json"}
    reply = await api.http.post("/graphql", content=content, headers=headers)
    assert time.perf_counter() - started < SLOW_S
    assert reply.status_code < 500
    code: str = reply.json()["errors"][0]["extensions"]["code"]
    return code


@pytest.mark.parametrize("count", [1, 2, 100])
async def test_a_batch_is_no_request(api: Api, count: int) -> None:
    """Or a limit of requests would be none."""
    assert await refused(api, json.dumps([{"query": "{__typename}"}] * count)) == "BAD_USER_INPUT"


@pytest.mark.parametrize(
    "number", ["1e400", "-1e400", "9" * 400, "1" + "0" * 100_000, "0.1e-99999", "NaN", "1e999999999"]
)
async def test_numbers_that_do_not_fit_are_refused(api: Api, number: str) -> None:
    query = "query Q($n: Int) {customers(first: $n) {edges {cursor}}}"
    assert await refused(api, f'{{"query": "{query}", "variables": {{"n": {number}}}}}') == "BAD_USER_INPUT"
    assert await refused(api, json.dumps({"query": f"{{customers(first: {number}) {{edges {{cursor}}}}}}"})) == (
        "BAD_USER_INPUT"
    )


@pytest.mark.parametrize(
    "variables",
    [
        {"ids": ["cus_1"] * 100_000},
        {"ids": {"a": {"b": {"c": {}}}}},
        {"ids": [[[[["cus_1"]]]]]},
        {"ids": [None]},
        {f"v{n}": n for n in range(40_000)},
    ],
    ids=["many", "object", "nested", "null", "names"],
)
async def test_variables_beyond_reason_are_refused(api: Api, variables: dict[str, object]) -> None:
    query = "query Q($ids: [String!]!) {ingestStatus(messageIds: $ids) {state}}"
    assert await refused(api, json.dumps({"query": query, "variables": variables})) == "BAD_USER_INPUT"


@pytest.mark.parametrize(
    "key",
    [
        "аdmin",
        "buyers\u200b",
        "\u202ebuyers",
        "buyers\x00",
        "ｂuyers",
        "buyers ",
        "BUYERS\n",
        "../buyers",
        "a" * 10_000,
        "é",
        "e\u0301",
    ],
    ids=lambda value: ascii(value)[:24],
)
async def test_keys_that_look_like_others_are_refused(api: Api, key: str) -> None:
    """Homoglyphs, what has no width, what turns the direction, wide forms, control characters."""
    answer = await api.ask(SEGMENT, {"key": key})
    text = json.dumps(answer)

    assert "errors" in answer or "ValidationError" in text, answer


@pytest.mark.parametrize(
    "body",
    [
        b'{"query": "\xed\xa0\x80"}',
        b'\xef\xbb\xbf{"query": "{__typename}"}',
        b'{"query": "\\ud800"}',
        b"\x00",
        b'"' * 10_000,
    ],
)
async def test_text_that_is_none_is_refused(api: Api, body: bytes) -> None:
    assert await refused(api, body) == "BAD_USER_INPUT"


async def test_the_last_of_two_equal_members_does_not_sneak_in(api: Api) -> None:
    """What a proxy in front reads and what is run must be the same document."""
    twice = '{"query": "{__typename}", "query": "{__schema {types {name}}}"}'
    reply = await api.http.post("/graphql", content=twice, headers={"content-type": "application/json"})

    assert "types" not in json.dumps(reply.json().get("data"))


@pytest.mark.parametrize(
    "pattern", ["(a+)+$", "(a|aa)+$", "(.*a){20}", "^(([a-z])+.)+[A-Z]([a-z])+$", "a{1,1000}{1,1000}"]
)
async def test_expressions_that_blow_up_elsewhere_do_not_here(api: Api, pattern: str) -> None:
    rule = {"attribute": {"name": "name", "operator": "MATCHES", "values": [pattern]}}
    query = "query Q($r: RuleInput!) {customers(first: 1, where: $r) {edges {cursor}}}"
    started = time.perf_counter()
    await api.ask(query, {"r": rule})

    assert time.perf_counter() - started < SLOW_S * 5


@pytest.mark.parametrize(
    "id_", ["", "1", "Customer:1", "Q3VzdG9tZXI6MQ==", "cus_1", "../1", "1 OR 1=1", "' RETURN 1 //", "*", "\x00"]
)
async def test_ids_cannot_be_made_up(api: Api, id_: str) -> None:
    answer = await api.ask("query Q($id: ID!) {node(id: $id) {id}}", {"id": id_})

    assert answer.get("data") in (None, {"node": None})


@pytest.mark.parametrize(
    "token",
    [
        "",
        " ",
        "x",
        "test-admin-toke",
        "test-admin-token2",
        "TEST-ADMIN-TOKEN",
        "тest-admin-token",
        "x" * 10_000,
        "null",
        "undefined",
        "*",
    ],
    ids=lambda value: ascii(value)[:24],
)
async def test_guessed_tokens_all_get_the_same_answer(stranger: httpx.AsyncClient, token: str) -> None:
    for scheme in (b"Bearer ", b"bearer  ", b"Token "):
        headers = [(b"authorization", (scheme + token.encode()).rstrip(b"\x00 "))]
        reply = await stranger.post("/graphql", json={"query": "{__typename}"}, headers=headers)

        assert reply.status_code == 401
        assert reply.json()["errors"][0]["message"] == "A valid token is needed."


async def test_members_that_nobody_asked_for_change_nothing(api: Api) -> None:
    """Mass assignment: an input has the fields of its type, and a request those of the protocol."""
    request = {"query": "{__typename}", "principal": {"permissions": ["*"]}, "admin": True, "role": "administrator"}
    assert (await api.http.post("/graphql", json=request)).json() == {"data": {"__typename": "Query"}}
    more = 'mutation {createSegment(input: {key: "k", name: "n", rule: {everyone: true}, owner: "me"}) {__typename}}'
    assert (await api.error(more))["extensions"]["code"] == "BAD_USER_INPUT"
