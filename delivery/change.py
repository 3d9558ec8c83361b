"""One change of one membership, as the outbox, the stream and every subscriber carry it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import msgspec

ChangeKind = Literal["ENTERED", "EXITED"]
CauseKind = Literal["EVENT", "ATTRIBUTE", "TAG", "SEGMENT", "TIME", "IDENTITY", "RULE", "IMPORT", "ERASURE"]


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """A customer entered or left a segment.

    Positions count 1, 2, 3 … over the whole deployment in the order of commits; sequences count 1, 2, 3 … per segment
    and customer.

    Args:
        segment: the segment's key.
        occurred_at: the instant at which the rule's answer changed, ms since 1970 UTC.
        event_id: the event behind cause EVENT; None for every other cause.
    """

    position: int
    id: str
    kind: ChangeKind
    segment: str
    segment_version: int
    customer: str
    sequence: int
    occurred_at: int
    cause: CauseKind
    event_id: str | None = None


@dataclass(frozen=True, slots=True)
class PublishedChange:
    """A change as a subscriber gets it.

    Args:
        cursor: where to go on after this change, see `delivery.cursor`.
        published_at: when it entered the stream, ms since 1970 UTC; a rebuilt stream has new instants.
    """

    change: Change
    cursor: str
    published_at: int


_encoder = msgspec.json.Encoder()
# The first field of the body: the outbox puts it there when the position is known, under the lock of commits.
_POSITION = b'{"position":'
_decoder = msgspec.json.Decoder(Change)


def encode(change: Change) -> bytes:
    """The JSON body of a :Change node and of a stream entry."""
    return _encoder.encode(change)


def encode_without_position(change: Change) -> str:
    """What follows the position in the body."""
    return _encoder.encode(change)[len(_POSITION) + len(str(change.position)) :].decode()


def decode(body: bytes | str) -> Change:
    """The change behind a JSON body.

    Raises:
        msgspec.DecodeError: no JSON, or another shape.
    """
    return _decoder.decode(body)
