"""Committed and published changes, without the ingest worker."""

from __future__ import annotations

from collections.abc import Sequence

from redis.asyncio import Redis

from delivery.publisher import ChangePublisher
from graph.client import GraphClient
from tests.support.changes import commit_changes, make_change


async def publish(graph: GraphClient, redis: Redis, segment: str, customers: Sequence[str]) -> None:
    """Let these customers enter the segment, in this order."""
    changes = await commit_changes(graph, [make_change(segment=segment, customer=customer) for customer in customers])
    await ChangePublisher(redis, graph).publish(changes)
