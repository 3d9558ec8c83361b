"""Calls put aside with their reason."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict

from base import metrics
from graph.client import Transaction
from graph.queries import load

_PUT = load("quarantine/put_calls")


class QuarantineRow(TypedDict):
    """A call that cannot be applied. `sealed` opens with `Keyring.open_entry` to a body of its kind."""

    id: str
    message_id: str
    source: str
    kind: str
    reason: str
    detail: str
    at: int
    sealed: bytes


async def put(tx: Transaction, rows: Sequence[QuarantineRow]) -> None:
    """Keep calls aside; the same call again replaces its record."""
    await tx.run(_PUT, rows=sorted(rows, key=lambda row: row["id"]))
    for row in rows:
        metrics.QUARANTINED.labels(row["reason"]).inc()
