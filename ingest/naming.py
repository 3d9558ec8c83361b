"""Calls that were put aside, and name somebody."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from typing import NamedTuple

from base.errors import ConfigurationFault
from base.keys import Keyring
from graph.client import GraphClient
from graph.identity.policy import IdentityPolicy
from graph.repositories.policy import PolicyRepository
from graph.repositories.quarantine import QuarantinedCall, QuarantineRepository
from ingest.calls import Call, Rejected, decode_calls
from ingest.identifiers import SeenIdentifier

# Each holds one body of at most half a megabyte.
PAGE_CALLS = 50


class NamedCall(NamedTuple):
    """A call that was put aside.

    Args:
        at_ms: when it happened, as far as it says so, else when it was received.
        call: as it can be read; None when it cannot, or names somebody else too: then what it says may be of others.
        names: those of its identifiers that are the person's.
    """

    row: QuarantinedCall
    at_ms: int
    call: Call | None
    names: tuple[SeenIdentifier, ...]


async def calls_naming(
    graph: GraphClient, keyring: Keyring, region: str, is_theirs: Callable[[str, int], bool]
) -> AsyncIterator[list[NamedCall]]:
    """Pages of calls in the quarantine that name a person, newest first. Goes through the whole quarantine.

    Args:
        region: two letters, where phones without a country code are from.
        is_theirs: whether an identifier (uid) was the person's at an instant (ms).

    Raises:
        Unavailable: Neo4j is away.
    """
    policy = (await PolicyRepository(graph).get_current()).policy
    rows, last = QuarantineRepository(graph), None
    while page := await rows.list_page(PAGE_CALLS, after=last):
        last = page[-1]
        bodies = {row.id: sealed for row, sealed in await rows.get_many([row.id for row in page])}
        found: list[NamedCall] = []
        for row in page:
            if row.id in bodies:
                found += _named(row, bodies[row.id], keyring, policy, region, is_theirs)
        if found:
            yield found


def _named(
    row: QuarantinedCall,
    sealed: bytes,
    keyring: Keyring,
    policy: IdentityPolicy,
    region: str,
    is_theirs: Callable[[str, int], bool],
) -> Iterator[NamedCall]:
    try:
        body = keyring.open_entry(sealed)
    except ConfigurationFault:
        # Damaged, or sealed with another key: nobody can say whom it names.
        return
    decoded = decode_calls(body, row.kind, row.at_ms, row.source, row.message_id, region=region, policy=policy)
    calls: list[tuple[int, Call | Rejected]] = [
        *((call.at_ms, call) for call in decoded.calls),
        *((row.at_ms, rejected) for rejected in decoded.rejected),
    ]
    for at_ms, call in calls:
        theirs = tuple(one for one in call.identifiers if is_theirs(keyring.uid(one.namespace, one.value), at_ms))
        if theirs:
            is_whole = isinstance(call, Call) and len(theirs) == len(call.identifiers)
            yield NamedCall(row, at_ms, call if is_whole and isinstance(call, Call) else None, theirs)
