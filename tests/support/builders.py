"""Bodies of the tracking API as an SDK sends them; every argument has a default that works."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import count

_message_numbers = count(1)


def make_track(
    event: str = "Order Completed",
    *,
    user_id: str | None = "user-1",
    properties: Mapping[str, object] | None = None,
    **more: object,
) -> dict[str, object]:
    """One `track` call. `more` are further top-level fields, e.g. `messageId`, `timestamp`, `context`."""
    return _make("track", user_id, event=event, properties=dict(properties or {}), **more)


def make_identify(
    *, user_id: str | None = "user-1", traits: Mapping[str, object] | None = None, **more: object
) -> dict[str, object]:
    """One `identify` call. `more` as in `make_track`."""
    return _make("identify", user_id, traits=dict(traits or {}), **more)


def make_batch(calls: Sequence[Mapping[str, object]], **more: object) -> dict[str, object]:
    """A `/v1/batch` body. `more` are batch-level fields, e.g. `sentAt`, `writeKey`."""
    return {"batch": list(calls), **more}


def _make(kind: str, user_id: str | None, **fields: object) -> dict[str, object]:
    call: dict[str, object] = {"type": kind, "messageId": f"message-{next(_message_numbers)}", **fields}
    if user_id is not None:
        call["userId"] = user_id
    return call
