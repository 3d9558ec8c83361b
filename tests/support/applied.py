"""How often calls took effect in a graph, and when everything accepted has."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Sequence

from base.ids import call_id
from base.keys import Keyring
from base.valkey import INGEST_STREAM
from delivery.change import Change, decode
from graph.client import GraphClient
from ingest.sources import DEFAULT_SOURCE
from ingest.stream import IngestStream
from tests.support.line import query
from tests.support.service import Stores

TIMEOUT_S = 300.0
POLL_S = 0.1
SHORT_POLL_S = 0.02
PAGE = 1_000

# An event counts once for each identifier that it hangs on: one is right.
_EFFECTS = query(
    """
    UNWIND $ids AS id
    RETURN id, COUNT { (:Identifier)-[:DID]->(:Event {id: id}) } + COUNT { (:Call {id: id}) } AS times
    """
)
_OWNERS = query(
    """
    UNWIND $uids AS uid
    OPTIONAL MATCH (:Identifier {uid: uid})<-[h:HAS WHERE h.to IS NULL]-(c:Customer)
    RETURN uid, collect(c.id) AS owners
    """
)
_CHANGES = query("MATCH (c:Change) RETURN c.body AS body ORDER BY c.position")


async def effects(graph: GraphClient, message_ids: Sequence[str], source: str = DEFAULT_SOURCE) -> dict[str, int]:
    """Message id → how often it took effect."""
    times: dict[str, int] = {}
    for start in range(0, len(message_ids), PAGE):
        named = {call_id(source, message_id): message_id for message_id in message_ids[start : start + PAGE]}
        times.update({named[row["id"]]: row["times"] for row in await graph.read(_EFFECTS, ids=list(named))})
    return times


async def owners_of(graph: GraphClient, uids: Iterable[str]) -> dict[str, list[str]]:
    """Identifier → the customers that have it now."""
    return {row["uid"]: row["owners"] for row in await graph.read(_OWNERS, uids=list(uids))}


async def changes_of(graph: GraphClient, *segments: str) -> list[Change]:
    """The outbox of some segments, in order."""
    log = [decode(row["body"]) for row in await graph.read(_CHANGES)]
    changes = [change for change in log if isinstance(change, Change)]
    return [change for change in changes if change.segment in segments]


async def wait_until_applied(stores: Stores) -> None:
    """Return when everything accepted so far has been applied or put aside, repeats included."""
    stream = IngestStream(stores.redis, Keyring(stores.settings.secret_key))
    deadline_s = time.monotonic() + TIMEOUT_S
    while waiting := (await stream.backlog()).entries_count:
        assert time.monotonic() < deadline_s, f"{waiting} requests wait"
        await asyncio.sleep(SHORT_POLL_S)


async def wait_until_drained(stores: Stores) -> None:
    """Return when everything accepted so far has been applied, and its entries are gone from the stream."""
    deadline_s = time.monotonic() + TIMEOUT_S
    while waiting := await stores.redis.xlen(INGEST_STREAM):
        assert time.monotonic() < deadline_s, f"{waiting} requests wait"
        await asyncio.sleep(POLL_S)


def assert_alternating(changes: Sequence[Change]) -> None:
    """Per segment and customer: sequences 1, 2, 3 …, ENTERED and EXITED in turn."""
    last: dict[tuple[str, str], Change] = {}
    for change in changes:
        before = last.get((change.customer, change.segment))
        assert change.sequence == (before.sequence if before else 0) + 1, change
        assert change.kind == ("ENTERED" if before is None or before.kind == "EXITED" else "EXITED"), change
        last[change.customer, change.segment] = change
