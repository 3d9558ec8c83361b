"""A graph without history, and what two pictures of one do not share."""

from __future__ import annotations

from redis.asyncio import Redis

from base.keys import Keyring
from graph.client import GraphClient
from tests.property.graph.streams import SEGMENTS
from tests.support.line import Line
from tests.support.stores import wipe


async def fresh(graph: GraphClient, redis: Redis, keyring: Keyring) -> Line:
    """Empty stores with the segments of the streams."""
    await wipe(graph, redis)
    line = Line.of(graph, redis, keyring)
    for key, rule in SEGMENTS.items():
        await line.segment(key, rule)
    return line


def differences(one: dict[str, object], other: dict[str, object]) -> dict[str, object]:
    """By part of the picture, what is in one of the two alone; empty when they are equal."""
    return {key: _apart(one[key], other[key]) for key in one if one[key] != other[key]}


def _apart(one: object, other: object) -> object:
    if not isinstance(one, list) or not isinstance(other, list):
        return one, other
    return [each for each in one if each not in other], [each for each in other if each not in one]
