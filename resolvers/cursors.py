"""Cursors of lists: the place behind an item, opaque and impossible to make up."""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode

import msgspec

from base.errors import BadInput, ConfigurationFault
from base.keys import Keyring

# 64 bits: a guess hits once in 1.8e19 tries, and a hit only moves the guesser's own place in a list.
_TAG_CHARS = 11
# The longest real cursor holds an instant and an id.
_MAX_CURSOR_CHARS = 400
# A sealed one holds up to 100 characters of a value besides, each at most six bytes of JSON.
_MAX_SEALED_CHARS = 1_200

Place = tuple[str | int, ...]


class Cursors:
    """Makes and reads cursors with a deployment's keys. No I/O."""

    def __init__(self, keyring: Keyring):
        self._keyring = keyring

    def encode(self, scope: str, place: Place) -> str:
        """The cursor behind the item at `place` of the kind of list named `scope`; URL-safe."""
        body = urlsafe_b64encode(msgspec.json.encode(place)).rstrip(b"=").decode()
        return self._tag(scope, body) + body

    def decode(self, scope: str, cursor: str, kinds: tuple[type, ...]) -> Place:
        """The place behind a cursor of that kind of list.

        Args:
            kinds: the types of the place's parts.

        Raises:
            BadInput: not made by `encode` with these keys for such a list.
        """
        body = cursor[_TAG_CHARS:]
        if (
            len(cursor) > _MAX_CURSOR_CHARS
            or not cursor.isascii()
            or not hmac.compare_digest(cursor[:_TAG_CHARS], self._tag(scope, body))
        ):
            raise _forged()
        try:
            decoded = urlsafe_b64decode(body + "=" * (-len(body) % 4))
        except ValueError:
            raise _forged() from None
        return _read(decoded, kinds)

    def seal(self, scope: str, place: Place) -> str:
        """As `encode`, for a place that holds values of people: it cannot be read either."""
        sealed = self._keyring.seal_cursor(msgspec.json.encode(place), scope)
        return urlsafe_b64encode(sealed).rstrip(b"=").decode()

    def unseal(self, scope: str, cursor: str, kinds: tuple[type, ...]) -> Place:
        """The place behind a cursor of `seal`; otherwise as `decode`."""
        try:
            if len(cursor) > _MAX_SEALED_CHARS or not cursor.isascii():
                raise _forged()
            place = self._keyring.open_cursor(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)), scope)
        except (ValueError, ConfigurationFault):
            raise _forged() from None
        return _read(place, kinds)

    def _tag(self, scope: str, body: str) -> str:
        return self._keyring.uid(f"list-cursor {scope}", body).rpartition("|")[2][:_TAG_CHARS]


def _read(encoded: bytes, kinds: tuple[type, ...]) -> Place:
    try:
        place = msgspec.json.decode(encoded, type=list[str | int])
    except (ValueError, msgspec.DecodeError):
        raise _forged() from None
    if tuple(map(type, place)) != kinds:
        raise _forged()
    return tuple(place)


def _forged() -> BadInput:
    return BadInput(
        "The cursor is not one of this list.",
        hint="Send a cursor exactly as this list gave it, or none for the first page.",
        field="after",
    )
