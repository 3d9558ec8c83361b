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

_RANDOM_BYTES = 9


def new_customer_id() -> str:
    """A fresh id, e.g. `cus_0d1k…`: 6 bytes of time and 9 random ones, so that the index grows at its end."""
    raw = (time.time_ns() // 1_000_000).to_bytes(6, "big") + os.urandom(_RANDOM_BYTES)
    return CUSTOMER_PREFIX + b32hexencode(raw).decode().lower()


def call_id(source: str, message_id: str) -> str:
    """The id under which a call takes effect once: the same for the same source and message id, for ever.

    Hashed because message ids are the caller's text of any length. 128 bits.
    """
    digest = blake2b(f"{source}\x00{message_id}".encode("utf-8", "surrogatepass"), digest_size=15).digest()
    return EVENT_PREFIX + b32hexencode(digest).decode().lower()
