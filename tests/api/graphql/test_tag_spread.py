"""How the values of a tag are spread: the columnar store and the graph say the same."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis

from base.keys import Keyring
from base.settings import Settings
from graph.client import GraphClient, Transaction
from tests.support.answering import answering
from tests.support.api import Api
from tests.support.line import query
from tests.support.profiles import Person, write_people
from tests.support.tags import BOUGHT_COUNT, MANUAL, save_tag

SPREAD = """query D($key: String!, $values: Int, $buckets: Int) {tag(key: $key) {
  values(first: 3) {value count}
  distribution(values: $values, buckets: $buckets) {
    asOf customers values {value count} min max average buckets {from to layer count}}}}"""
GIVE = query(
    """
UNWIND $rows AS row
MATCH (c:Customer {id: row.id}), (t:Tag {key: $key})
CREATE (c)-[:TAGGED {tag: $key, value: row.value, since: 1, items: row.items}]->(t)
RETURN count(*) AS given
""",
    "WRITE",
)
LAYERED: Mapping[str, object] = {
    "statistical": {
        "event": {"name": "Bought"},
        "layers": [{"value": "few", "to": 3}, {"value": "some", "from": 3, "to": 5}, {"value": "many", "from": 5}],
    }
}
STATES: Sequence[tuple[str, Mapping[str, object], Sequence[object], Mapping[str, object]]] = [
    (
        "numbers",
        BOUGHT_COUNT,
        [0, 1, 1, 4, 10, 2.5],
        {
            "customers": 6,
            "values": [(1, 2), (0, 1), (2.5, 1), (4, 1), (10, 1)],
            "numbers": (0, 10, 18.5 / 6),
            "buckets": [(0, 2, None, 3), (2, 4, None, 1), (4, 6, None, 1), (6, 8, None, 0), (8, 10, None, 1)],
        },
    ),
    (
        "one",
        BOUGHT_COUNT,
        [7, 7],
        {"customers": 2, "values": [(7, 2)], "numbers": (7, 7, 7), "buckets": [(7, 7, None, 2)]},
    ),
    (
        "layers",
        LAYERED,
        ["few", "many", "many"],
        {
            "customers": 3,
            "values": [("many", 2), ("few", 1)],
            "numbers": (None, None, None),
            "buckets": [(None, 3, "few", 1), (3, 5, "some", 0), (5, None, "many", 2)],
        },
    ),
    (
        "labels",
        MANUAL,
        [["a", "b"], ["b"], ["b", "'; --"]],
        {
            "customers": 3,
            "values": [("b", 3), ("'; --", 1), ("a", 1)],
            "numbers": (None, None, None),
            "buckets": [],
        },
    ),
    ("empty", BOUGHT_COUNT, [], {"customers": 0, "values": [], "numbers": (None, None, None), "buckets": []}),
]


def flat(told: Mapping[str, Any]) -> dict[str, object]:
    """A distribution as the cases have it; equal counts in any order."""
    pairs = [(one["value"], one["count"]) for one in told["values"]]
    assert [count for _, count in pairs] == sorted((count for _, count in pairs), reverse=True)
    numbers = told["min"], told["max"], told["average"]
    return {
        "customers": told["customers"],
        "values": sorted(pairs, key=lambda pair: (-pair[1], str(pair[0]))),
        "numbers": tuple(None if each is None else pytest.approx(each) for each in numbers),
        "buckets": [(one["from"], one["to"], one["layer"], one["count"]) for one in told["buckets"]],
    }


@pytest.mark.parametrize(("name", "definition", "given", "expected"), STATES, ids=[state[0] for state in STATES])
async def test_the_store_and_the_graph_spread_values_alike(
    api: Api,
    graph: GraphClient,
    redis: Redis,
    keyring: Keyring,
    settings: Settings,
    tmp_path: Path,
    name: str,
    definition: Mapping[str, object],
    given: Sequence[object],
    expected: Mapping[str, object],
) -> None:
    await save_tag(graph, name, definition)
    people = [Person(f"cus_{place}", identifiers=(("user_id", f"u{place}"),)) for place in range(len(given) + 1)]
    await write_people(graph, keyring, *people)
    rows = [
        {
            "id": person.id,
            "value": json.dumps(value),
            "items": [json.dumps(each) for each in value] if isinstance(value, list) else None,
        }
        for person, value in zip(people, given, strict=False)
    ]

    async def give(tx: Transaction) -> None:
        await tx.run(GIVE, key=name, rows=rows)

    await graph.write("tests/give_values", give)
    variables = {"key": name, "values": 10, "buckets": 5}

    from_graph = (await api.data(SPREAD, variables))["tag"]
    async with answering(graph, redis, settings, tmp_path):
        from_store = (await api.data(SPREAD, variables))["tag"]

    assert from_graph["distribution"]["asOf"] is None
    assert from_store["distribution"]["asOf"] is not None
    wanted = {**expected, "values": sorted(expected["values"], key=lambda pair: (-pair[1], str(pair[0])))}  # type: ignore[call-overload]
    assert flat(from_graph["distribution"]) == wanted
    assert flat(from_store["distribution"]) == wanted
    for told in (from_graph, from_store):
        assert told["values"] == told["distribution"]["values"][:3]


async def test_how_much_is_shown_has_bounds(api: Api, graph: GraphClient) -> None:
    await save_tag(graph, "t", BOUGHT_COUNT)
    for values, buckets, field in ((0, 1, "values"), (101, 1, "values"), (1, 0, "buckets"), (1, 21, "buckets")):
        error = await api.error(SPREAD, {"key": "t", "values": values, "buckets": buckets})
        assert (error["extensions"]["code"], error["extensions"]["field"]) == ("BAD_USER_INPUT", field)
