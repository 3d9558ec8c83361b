"""The two kinds of changes, as the outbox, the stream and every subscriber carry them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

import msgspec

ChangeKind = Literal["ENTERED", "EXITED"]
CustomerChangeKind = Literal["MERGED", "SPLIT", "ERASED"]
CauseKind = Literal["EVENT", "ATTRIBUTE", "TAG", "SEGMENT", "TIME", "IDENTITY", "RULE", "IMPORT", "ERASURE"]


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """A customer entered or left a segment.

    Positions count 1, 2, 3 … over the whole deployment and both kinds of changes, in the order of commits; sequences
    count 1, 2, 3 … per segment and customer.

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


class CustomerChange(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody became one with somebody else, came apart, or was erased.

    | kind | customer | other |
    |---|---|---|
    | MERGED | a retired id | its survivor; None: it lost its last identifier and is nobody |
    | SPLIT | who lost identifiers | the new or returned id that has them now |
    | SPLIT | an id that was nobody and is somebody again | None |
    | ERASED | who was erased | None |

    Args:
        position: in the same count as those of segments; before the changes of segments that follow from it.
        occurred_at: when it took effect, ms since 1970 UTC.
        decision: the line of the decision log that tells of it; None without one.
    """

    position: int
    id: str
    kind: CustomerChangeKind
    customer: str
    other: str | None
    occurred_at: int
    decision: str | None = None


AnyChange: TypeAlias = Change | CustomerChange


@dataclass(frozen=True, slots=True)
class PublishedChange:
    """A change of a segment as a subscriber gets it.

    Args:
        cursor: where to go on after this change, see `delivery.cursor`.
        published_at: when it entered the stream, ms since 1970 UTC; a rebuilt stream has new instants.
    """

    change: Change
    cursor: str
    published_at: int


@dataclass(frozen=True, slots=True)
class PublishedCustomerChange:
    """The same of a customer."""

    change: CustomerChange
    cursor: str
    published_at: int


class _Kind(msgspec.Struct):
    kind: str


_encoder = msgspec.json.Encoder()
# The first field of the body: the outbox puts it there when the position is known, under the lock of commits.
_POSITION = b'{"position":'
_kind_decoder = msgspec.json.Decoder(_Kind)
_decoder = msgspec.json.Decoder(Change)
_customer_decoder = msgspec.json.Decoder(CustomerChange)
_OF_CUSTOMERS = frozenset(get_args(CustomerChangeKind))


def encode(change: AnyChange) -> bytes:
    """The JSON body of a :Change node and of a stream entry."""
    return _encoder.encode(change)


def encode_without_position(change: AnyChange) -> str:
    """What follows the position in the body."""
    return _encoder.encode(change)[len(_POSITION) + len(str(change.position)) :].decode()


def decode(body: bytes | str) -> AnyChange:
    """The change behind a JSON body; its kind tells which of the two it is.

    Raises:
        msgspec.DecodeError: no JSON, or another shape.
    """
    try:
        # Nearly all are of segments: only the others pay for a look at their kind.
        return _decoder.decode(body)
    except msgspec.ValidationError:
        if _kind_decoder.decode(body).kind not in _OF_CUSTOMERS:
            raise
        return _customer_decoder.decode(body)
