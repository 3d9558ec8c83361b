"""A kept request as it lies in the stream: one sealed message."""

from __future__ import annotations

import msgspec

from base.errors import ConfigurationFault
from base.keys import Keyring


class Payload(msgspec.Struct, array_like=True, frozen=True):
    """A request's body and what the gateway knew about it."""

    kind: str
    received_at_ms: int
    source: str
    body: bytes


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(Payload)


def seal(keyring: Keyring, payload: Payload) -> bytes:
    """The payload, encrypted: bodies hold identifiers in plain text."""
    return keyring.seal_entry(_ENCODER.encode(payload))


def open_sealed(keyring: Keyring, sealed: bytes) -> Payload | None:
    """The payload; None when it is damaged or was sealed with another key."""
    try:
        return _DECODER.decode(keyring.open_entry(sealed))
    except (ConfigurationFault, msgspec.DecodeError):
        return None
