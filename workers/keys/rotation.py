"""Online rotation: everything that is encrypted at rest turns to the current version of the secret, page by page.

Each page and where the rotation stands behind it are one transaction, so a process may die anywhere; the next goes on
there. What calls write meanwhile is under the current version already, and what they change is left to them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from redis.asyncio import Redis

from base.clock import now_ms
from base.errors import ConfigurationFault, NotFound
from base.keys import version_of
from base.valkey import AUDIT_STREAM, INGEST_STREAM
from graph.client import GraphClient, Transaction
from graph.repositories import keys as repository
from graph.repositories.keys import KINDS, ReplacementRow, RotationRecord, Step
from workers.keys.turning import turned, versions

# Nodes of a transaction: their locks are held for some 100 ms, and they take some megabytes at the most. More are no
# faster a node.
PAGE_NODES = 500
# A block of the operation log is 500 entries.
PAGE_BLOCKS = 10
# Entries of the ingest stream that are looked at in one reply; a batch is up to half a megabyte.
PAGE_ENTRIES = 20
STREAMS = {"ingest stream": INGEST_STREAM, "stream of the operation log": AUDIT_STREAM}
_SEALED = b"d"

Progress = Callable[[RotationRecord], None]


async def rotate(graph: GraphClient, progress: Progress = lambda _: None) -> RotationRecord:
    """Turn everything in the graph to the current version; goes on where an earlier run ended.

    Several processes may do so at once: each page is written by one of them. It is no faster.

    Args:
        progress: told where it stands after each page.

    Returns:
        What was done by this rotation, earlier runs included.

    Raises:
        ConfigurationFault: the secrets are not those of the graph.
        Unavailable: Neo4j cannot be reached; run it again.
    """
    await repository.meet_versions(graph)
    keyring = graph.personal.keyring
    await repository.begin_rotation(graph, keyring, now_ms())
    while True:
        stands = await repository.find_rotation(graph, keyring)
        if stands is None:
            raise NotFound("The graph was emptied while keys were rotated.")
        progress(stands)
        if stands.done:
            return stands
        await _turn_page(graph, stands)


async def _turn_page(graph: GraphClient, stands: RotationRecord) -> None:
    keyring = graph.personal.keyring
    size = _size(stands.kind)
    found = await repository.page(graph, stands.kind, stands.after, size)
    rows: list[ReplacementRow] = []
    unreadable = 0
    for key, held in found:
        try:
            new = turned(keyring, stands.kind, key, held)
        except ConfigurationFault:
            # Damaged, or put aside because it does not open: it stays as it is, and is told at the end.
            unreadable += 1
            continue
        if new is not None:
            rows.append(ReplacementRow(key=key, old=held, new=new))
    if len(found) == size:
        step = Step(stands.kind, found[-1].key, len(found), unreadable=unreadable)
    else:
        place = KINDS.index(stands.kind) + 1
        last = place == len(KINDS)
        step = Step("" if last else KINDS[place], "", len(found), unreadable=unreadable, done=last)

    async def work(tx: Transaction) -> int:
        return await repository.advance(tx, keyring, stands, rows, step, now_ms())

    await graph.write("keys/rotate", work)


def _size(kind: str) -> int:
    return PAGE_BLOCKS if kind == "audit_blocks" else PAGE_NODES


async def count_versions(graph: GraphClient, redis: Redis) -> Mapping[str, Counter[int]]:
    """Where values lie → how many are encrypted with which version; 0 stands for plain text. Looks at everything."""
    found: dict[str, Counter[int]] = {}
    for kind in KINDS:
        counted: Counter[int] = Counter()
        after: str | None = ""
        while after is not None:
            page = await repository.page(graph, kind, after, _size(kind))
            for _, held in page:
                counted.update(versions(kind, held))
            after = page[-1].key if len(page) == _size(kind) else None
        found[kind] = counted
    for place, stream in STREAMS.items():
        found[place] = await _count_entries(redis, stream)
    return found


async def _count_entries(redis: Any, stream: str) -> Counter[int]:
    """Of what waits to be applied, or to come into the log; it leaves so, and nothing is written again."""
    counted: Counter[int] = Counter()
    start = "-"
    while page := await redis.xrange(stream, min=start, count=PAGE_ENTRIES):
        counted.update(version_of(fields.get(_SEALED, b"")) for _, fields in page)
        start = "(" + page[-1][0].decode()
    return counted


async def retire(graph: GraphClient, redis: Redis, version: int) -> None:
    """Let a version go, so that roles start without it.

    Raises:
        ConfigurationFault: it is in use, or blind indexes come from it.
        NotFound: the graph never met it.
    """
    keyring = graph.personal.keyring
    await repository.check_versions(graph)
    if version in (keyring.current, keyring.lowest):
        role = "is the current one" if version == keyring.current else "is what identifiers are found by"
        raise ConfigurationFault(f"Version {version} of KITH_SECRET_KEY cannot go: it {role}.")
    counted = await count_versions(graph, redis)
    left = {place: count for place, versions_ in counted.items() if (count := versions_[version])}
    if left:
        told = ", ".join(f"{count:,} in {place}" for place, count in left.items())
        raise ConfigurationFault(
            f"Version {version} of KITH_SECRET_KEY cannot go: it opens {told}. Run `kith keys rotate`."
        )
    if not await repository.retire_version(graph, version):
        raise NotFound(f"No data was ever written with version {version} of KITH_SECRET_KEY.")
