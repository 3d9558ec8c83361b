"""The short cut for plain selections answers what GraphQL's own execution answers."""

from __future__ import annotations

import pytest

from base.keys import Keyring
from graph.client import GraphClient
from schema.execution.profile_shape import BoundShape
from tests.api.graphql.test_customers import ann
from tests.support.api import Api
from tests.support.profiles import write_people
from tests.support.segments import create_segment

EVERYTHING = """id createdAt updatedAt tags { value } identifiers { namespace value firstSeen lastSeen }
  attributes { name value observedAt source } segments { segment { key name } since segmentVersion }
  events(first: 2) { edges { node { id name at receivedAt source properties } } pageInfo { hasNextPage } }"""
FRAGMENTS = " fragment F on Node { id } fragment G on Customer { createdAt ...F }"
SELECTIONS = [
    EVERYTHING,
    "id __typename",
    "id: createdAt",
    "a: id b: createdAt identifiers { __typename v: value }",
    'attributes { name } x: attributes(names: ["name", "none"]) { value }',
    "events { edges { cursor __typename node { id } } pageInfo { startCursor endCursor hasPreviousPage } }",
    "events(names: []) { edges { node { id } } pageInfo { endCursor } }",
    "events(first: 1) { edges { node { id } } } events(first: 1) { edges { node { name } } }",
    "...F ... on Customer { updatedAt ...G } ... { id }",
    "segments { segment { id key name rule version createdAt __typename } segmentVersion }",
    "tags { value since tag { key } }",
]
# These need GraphQL's own execution in both runs, and must work just the same.
BEYOND = [
    "segments { segment { key status count members { edges { node { id } } } } }",
    "id @skip(if: true) createdAt @include(if: true)",
    "events(first: 1000) { edges { node { id } } }",
    'events(after: "forged") { edges { node { id } } }',
]


@pytest.mark.parametrize("selection", [*SELECTIONS, *BEYOND])
async def test_both_ways_give_the_same(
    api: Api, graph: GraphClient, keyring: Keyring, selection: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await create_segment(graph, "buyers")
    await write_people(graph, keyring, ann())
    shapes: list[bool] = []
    make = BoundShape.__init__

    def watched(self: BoundShape, key: object, need: object, pages: object, parts: object) -> None:
        shapes.append(parts is not None)
        make(self, key, need, pages, parts)  # type: ignore[arg-type]

    def without(self: BoundShape, key: object, need: object, pages: object, _parts: object) -> None:
        make(self, key, need, pages, None)  # type: ignore[arg-type]

    query = f'{{ customer(id: "cus_ann") {{ {selection} }} }}'
    if "...F" in selection:
        query += FRAGMENTS
    monkeypatch.setattr(BoundShape, "__init__", watched)
    short = await api.ask(query)
    monkeypatch.setattr(BoundShape, "__init__", without)
    whole = await api.ask(query)

    assert short == whole
    assert "data" in short, short
    assert shapes[0] == (selection in SELECTIONS)
