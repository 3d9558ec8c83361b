"""Look-ups, lists and searches of customers."""

from __future__ import annotations

import pytest

from base.keys import Keyring
from graph.client import GraphClient
from tests.support.api import Api
from tests.support.profiles import DAY_ONE_MS, Person, event_id, retire, write_people
from tests.support.segments import create_segment

PROFILE = """query P($id: ID, $identifier: IdentifierInput) { customer(id: $id, identifier: $identifier) {
  id createdAt updatedAt
  identifiers { namespace value firstSeen lastSeen }
  attributes { name value observedAt source }
  events(first: 2) { edges { node { id name at receivedAt source properties } } pageInfo { hasNextPage } }
  tags { value }
  segments { segment { key name } since segmentVersion }
} }"""


def ann(**changes: object) -> Person:
    values: dict[str, object] = {
        "id": "cus_ann",
        "identifiers": (("user_id", "u-ann"), ("email", "ann@example.com"), ("phone", "+8613812345678")),
        "attributes": {"name": "Ann Lee", "vip": True, "tags": ["a", "b"]},
        "events": [("Viewed", 1_000, {"page": "/"}), ("Bought", 2_000, {"amount": 9.5}), ("Viewed", 3_000, {})],
        "segments": ("buyers",),
        "name": "Ann Lee",
        **changes,
    }
    return Person(**values)  # type: ignore[arg-type]


async def test_a_profile_shows_everything_in_one_answer(api: Api, graph: GraphClient, keyring: Keyring) -> None:
    await create_segment(graph, "buyers")
    await write_people(graph, keyring, ann())

    found = (await api.data(PROFILE, {"identifier": {"namespace": "user_id", "value": "u-ann"}}))["customer"]

    assert found["id"] == "cus_ann"
    assert found["createdAt"] == "2026-01-01T00:00:00.000Z"
    assert {(one["namespace"], one["value"]) for one in found["identifiers"]} == set(ann().identifiers)
    assert {one["name"]: one["value"] for one in found["attributes"]} == {
        "name": "Ann Lee",
        "vip": True,
        "tags": ["a", "b"],
        "email": "ann@example.com",
        "phone": "+8613812345678",
    }
    assert [edge["node"]["id"] for edge in found["events"]["edges"]] == [event_id(ann(), 2), event_id(ann(), 1)]
    assert found["events"]["edges"][1]["node"]["properties"] == {"amount": 9.5}
    assert found["events"]["pageInfo"] == {"hasNextPage": True}
    assert found["tags"] == []
    assert found["segments"] == [
        {
            "segment": {"key": "buyers", "name": "Buyers"},
            "since": "2026-01-01T00:00:00.000Z",
            "segmentVersion": 1,
        }
    ]


@pytest.mark.parametrize(
    ("namespace", "value"), [("email", " ANN@example.com "), ("phone", "138 1234 5678"), ("userId", "u-ann")]
)
async def test_an_identifier_is_normalised_like_incoming_data(
    api: Api, graph: GraphClient, keyring: Keyring, namespace: str, value: str
) -> None:
    await write_people(graph, keyring, ann(segments=()))

    found = await api.data(PROFILE, {"identifier": {"namespace": namespace, "value": value}})

    assert found["customer"]["id"] == "cus_ann"


async def test_nobody_is_null_and_a_retired_id_answers_with_its_heir(
    api: Api, graph: GraphClient, keyring: Keyring
) -> None:
    await write_people(graph, keyring, ann(segments=()), Person("cus_old", identifiers=()))
    await retire(graph, "cus_old", "cus_ann")

    assert (await api.data(PROFILE, {"id": "cus_nobody"}))["customer"] is None
    assert (await api.data(PROFILE, {"id": "cus_old"}))["customer"]["id"] == "cus_ann"
    assert (await api.data('{node(id: "cus_old") {id}}'))["node"]["id"] == "cus_ann"


async def test_both_or_none_of_id_and_identifier_is_refused(api: Api) -> None:
    error = await api.error("{customer {id}}")

    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert error["extensions"]["hint"]


async def test_events_are_filtered_and_paged_without_gap_or_repeat(
    api: Api, graph: GraphClient, keyring: Keyring
) -> None:
    # Equal instants: ties must not fall between two pages.
    events = [("Viewed" if n % 3 else "Bought", (n // 4) * 1_000, {"n": n}) for n in range(23)]
    person = ann(events=events, segments=())
    await write_people(graph, keyring, person)
    query = """query E($after: String, $names: [String!], $from: DateTime, $to: DateTime) { customer(id: "cus_ann") {
      events(first: 5, after: $after, names: $names, from: $from, to: $to) {
        edges { cursor node { id at } } pageInfo { hasNextPage hasPreviousPage endCursor } } } }"""

    async def read(**filters: object) -> list[str]:
        seen: list[str] = []
        after = None
        while True:
            page = (await api.data(query, {"after": after, **filters}))["customer"]["events"]
            assert page["pageInfo"]["hasPreviousPage"] == (after is not None)
            seen += [edge["node"]["id"] for edge in page["edges"]]
            after = page["pageInfo"]["endCursor"]
            if not page["pageInfo"]["hasNextPage"]:
                return seen

    by_time = sorted(range(23), key=lambda n: (events[n][1], event_id(person, n)), reverse=True)
    assert await read() == [event_id(person, n) for n in by_time]
    assert await read(names=["Bought"]) == [event_id(person, n) for n in by_time if n % 3 == 0]
    inside = [event_id(person, n) for n in by_time if 1_000 <= events[n][1] < 3_000]
    assert await read(**{"from": "2026-01-01T00:00:01Z", "to": "2026-01-01T00:00:03Z"}) == inside


async def test_two_pages_of_events_stand_beside_each_other(api: Api, graph: GraphClient, keyring: Keyring) -> None:
    await write_people(graph, keyring, ann(segments=()))

    found = await api.data("""{ customer(id: "cus_ann") {
      bought: events(names: ["Bought"]) { edges { node { name } } }
      newest: events(first: 1) { edges { node { name } } }
      email: attributes(names: ["email"]) { value } } }""")

    assert found["customer"] == {
        "bought": {"edges": [{"node": {"name": "Bought"}}]},
        "newest": {"edges": [{"node": {"name": "Viewed"}}]},
        "email": [{"value": "ann@example.com"}],
    }


async def test_all_customers_are_paged_by_keyset(api: Api, graph: GraphClient, keyring: Keyring) -> None:
    people = [Person(f"cus_{n:03d}", identifiers=((("user_id", f"u{n}")),)) for n in range(7)]
    await write_people(graph, keyring, *people, Person("cus_gone", identifiers=()))
    await retire(graph, "cus_gone", "cus_000")
    query = """query L($after: String) {customers(first: 3, after: $after) {
      edges {node {id}} pageInfo {hasNextPage endCursor}}}"""

    seen: list[str] = []
    after = None
    for _ in range(3):
        page = (await api.data(query, {"after": after}))["customers"]
        seen += [edge["node"]["id"] for edge in page["edges"]]
        after = page["pageInfo"]["endCursor"]

    assert seen == [person.id for person in people]
    assert page["pageInfo"]["hasNextPage"] is False


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ann", ["cus_ann"]),
        ("lee Ann", ["cus_ann"]),
        ("lee an", []),
        ("LEE", ["cus_ann"]),
        ("lee", ["cus_ann"]),
        ("王小", []),
        ("王小明", ["cus_wang"]),
        ("5678", ["cus_ann"]),
        ("678", []),
        ("1381", []),
        ("ann@example.com", ["cus_ann"]),
        ("ann@example", []),
        ("13812345678", ["cus_ann"]),
        ("u-ann", ["cus_ann"]),
        ("cus_b", ["cus_bob"]),
        ("cus_bob", ["cus_bob"]),
        ("*:* OR lee", []),
        ("nobody", []),
    ],
)
async def test_search_finds_whole_words_of_names_whole_identifiers_and_the_last_four_digits_of_phones(
    api: Api, graph: GraphClient, keyring: Keyring, text: str, expected: list[str]
) -> None:
    await write_people(
        graph,
        keyring,
        ann(segments=()),
        Person("cus_bob", identifiers=(("user_id", "u-bob"),), name="Bob Leeds"),
        Person("cus_wang", identifiers=(("user_id", "u-wang"),), name="王小明"),
    )
    await graph.run_schema("CALL db.index.fulltext.awaitEventuallyConsistentIndexRefresh()")

    found = await api.data("query S($t: String!) {customers(search: $t) {edges {node {id}}}}", {"t": text})

    assert [edge["node"]["id"] for edge in found["customers"]["edges"]] == expected


async def test_node_finds_each_kind_by_its_id(api: Api, graph: GraphClient, keyring: Keyring) -> None:
    await create_segment(graph, "buyers")
    await write_people(graph, keyring, ann())
    query = """query N($id: ID!) { node(id: $id) { __typename id
      ... on Customer { attributes(names: ["name"]) { value } } ... on Segment { key count } } }"""

    assert (await api.data(query, {"id": "cus_ann"}))["node"] == {
        "__typename": "Customer",
        "id": "cus_ann",
        "attributes": [{"value": "Ann Lee"}],
    }
    assert (await api.data(query, {"id": "seg_buyers"}))["node"] == {
        "__typename": "Segment",
        "id": "seg_buyers",
        "key": "buyers",
        "count": 1,
    }
    assert (await api.data(query, {"id": "evt_x"}))["node"] is None


async def test_ingest_status_tells_applied_quarantined_and_unknown(
    api: Api, graph: GraphClient, keyring: Keyring
) -> None:
    person = ann(segments=())
    await write_people(graph, keyring, person)
    applied = f"{person.id}-{DAY_ONE_MS}-0"

    found = await api.data(
        "query I($m: [String!]!) {ingestStatus(messageIds: $m) {messageId state reason}}", {"m": [applied, "never"]}
    )

    assert found["ingestStatus"] == [
        {"messageId": applied, "state": "APPLIED", "reason": None},
        {"messageId": "never", "state": "UNKNOWN", "reason": None},
    ]
