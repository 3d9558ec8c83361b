"""Calls that cannot be applied, as quarantine keeps them. Pure."""

from __future__ import annotations

from base.ids import call_id
from base.keys import Keyring
from graph.repositories.quarantine import QuarantineRow
from ingest.calls import Rejected
from ingest.stream import Entry
from workers.applier.batch import PreparedCall

_DETAIL = {
    "DAMAGED": "The entry of the ingest stream does not open with this deployment's key.",
    "WORKER_DIED": "Every worker that took this request died before it was applied.",
    "APPLY_FAILED": "Applying the call raised an internal error; the log has it under `call_quarantined`.",
}


def failed_row(keyring: Keyring, source: str, received_at_ms: int, rejected: Rejected) -> QuarantineRow:
    """A call that decoding refused."""
    return QuarantineRow(
        id=call_id(source, rejected.message_id),
        message_id=rejected.message_id,
        source=source,
        kind=rejected.kind,
        reason=rejected.reason,
        detail=rejected.detail,
        at=received_at_ms,
        sealed=keyring.seal_entry(rejected.raw),
    )


def quarantine_row(keyring: Keyring, entry: Entry, reason: str, call: PreparedCall | None = None) -> QuarantineRow:
    """A whole entry, or one call of it, put aside for a reason of this module's table."""
    message_id = call.call.message_id if call is not None else f"entry:{entry.id}"
    body = call.call.standalone() if call is not None else entry.body
    return QuarantineRow(
        id=call_id(entry.source, message_id),
        message_id=message_id,
        source=entry.source,
        kind=call.call.kind if call is not None else entry.kind,
        reason=reason,
        detail=_DETAIL[reason],
        at=entry.received_at_ms,
        # A damaged entry is sealed already, with a key that is not here.
        sealed=body if entry.damaged else keyring.seal_entry(body),
    )
