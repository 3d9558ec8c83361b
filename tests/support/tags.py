"""Builders for stored tags, without the API, and what the graph says of their values."""

from __future__ import annotations

import json
from collections.abc import Mapping

from base import clock
from graph.client import GraphClient, Transaction
from graph.repositories import tag as repository
from graph.repositories.segment import lock_catalogue
from graph.repositories.tag import TagRecord, TagRepository
from rules.tags.definition import kind_of, value_type
from rules.tags.parser import parse_definition
from tests.support.line import query

BOUGHT_COUNT: Mapping[str, object] = {"statistical": {"event": {"name": "Bought"}}}
MANUAL: Mapping[str, object] = {"manual": True}

_VALUES = query(
    "MATCH (c:Customer)-[t:TAGGED]->(:Tag {key: $key}) RETURN c.id AS id, t.value AS value, t.since AS since"
)


async def save_tag(graph: GraphClient, key: str, document: Mapping[str, object], **properties: object) -> TagRecord:
    """A new tag, computed with every change and not built; `properties` are those of the node."""
    definition = parse_definition(document)
    given = {
        "name": key,
        "kind": kind_of(definition).value,
        "value_type": value_type(definition).value,
        "mode": "LIVE",
        "keep_old": False,
        "definition": json.dumps(document),
        "status": "LIVE",
        **properties,
    }

    async def work(tx: Transaction) -> TagRecord:
        await lock_catalogue(tx)
        return await repository.create(tx, id=f"tag_{key}", key=key, properties=given, now_ms=clock.now_ms())

    return await graph.write("tests/save_tag", work)


async def change_tag(graph: GraphClient, key: str, **properties: object) -> None:
    """Other properties of the node, as a change of a tag commits them."""

    async def work(tx: Transaction) -> None:
        await lock_catalogue(tx)
        await repository.update(tx, key=key, properties=properties, now_ms=clock.now_ms())

    await graph.write("tests/change_tag", work)


async def tag_of(graph: GraphClient, key: str) -> TagRecord:
    """The tag as readers see it."""
    return (await TagRepository(graph).get_many([key]))[key]


async def values_of(graph: GraphClient, key: str) -> dict[str, object]:
    """Customer → value."""
    return {row["id"]: json.loads(row["value"]) for row in await graph.read(_VALUES, key=key)}


async def since_of(graph: GraphClient, key: str) -> dict[str, int]:
    """Customer → since when it has its value, ms."""
    return {row["id"]: row["since"] for row in await graph.read(_VALUES, key=key)}
