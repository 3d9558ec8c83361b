"""The graph as an operator sees it: the server, sizes, segments that are not live."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from graph.client import GraphClient
from graph.queries import load

GET_SERVER = load("system/get_server")
COUNT_SIZES = load("system/count_sizes")
LIST_UNREADY_SEGMENTS = load("system/list_unready_segments")


class ServerRecord(msgspec.Struct, frozen=True):
    """The Neo4j behind the connection; `now_ms` is its own clock."""

    version: str
    edition: str
    now_ms: int


class UnreadySegment(msgspec.Struct, frozen=True):
    """A segment whose members are not up to date; `progress` is 0 to 1, `last_error` None when there is none."""

    key: str
    status: str
    progress: float | None
    last_error: str | None


async def get_server(graph: GraphClient) -> ServerRecord:
    """Version, edition and clock of the server."""
    rows = await graph.read(GET_SERVER)
    return msgspec.convert(rows[0], ServerRecord)


async def count_sizes(graph: GraphClient) -> Mapping[str, int]:
    """Label → number of nodes; retired customers are counted too."""
    return {row["label"]: row["count"] for row in await graph.read(COUNT_SIZES)}


async def list_unready_segments(graph: GraphClient) -> list[UnreadySegment]:
    """At most 50, by key."""
    return [msgspec.convert(row, UnreadySegment) for row in await graph.read(LIST_UNREADY_SEGMENTS)]
