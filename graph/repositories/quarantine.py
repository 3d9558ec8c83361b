"""Calls that were put aside: why, and the sealed call itself, for a look and for another try."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict

import msgspec

from base.clock import MAX_MS
from graph.client import GraphClient, Transaction
from graph.queries import load

_PUT = load("quarantine/put")
_LIST_PAGE = load("quarantine/list_page")
_LIST_REPLAYED = load("quarantine/list_replayed")
_COUNT_REASONS = load("quarantine/count_reasons")
_GET_MANY = load("quarantine/get_many")
_SET_REPLAYED = load("quarantine/set_replayed")
_FIND_TRACES = load("quarantine/find_traces")
_DELETE = load("quarantine/delete")


class QuarantineRow(TypedDict):
    """A call to put aside.

    Args:
        id: its call id.
        at: when the gateway received it, ms.
        sealed: `Keyring.seal_entry` of a body of that kind, as `IngestStream.append` takes it; or bytes that nobody
            can open.
    """

    id: str
    message_id: str
    source: str
    kind: str
    reason: str
    detail: str
    at: int
    sealed: bytes


class QuarantinedCall(msgspec.Struct, frozen=True):
    """A call that was put aside.

    Args:
        at_ms: when the gateway received it.
        replayed_at_ms: when it was sent again; None when it was put aside anew since, or never sent.
        times: how often it was put aside.
    """

    id: str
    message_id: str
    source: str
    kind: str
    reason: str
    detail: str
    at_ms: int
    replayed_at_ms: int | None
    times: int


async def put(tx: Transaction, rows: Sequence[QuarantineRow]) -> None:
    """Put calls aside, inside a batch's transaction. Repeating it does no harm."""
    if rows:
        await tx.run(_PUT, rows=sorted(rows, key=lambda row: row["id"]))


class QuarantineRepository:
    """Reads of the quarantine, and the steps of another try."""

    def __init__(self, graph: GraphClient):
        self._graph = graph

    async def list_page(
        self, count: int, reason: str | None = None, after: QuarantinedCall | None = None
    ) -> list[QuarantinedCall]:
        """The newest calls put aside, or those after the last of the page before."""
        before_at, before_id = (after.at_ms, after.id) if after else (MAX_MS, "")
        rows = await self._graph.read(_LIST_PAGE, before_at=before_at, before_id=before_id, reason=reason, count=count)
        return [_call(row["row"]) for row in rows]

    async def list_replayed(self, count: int) -> list[str]:
        """Ids of calls whose other try has not been seen to end."""
        return [row["id"] for row in await self._graph.read(_LIST_REPLAYED, count=count)]

    async def count_reasons(self) -> dict[str, int]:
        """How many calls are put aside by reason, most first."""
        return {row["reason"]: row["total"] for row in await self._graph.read(_COUNT_REASONS)}

    async def get_many(self, ids: Sequence[str]) -> list[tuple[QuarantinedCall, bytes]]:
        """Calls with their sealed bodies; unknown ids are missing."""
        rows = await self._graph.read(_GET_MANY, ids=list(ids))
        return [(_call(row["row"]), row["sealed"]) for row in rows]

    async def set_replayed(self, id: str, now_ms: int) -> None:
        """Note that a call is about to be sent again."""

        async def work(tx: Transaction) -> None:
            await tx.run(_SET_REPLAYED, id=id, now_ms=now_ms)

        await self._graph.write("quarantine_set_replayed", work)

    async def find_traces(self, ids: Sequence[str]) -> dict[str, bool]:
        """Call id → whether it was applied; one that is only in the quarantine is False, an unknown one missing."""
        return {row["id"]: row["applied"] for row in await self._graph.read(_FIND_TRACES, ids=list(ids))}

    async def delete(self, call: QuarantinedCall) -> bool:
        """Remove a call that has been dealt with; False when it was put aside again since it was read."""

        async def work(tx: Transaction) -> bool:
            rows = await tx.run(_DELETE, id=call.id, replayed_at=call.replayed_at_ms)
            return bool(rows and rows[0]["deleted"])

        return await self._graph.write("quarantine_delete", work)


def _call(row: Sequence[object]) -> QuarantinedCall:
    names = QuarantinedCall.__struct_fields__
    return msgspec.convert(dict(zip(names, row, strict=True)), QuarantinedCall)
