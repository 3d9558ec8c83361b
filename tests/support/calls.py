"""Calls of the tracking API as tests send them."""

from __future__ import annotations

import json
from typing import Any

# 2027-01-15T08:00:00Z
NOW_MS = 1_800_000_000_000


def make_call(kind: str = "track", **fields: Any) -> dict[str, Any]:
    """A call that is taken as it is; name fields to change it, None to leave one out."""
    call: dict[str, Any] = {"type": kind, "userId": "member-1", "messageId": "m-1"}
    if kind == "track":
        call |= {"event": "Order Completed", "properties": {"amount": 12.5}}
    elif kind == "group":
        call["groupId"] = "company-1"
    elif kind == "alias":
        call["previousId"] = "visitor-1"
    call |= fields
    return {key: value for key, value in call.items() if value is not None}


def make_batch(*calls: dict[str, Any], **fields: Any) -> bytes:
    """A batch's body."""
    return json.dumps({"batch": list(calls), **fields}).encode()


def nested(depth: int) -> Any:
    """Lists in lists, `depth` of them."""
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value
