"""The frame itself: real servers, empty before every test."""

from __future__ import annotations

import pytest
from redis.asyncio import Redis

from base.errors import ConfigurationFault
from base.settings import Settings
from graph.client import GraphClient
from graph.queries import parse

COUNT = parse(
    "test/count_nodes",
    """// Purpose: every node
// Mode: READ
// Column: count INT
MATCH (n) RETURN count(n) AS count
""",
)


@pytest.mark.parametrize("run", [1, 2])
async def test_every_test_starts_with_empty_stores(run: int, graph: GraphClient, redis: Redis) -> None:
    assert await graph.read(COUNT) == [{"count": 0}]
    assert await redis.dbsize() == 0

    await graph.run_schema("UNWIND range(1, 6000) AS i CREATE (:Customer {id: 'frame-' + i})")
    await redis.set("left", "over")


async def test_neo4j_takes_only_the_generated_password(settings: Settings) -> None:
    stranger = GraphClient(settings.neo4j_uri, "neo4j", "wrong-password")
    with pytest.raises(ConfigurationFault):
        await stranger.verify()
    await stranger.close()


async def test_a_connection_to_no_database_is_not_enough(settings: Settings) -> None:
    lost = GraphClient(settings.neo4j_uri, settings.neo4j_user, settings.neo4j_password, "elsewhere")

    with pytest.raises(ConfigurationFault, match="NEO4J_DATABASE"):
        await lost.verify()
    await lost.close()
