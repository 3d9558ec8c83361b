"""Looking at calls that were put aside, and sending them again without losing or doubling any.

A call is sent again under its own message id, so it takes effect at most once. Its row stays until the graph shows that
the call was applied, or put aside again under its own id; whatever dies in between, the next `settle` finishes.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

from base.clock import now_ms
from base.errors import ConfigurationFault
from base.ids import call_id
from base.keys import Keyring
from graph.repositories.quarantine import QuarantinedCall, QuarantineRepository
from ingest.calls import DecodedBody, decode_calls
from ingest.stream import IngestStream

# Rows settled at once; each holds one body of at most half a megabyte.
SETTLE_PAGE = 50
POLL_S = 0.2


class Outcome(StrEnum):
    """What became of another try."""

    APPLIED = "APPLIED"
    STILL_REFUSED = "STILL_REFUSED"
    UNREADABLE = "UNREADABLE"
    WAITING = "WAITING"
    UNKNOWN_ID = "UNKNOWN_ID"


class KeptCall(NamedTuple):
    """A row with its call in plain text; `body` is None when it is damaged or was sealed with another key."""

    row: QuarantinedCall
    body: bytes | None


class Try(NamedTuple):
    """Another try of one row; `reason` says why it is still refused."""

    id: str
    outcome: Outcome
    reason: str | None = None


class Quarantine:
    """The quarantine as an operator sees it.

    Args:
        region: two letters, where phones without a country code are from.
    """

    def __init__(self, rows: QuarantineRepository, stream: IngestStream, keyring: Keyring, region: str):
        self.rows = rows
        self._stream = stream
        self._keyring = keyring
        self.region = region

    async def get_many(self, ids: Sequence[str]) -> dict[str, KeptCall]:
        """Rows by id; unknown ids are missing."""
        return {row.id: KeptCall(row, self._open(sealed)) for row, sealed in await self.rows.get_many(ids)}

    async def replay(self, id: str) -> Try:
        """Send a call again, unless it would be put aside for the same reason; `settle` finds out what became of it.

        Raises:
            Unavailable: Neo4j or the stream cannot be reached; trying again later does no harm.
        """
        kept = (await self.get_many([id])).get(id)
        if kept is None:
            return Try(id, Outcome.UNKNOWN_ID)
        row, body = kept
        if body is None:
            return Try(id, Outcome.UNREADABLE, row.reason)
        decoded = self._decode(row, body)
        if not decoded.calls:
            return Try(id, Outcome.STILL_REFUSED, decoded.rejected[0].reason if decoded.rejected else row.reason)
        # Before the append: should this process die between the two, `settle` finds no trace of the call and the row
        # stays for another try.
        await self.rows.set_replayed(id, now_ms())
        for call in decoded.calls:
            await self._stream.append(call.standalone(), call.kind, row.at_ms, row.source, [call.message_id])
        for rejected in decoded.rejected:
            # Of a batch that was put aside whole: each bad call gets a row of its own.
            await self._stream.append(rejected.raw, rejected.kind, row.at_ms, row.source, [rejected.message_id])
        return Try(id, Outcome.WAITING)

    async def settle(self, ids: Sequence[str]) -> list[Try]:
        """Remove those rows of sent calls that were dealt with, and say how each of the ids stands."""
        tries: list[Try] = []
        for start in range(0, len(ids), SETTLE_PAGE):
            page = ids[start : start + SETTLE_PAGE]
            found = await self.get_many(page)
            # A missing row was settled by someone else.
            tries += [await self._settle(found[id]) if id in found else Try(id, Outcome.APPLIED) for id in page]
        return tries

    async def wait(self, ids: Sequence[str], timeout_s: float) -> list[Try]:
        """Settle until nothing waits any more, or the time is over."""
        deadline_s = time.monotonic() + timeout_s
        done: dict[str, Try] = {}
        while True:
            done.update({one.id: one for one in await self.settle([id for id in ids if _waits(done.get(id))])})
            if not any(_waits(one) for one in done.values()) or time.monotonic() >= deadline_s:
                return [done[id] for id in ids]
            await asyncio.sleep(POLL_S)

    async def _settle(self, kept: KeptCall) -> Try:
        row, body = kept
        if row.replayed_at_ms is None:
            return Try(row.id, Outcome.STILL_REFUSED, row.reason)
        if body is None:
            return Try(row.id, Outcome.UNREADABLE, row.reason)
        decoded = self._decode(row, body)
        wanted = {
            call_id(row.source, message_id)
            for message_id in (
                *(call.message_id for call in decoded.calls),
                *(rejected.message_id for rejected in decoded.rejected),
            )
        }
        traces = await self.rows.find_traces(sorted(wanted))
        # The row itself is no trace of its call; one put aside anew in its place is no longer marked as sent.
        if all(id in traces and (traces[id] or id != row.id) for id in wanted):
            await self.rows.delete(row)
            return Try(row.id, Outcome.APPLIED)
        return Try(row.id, Outcome.WAITING)

    def _open(self, sealed: bytes) -> bytes | None:
        try:
            return self._keyring.open_entry(sealed)
        except ConfigurationFault:
            return None

    def _decode(self, row: QuarantinedCall, body: bytes) -> DecodedBody:
        # The row's message id is part of made-up ids, so that two tries of the same call have the same one.
        return decode_calls(body, row.kind, row.at_ms, row.source, row.message_id, region=self.region)


def _waits(one: Try | None) -> bool:
    return one is None or one.outcome is Outcome.WAITING
