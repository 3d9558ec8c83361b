"""What somebody keeps at hand among segments and tags."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest
import pytest_asyncio
from redis.asyncio import Redis

from base.settings import Settings
from graph.client import GraphClient
from graph.repositories import favourite as repository
from graph.repositories.favourite import FavouriteRepository
from tests.api.graphql.test_sharing import code, create_segment, create_tag
from tests.support.api import Api
from tests.support.principals import FixedDirectory, api_of, person
from workers.jobs import make_services
from workers.tasks.segment import delete_segment

PUT = """mutation F($kind: RuleUserKind!, $key: String!) { favourite(kind: $kind, key: $key) {
  __typename ... on Favourite { kind key isFavourite } ... on ValidationError { field message } } }"""
SHOWN = """{ segments(favourite: true) { edges { node { key isFavourite } } }
  tags(favourite: true) { edges { node { key isFavourite } } } }"""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def people(settings: Settings, graph: GraphClient) -> AsyncIterator[Mapping[str, Api]]:
    async with api_of(settings, FixedDirectory(person("ann"), person("bob"))) as found:
        yield found


async def put(api: Api, key: str, kind: str = "SEGMENT") -> dict[str, Any]:
    return await api.ask(PUT, {"kind": kind, "key": key})


async def take(api: Api, key: str, kind: str = "SEGMENT") -> dict[str, Any]:
    return await api.ask(PUT.replace("favourite(", "unfavourite("), {"kind": kind, "key": key})


async def shown(api: Api) -> list[list[str]]:
    data = await api.data(SHOWN)
    lists = [[one["node"] for one in data[what]["edges"]] for what in ("segments", "tags")]
    assert all(one["isFavourite"] for found in lists for one in found)
    return [[one["key"] for one in found] for found in lists]


async def test_favourites_are_ones_own(people: Mapping[str, Api]) -> None:
    ann, bob = people["ann"], people["bob"]
    for key in ("a", "b"):
        await create_segment(ann, key)
    await create_tag(ann, "a")

    answer = (await put(ann, "b"))["data"]["favourite"]
    assert answer == {"__typename": "Favourite", "kind": "SEGMENT", "key": "b", "isFavourite": True}
    assert [code(await put(ann, "b")), code(await put(ann, "a", "TAG"))] == ["Favourite", "Favourite"]
    assert (await shown(ann), await shown(bob)) == ([["b"], ["a"]], [[], []])
    all_of = await ann.data("{ segments { edges { node { key isFavourite } } } }")
    assert [one["node"]["isFavourite"] for one in all_of["segments"]["edges"]] == [False, True]

    assert code(await take(ann, "b")) == "Favourite"
    assert code(await take(ann, "nothing")) == "Favourite"
    assert await shown(ann) == [[], ["a"]]


@pytest.mark.parametrize("kind", ["SEGMENT", "TAG"])
async def test_what_is_not_there_or_hidden_is_no_favourite(people: Mapping[str, Api], kind: str) -> None:
    await create_segment(people["bob"], "hidden", private=True)
    await create_tag(people["bob"], "hidden", private=True)

    assert [code(await put(people["ann"], key, kind)) for key in ("nothing", "hidden")] == ["NOT_FOUND"] * 2
    assert code(await put(people["bob"], "hidden", kind)) == "Favourite"


async def test_there_is_an_end_to_them(people: Mapping[str, Api], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repository, "MAX_FAVOURITES", 2)
    for key in ("a", "b", "c"):
        await create_segment(people["ann"], key)

    found = [code(await put(people["ann"], key)) for key in ("a", "b", "c", "b")]

    assert found == ["Favourite", "Favourite", "ValidationError", "Favourite"]
    assert await shown(people["ann"]) == [["a", "b"], []]


async def test_a_favourite_goes_with_its_segment(
    people: Mapping[str, Api], graph: GraphClient, redis: Redis, settings: Settings
) -> None:
    await create_segment(people["ann"], "a")
    await put(people["ann"], "a")
    await people["ann"].data('mutation { deleteSegment(key: "a") { __typename } }')
    assert await shown(people["ann"]) == [[], []]

    await delete_segment({"services": make_services(settings, graph, redis)}, "a")

    assert await FavouriteRepository(graph).list_ids("usr_ann") == set()
    await create_segment(people["ann"], "a")
    assert await shown(people["ann"]) == [[], []]
