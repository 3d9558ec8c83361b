"""What became of calls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from base.errors import BadInput
from base.ids import call_id
from resolvers.context import RequestContext

MAX_MESSAGE_IDS = 100


@dataclass(frozen=True, slots=True)
class IngestStatus:
    """One call's state; `reason` says why it is in the quarantine."""

    message_id: str
    state: str
    reason: str | None = None


async def status_of(context: RequestContext, message_ids: Sequence[str]) -> list[IngestStatus]:
    """The state of each message id, in the order given; from any source.

    Raises:
        BadInput: too many message ids.
    """
    if len(message_ids) > MAX_MESSAGE_IDS:
        raise BadInput(f"At most {MAX_MESSAGE_IDS} message ids.", field="messageIds")
    services = context.services
    # Waiting first, applied second: a call that is applied in between is then found twice, never not at all.
    waiting = await services.pending.pending_message_ids(message_ids)
    sources = await services.events.list_sources()
    ids = {call_id(source, message_id): message_id for source in sources for message_id in message_ids}
    found = await services.events.find_applied(list(ids)) if ids else {}
    by_message: dict[str, IngestStatus] = {}
    for one, reason in found.items():
        message_id = ids[one]
        if reason is None:
            by_message[message_id] = IngestStatus(message_id, "APPLIED")
        else:
            by_message.setdefault(message_id, IngestStatus(message_id, "QUARANTINED", reason))
    return [by_message.get(one) or IngestStatus(one, "PENDING" if one in waiting else "UNKNOWN") for one in message_ids]
