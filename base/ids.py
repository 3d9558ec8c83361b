"""Opaque ids. A prefix tells the kind apart, so one `node(id)` serves them all."""

from __future__ import annotations

import os
import time
from base64 import b32hexencode
from hashlib import blake2b

CUSTOMER_PREFIX = "cus_"
EVENT_PREFIX = "evt_"
SEGMENT_PREFIX = "seg_"
TAG_PREFIX = "tag_"
CHANGE_PREFIX = "chg_"
DECISION_PREFIX = "dec_"
POLICY_PREFIX = "pol_"
REVIEW_PREFIX = "rev_"
NOTE_PREFIX = "note_"

_RANDOM_BYTES = 9


def new_customer_id() -> str:
    """A fresh id, e.g. `cus_0d1k…`: 6 bytes of time and 9 random ones, so that the index grows at its end."""
    return CUSTOMER_PREFIX + _time_ordered()


def new_decision_id() -> str:
    """A fresh id of a line of the decision log; ids of later decisions sort later."""
    return DECISION_PREFIX + _time_ordered()


def new_policy_id() -> str:
    """A fresh id of a version of the policy of identity, or of a trial."""
    return POLICY_PREFIX + _time_ordered()


def new_note_id() -> str:
    """A fresh id of a note of the operation log."""
    return NOTE_PREFIX + _time_ordered()


def change_id(customer: str, segment: str, sequence: int, at_ms: int) -> str:
    """The id of one change of one membership; the same whenever it is derived again. 120 bits."""
    return CHANGE_PREFIX + _digest(f"{customer}\x00{segment}\x00{sequence}\x00{at_ms}")


def customer_change_id(kind: str, customer: str, other: str | None, at_ms: int) -> str:
    """The id of one change of a customer. 120 bits."""
    return CHANGE_PREFIX + _digest(f"{kind}\x00{customer}\x00{other or ''}\x00{at_ms}")


def update_id(asked: str, customer: str | None, version: int) -> str:
    """The id of the news that whoever `asked` means is `customer` now, at this version. 120 bits."""
    return CHANGE_PREFIX + _digest(f"UPDATED\x00{asked}\x00{customer or ''}\x00{version}")


def call_id(source: str, message_id: str) -> str:
    """The id under which a call takes effect once: the same for the same source and message id, for ever.

    Hashed because message ids are the caller's text of any length. 120 bits.
    """
    return EVENT_PREFIX + _digest(f"{source}\x00{message_id}")


def review_id(kind: str, *about: str) -> str:
    """The id of an item of the review list: the same for the same cause, for ever. 120 bits."""
    return REVIEW_PREFIX + _digest("\x00".join((kind, *about)))


def _time_ordered() -> str:
    raw = (time.time_ns() // 1_000_000).to_bytes(6, "big") + os.urandom(_RANDOM_BYTES)
    return b32hexencode(raw).decode().lower()


def _digest(text: str) -> str:
    return b32hexencode(blake2b(text.encode("utf-8", "surrogatepass"), digest_size=15).digest()).decode().lower()
