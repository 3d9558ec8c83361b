"""Everything that the stores hold of anybody, in clear: what was sealed is opened."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from redis.asyncio import Redis

from base.errors import ConfigurationFault
from base.keys import Keyring
from graph.client import GraphClient
from graph.personal import Field
from tests.support.columns import Columnar, contents
from tests.support.line import query

_NODES = query("MATCH (n) RETURN labels(n) AS kind, properties(n) AS held")
_RELATIONSHIPS = query("MATCH ()-[r]->() RETURN type(r) AS kind, properties(r) AS held")


async def of_graph(graph: GraphClient, keyring: Keyring) -> list[str]:
    """Every node and relationship as text, notes for others included."""
    rows = [*await graph.read(_NODES), *await graph.read(_RELATIONSHIPS)]
    return [" ".join([str(row["kind"]), *_texts(dict(row["held"]), keyring)]) for row in rows]


async def of_redis(redis: Redis, keyring: Keyring) -> list[str]:
    """Every key with all that it holds as text."""
    found = []
    async for key in redis.scan_iter():
        match (await redis.type(key)).decode():
            case "string":
                held: Any = await redis.get(key)
            case "hash":
                held = await redis.hgetall(key)
            case "stream":
                held = await redis.xrange(key)
            case "zset":
                held = await redis.zrange(key, 0, -1)
            case "set":
                held = list(await redis.smembers(key))
            case _:
                held = await redis.lrange(key, 0, -1)
        found.append(" ".join([key.decode(), *_texts(held, keyring)]))
    return found


def of_columns(store: Columnar) -> list[str]:
    """Every row of the columnar store as text."""
    return [repr(row) for rows in contents(store).values() for row in rows]


def _texts(held: Any, keyring: Keyring) -> Iterator[str]:
    # A ciphertext is bound to its neighbour: a uid, a call's id, a number in the log.
    bounds = [
        f"block {one}" if isinstance(one, int) else str(one) for one in _leaves(held) if not isinstance(one, bytes)
    ]
    for leaf in _leaves(held):
        if isinstance(leaf, bytes):
            yield leaf.decode("utf-8", "replace")
            yield from _opened(leaf, keyring, bounds)
        else:
            yield str(leaf)


def _leaves(held: Any) -> Iterator[Any]:
    match held:
        case dict():
            for key, value in held.items():
                yield key
                yield from _leaves(value)
        case list() | tuple() | set():
            for one in held:
                yield from _leaves(one)
        case _:
            yield held


def _opened(sealed: bytes, keyring: Keyring, bounds: Iterable[str]) -> Iterator[str]:
    """What a ciphertext says, whatever it was bound to."""
    tries: list[Callable[[], bytes]] = [lambda: keyring.open_entry(sealed)]
    tries += [lambda bound=bound: keyring.open_audit(sealed, bound) for bound in (*bounds, "stream")]  # type: ignore[misc]
    tries += [
        lambda bound=bound, field=field: keyring.open_text(sealed, field, bound).encode()  # type: ignore[misc]
        for bound in bounds
        for field in Field
    ]
    tries += [lambda bound=bound: keyring.open_display(sealed, bound).encode() for bound in bounds]  # type: ignore[misc]
    for attempt in tries:
        try:
            plain = attempt()
        except ConfigurationFault:
            continue
        yield plain.decode("utf-8", "replace")
        try:
            yield zlib.decompress(plain).decode("utf-8", "replace")
        except zlib.error:
            continue
