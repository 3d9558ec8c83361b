"""How questions travel to the owner of the columnar store, and answers or faults back. Loads none of its libraries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from base.errors import BadInput, ErrorCode, KithError, Unavailable
from base.keys import Keyring


def sealed_question(keyring: Keyring, name: str, args: Sequence[object]) -> bytes:
    """A question by its name, with arguments of JSON and bytes."""
    return keyring.seal_entry(msgspec.msgpack.encode([name, list(args)]))


def open_question(keyring: Keyring, question: bytes) -> tuple[str, list[Any]]:
    """What `sealed_question` sealed."""
    name, args = msgspec.msgpack.decode(keyring.open_entry(question), type=tuple[str, list[Any]])
    return name, args


def sealed(keyring: Keyring, reply: Mapping[str, object]) -> bytes:
    """An answer, or a fault in its place."""
    return keyring.seal_entry(msgspec.msgpack.encode(reply))


def reply_of(fault: KithError) -> dict[str, object]:
    """A fault in the place of an answer."""
    return {"fault": [fault.code.value, fault.message, fault.hint, fault.field]}


def answer_of(keyring: Keyring, reply: bytes) -> dict[str, Any]:
    """What was answered.

    Raises:
        KithError: the fault that it ended with.
    """
    answer: dict[str, Any] = msgspec.msgpack.decode(keyring.open_entry(reply))
    if "fault" in answer:
        code, message, hint, field = answer["fault"]
        if code == ErrorCode.UNAVAILABLE:
            raise Unavailable(message, hint=hint)
        if code == ErrorCode.BAD_USER_INPUT:
            raise BadInput(message, hint=hint, field=field)
        raise KithError(ErrorCode(code), message, hint=hint, field=field)
    return answer
