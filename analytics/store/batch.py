"""What is written to the columnar store at once. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import NamedTuple

from analytics.store.spread import Cell, Cells, Kind


class CustomerCells(NamedTuple):
    """A living customer; `attributes` as `spread` gives them."""

    id: str
    created_at_ms: int
    attributes: Cells


class EventCells(NamedTuple):
    """An event on its identifier; `properties` as `spread` gives them."""

    uid: str
    name: str
    at_ms: int
    id: str
    properties: Cells


class Stretch(NamedTuple):
    """A customer had an identifier from ≤ t < to (ms); None is for ever, at either end."""

    customer: str
    from_ms: int | None = None
    to_ms: int | None = None


class Membership(NamedTuple):
    """A customer is in a segment since an instant (ms), or is not (None)."""

    customer: str
    segment: str
    since_ms: int | None


class TagCells(NamedTuple):
    """A customer's value of a tag since an instant (ms), as `cells_of` gives it."""

    customer: str
    tag: str
    since_ms: int
    cells: Mapping[Kind, Cell]


class StageMove(NamedTuple):
    """A customer moved from one stage of a life cycle to another at an instant (ms); None for none."""

    customer: str
    tag: str
    at_ms: int
    before: str | None
    stage: str | None
    reason: str
    version: int


class SegmentChange(NamedTuple):
    """A customer entered or left a segment at an instant (ms), by a version of its rule.

    Args:
        sequence: counts the changes of the pair from 1.
        cause: of leaving; None for entering.
        position: in the log of changes; 0 where it was read from the graph.
    """

    customer: str
    segment: str
    sequence: int
    entered: bool
    at_ms: int
    version: int
    cause: str | None
    position: int = 0


@dataclass(frozen=True, slots=True)
class Batch:
    """Changes that become visible together.

    Args:
        customers: id → what there is of it now; None when it lives no longer.
        owners: uid → who has had it when; empty when nobody has.
        events: to add.
        rehung: uids all of whose events are replaced by those of `events`.
        doubtful: whether events may be there already, so that those of the same ids are replaced.
        members: the newest state of each pair.
        tags: all values that those of `customers` have who live.
        nowhere: customers who are in no segment any more, before `members`.
        moved: ids of customers all of whose moves are replaced by those of `moves`.
        changes: to add.
        doubtful_changes: whether changes may be there already, so that those of the same pairs and
            sequences are replaced.
        cleared: customers of whose changes nothing is left.
        dropped: segment → the position up to which its changes are to be forgotten, before `changes`.
    """

    customers: Mapping[str, CustomerCells | None] = field(default_factory=dict)
    owners: Mapping[str, Sequence[Stretch]] = field(default_factory=dict)
    events: Sequence[EventCells] = ()
    rehung: Set[str] = frozenset()
    doubtful: bool = False
    members: Sequence[Membership] = ()
    tags: Sequence[TagCells] = ()
    nowhere: Set[str] = frozenset()
    moved: Set[str] = frozenset()
    moves: Sequence[StageMove] = ()
    changes: Sequence[SegmentChange] = ()
    doubtful_changes: bool = False
    cleared: Set[str] = frozenset()
    dropped: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Position:
    """How far the store has followed the graph.

    Args:
        changes, touched: the last positions that it holds.
        doubtful_until: notes of what was touched up to here may name events that a wider read has brought already.
        doubtful_changes_until: the same of changes in the log.
        as_of_ms: everything that was committed up to this instant is in it; 0 while it is not known.
        built: whether everything was read once; what came since is followed.
    """

    changes: int = 0
    touched: int = 0
    doubtful_until: int = 0
    doubtful_changes_until: int = 0
    as_of_ms: int = 0
    built: bool = False


def number_of(name: str) -> int:
    """The number by which tables name a customer or an identifier: 63 bits of a hash of the id or uid.

    Of 20 million names two are equal with a probability of 2 in 100,000. A map of numbers that count up would have to
    be searched by text for every event.
    """
    return int.from_bytes(blake2b(name.encode(), digest_size=8).digest()) >> 1
