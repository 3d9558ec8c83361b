"""Calls that were put aside, of people who were erased since, are forgotten too."""

from __future__ import annotations

from collections.abc import Sequence

from base.keys import Keyring
from graph.client import GraphClient
from graph.identity.policy import IdentityPolicy
from graph.repositories.erasure import find_tombstones
from graph.repositories.policy import PolicyRepository
from graph.repositories.quarantine import QuarantinedCall
from ingest.calls import decode_calls
from ingest.quarantine import KeptCall, Quarantine

# Each holds one body of at most half a megabyte.
PAGE_CALLS = 50


async def forget_erased(graph: GraphClient, quarantine: Quarantine, keyring: Keyring) -> int:
    """Remove calls from the quarantine that name somebody who was erased after they were received.

    Goes through the whole quarantine, page by page; what cannot be read stays.

    Returns:
        How many calls were removed.

    Raises:
        Unavailable: Neo4j is away; doing it again does no harm.
    """
    policy = (await PolicyRepository(graph).get_current()).policy
    count, last = 0, None
    while page := await quarantine.rows.list_page(PAGE_CALLS, after=last):
        last = page[-1]
        count += await _forget_page(graph, quarantine, keyring, policy, page)
    return count


async def _forget_page(
    graph: GraphClient,
    quarantine: Quarantine,
    keyring: Keyring,
    policy: IdentityPolicy,
    page: Sequence[QuarantinedCall],
) -> int:
    kept = await quarantine.get_many([row.id for row in page])
    graves = {id: _graves(one, keyring, policy, quarantine.region) for id, one in kept.items()}
    erased = await find_tombstones(graph, {key for keys in graves.values() for key in keys})
    count = 0
    for id, keys in graves.items():
        row = kept[id].row
        if any(erased.get(key, row.at_ms - 1) >= row.at_ms for key in keys):
            count += await quarantine.rows.delete(row)
    return count


def _graves(kept: KeptCall, keyring: Keyring, policy: IdentityPolicy, region: str) -> set[str]:
    """Under what the identifiers of a call are remembered where they were erased."""
    row, body = kept
    if body is None:
        return set()
    decoded = decode_calls(body, row.kind, row.at_ms, row.source, row.message_id, region=region, policy=policy)
    return {
        keyring.tombstone(keyring.uid(one.namespace, one.value))
        for identifiers in (
            *(call.identifiers for call in decoded.calls),
            *(one.identifiers for one in decoded.rejected),
        )
        for one in identifiers
    }
