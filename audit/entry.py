"""One entry of the operation log: names and ids, never a value of a person."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Final

import msgspec

# A list of 100 customers names the first of them and says how many there were.
MAX_NAMED = 20
MAX_TEXT = 200
# What can be a key, an id or a name. Somebody may write anything into an argument, an address of a person too.
_NAME: Final = re.compile(rf"[\w.:|/$ -]{{1,{MAX_TEXT}}}")
NO_NAME: Final = "(not a name)"


class Outcome(StrEnum):
    """What became of it."""

    OK = "OK"
    REFUSED = "REFUSED"
    FAILED = "FAILED"
    UNKNOWN = "UNKNOWN"


class Actor(msgspec.Struct, frozen=True):
    """Who did it; `id` never changes its meaning, `name` is for readers."""

    id: str
    name: str
    roles: tuple[str, ...] = ()


class Entry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Who did what. Stored as JSON, of which every byte is chained.

    Args:
        at_ms: when it began.
        module: customer, segment, tag, identity, registry, …
        action: the name of the field of the API, or of the command.
        user, user_name, roles: as `Actor`.
        object: the key or id that it was about; identifiers as their keyed hash.
        code: of `ErrorCode`, when it was refused or failed.
        dry_run: nothing was to be changed.
        purpose: why personal data was read, as the reader said.
        customers: who was read, `MAX_NAMED` at most; `customer_count` counts all.
        fields: what was shown of them in clear.
    """

    at_ms: int
    module: str
    action: str
    user: str
    user_name: str
    roles: tuple[str, ...] = ()
    object: str | None = None
    ip: str | None = None
    request_id: str | None = None
    outcome: Outcome = Outcome.OK
    code: str | None = None
    dry_run: bool = False
    purpose: str | None = None
    customers: tuple[str, ...] = ()
    customer_count: int = 0
    fields: tuple[str, ...] = ()


class Stored(msgspec.Struct, frozen=True, gc=False):
    """An entry in its place in the chain."""

    seq: int
    hash: str
    entry: Entry


encode: Final = msgspec.json.Encoder().encode
decode: Final = msgspec.json.Decoder(Entry).decode


def named(value: object) -> str | None:
    """A key, an id or a name as an entry may hold it; what cannot be one is not repeated."""
    if value is None:
        return None
    text = str(value)
    return text if _NAME.fullmatch(text) else NO_NAME
