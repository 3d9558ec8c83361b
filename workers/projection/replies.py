"""How an answer or a fault travels from the owner of the columnar store to its asker. Loads none of its libraries."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from base.errors import BadInput, ErrorCode, KithError, Unavailable


def reply_of(fault: KithError) -> dict[str, object]:
    """A fault in the place of an answer."""
    return {"fault": [fault.code.value, fault.message, fault.hint, fault.field]}


def answer_of(reply: Mapping[str, object]) -> Mapping[str, Any]:
    """What was answered.

    Raises:
        KithError: the fault that it ended with.
    """
    if "fault" in reply:
        code, message, hint, field = cast("list[Any]", reply["fault"])
        if code == ErrorCode.UNAVAILABLE:
            raise Unavailable(message, hint=hint)
        if code == ErrorCode.BAD_USER_INPUT:
            raise BadInput(message, hint=hint, field=field)
        raise KithError(ErrorCode(code), message, hint=hint, field=field)
    return reply
