"""Cursors of the change log: opaque to clients, and impossible to make up.

A cursor is the position of the change it came with, under a keyed hash. Whoever sends one has received that change
from this deployment (or another with the same secret), so a cursor ahead of the stream means that the stream lost its
end, not that somebody guesses.
"""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode

from base.errors import BadInput
from base.keys import Keyring

# What a client sends for "everything that is kept".
OLDEST = "0"

_POSITION_BYTES = 8
# 64 bits: a guess hits once in 1.8e19 tries, and a hit only moves the guesser's own place in the log.
_TAG_CHARS = 11
_BODY_CHARS = 11
_NAMESPACE = "change-cursor"
_HINT = 'Send a cursor exactly as it was received, "0" for the oldest change kept, or null for changes from now on.'


class Cursors:
    """Makes and reads cursors with a deployment's keys. No I/O."""

    def __init__(self, keyring: Keyring):
        self._keyring = keyring

    def encode(self, position: int) -> str:
        """The cursor after the change at that position, 22 URL-safe characters."""
        body = urlsafe_b64encode(position.to_bytes(_POSITION_BYTES, "big")).rstrip(b"=").decode()
        return body + self._tag(position)

    def decode(self, cursor: str) -> int:
        """The position behind a cursor; 0 for `OLDEST`.

        Raises:
            BadInput: not made by `encode` with these keys.
        """
        if cursor == OLDEST:
            return 0
        position = _position_of(cursor)
        # Compared whole, so that no second spelling of a cursor (spare bits of base64) is accepted.
        if position is None or not hmac.compare_digest(self.encode(position), cursor):
            raise BadInput("The cursor is not one of this service.", hint=_HINT, field="after")
        return position

    def _tag(self, position: int) -> str:
        return self._keyring.uid(_NAMESPACE, str(position)).rpartition("|")[2][:_TAG_CHARS]


def _position_of(cursor: str) -> int | None:
    if len(cursor) != _BODY_CHARS + _TAG_CHARS or not cursor.isascii():
        return None
    try:
        return int.from_bytes(urlsafe_b64decode(cursor[:_BODY_CHARS] + "="), "big")
    except ValueError:
        return None
