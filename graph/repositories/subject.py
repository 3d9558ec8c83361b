"""Everything about one person, for that person: only what is theirs by the identity of now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

from base.clock import MAX_MS
from graph.client import GraphClient, Row
from graph.personal import Field
from graph.queries import load

_GET = load("subject/get")
_LIST_HOLDS = load("subject/list_holds")
_LIST_CALLS = load("subject/list_calls")
_GET_CALLS = load("subject/get_calls")
_LIST_GROUPS = load("subject/list_groups")

# How a call hangs on an identifier: an event, another call, or either of them that was taken back.
Hanging: TypeAlias = Literal["DID", "CALLED", "WITHDRAWN"]


class Person(NamedTuple):
    """Who an id means; times in ms."""

    id: str
    created_at_ms: int
    updated_at_ms: int
    earlier: tuple[str, ...]


class Hold(NamedTuple):
    """An identifier while it is or was somebody's; times in ms.

    Args:
        cipher: None when no call has shown it.
        until_ms: None: it is theirs now.
        whole: nobody else ever had it.
        first_seen_ms, last_seen_ms: of the identifier, whoever had it then.
    """

    uid: str
    namespace: str
    cipher: bytes | None
    status: str
    from_ms: int
    until_ms: int | None
    whole: bool
    first_seen_ms: int | None
    last_seen_ms: int | None

    def covers(self, at_ms: int) -> bool:
        """Whether it was theirs at an instant."""
        return self.from_ms <= at_ms and (self.until_ms is None or at_ms < self.until_ms)


class CallPlace(NamedTuple):
    """Where a call is in the order of a person's calls, newest first."""

    at_ms: int
    id: str


FIRST_CALL = CallPlace(MAX_MS + 1, "")


@dataclass(frozen=True, slots=True)
class StoredCall:
    """A call; documents are encoded JSON, None for none. An event has a name, another call a kind."""

    id: str
    at: int
    kind: str | None
    name: str | None
    received_at: int
    source: str
    properties: str | None
    traits: str | None
    group: str | None
    group_traits: str | None
    context: str | None
    extra: str | None


class GroupSpan(NamedTuple):
    """A group, and when the earliest and the newest call named it (ms)."""

    key: str
    first_at_ms: int
    last_at_ms: int


class SubjectRepository:
    """Each method is one statement."""

    def __init__(self, graph: GraphClient):
        self._graph = graph

    async def find(self, customer: str) -> Person | None:
        """Who a living or retired id means now; None: nobody."""
        rows = await self._graph.read(_GET, id=customer)
        if not rows:
            return None
        row = rows[0]
        return Person(row["id"], row["created_at"], row["updated_at"], tuple(sorted(row["earlier"])))

    async def list_holds(self, customer: str) -> list[Hold]:
        """What a living customer has and had, by uid and time."""
        rows = await self._graph.read(_LIST_HOLDS, id=customer)
        names = ("uid", "namespace", "cipher", "status", "start", "until", "whole", "first_seen", "last_seen")
        found = [Hold(*(row[name] for name in names)) for row in rows]
        return sorted(found, key=lambda hold: (hold.uid, hold.from_ms))

    async def list_calls(self, customer: str, hanging: Hanging, after: CallPlace, count: int) -> list[CallPlace]:
        """Places of calls, newest first, ties by id descending."""
        rows = await self._graph.read(
            _LIST_CALLS, id=customer, type=hanging, after_ms=after.at_ms, after_id=after.id, count=count
        )
        return [CallPlace(row["at"], row["id"]) for row in rows]

    async def get_calls(self, customer: str, ids: Sequence[str], until_ms: int) -> dict[str, StoredCall]:
        """Those of the calls that are a living customer's and were received until an instant (ms), by id."""
        rows = await self._graph.read(_GET_CALLS, customer=customer, ids=list(ids), until=until_ms)
        return {row["id"]: StoredCall(**{**row, **self._opened(row)}) for row in rows}

    def _opened(self, row: Row) -> dict[str, str | None]:
        open_ = self._graph.personal.open
        return {
            field: None if row[field] is None else open_(row[field], field, row["id"])
            for field in (Field.PROPERTIES, Field.TRAITS, Field.GROUP_TRAITS, Field.CONTEXT, Field.EXTRA)
        }

    async def list_groups(self, customer: str) -> list[GroupSpan]:
        """The groups that a living customer's own calls name, by key."""
        rows = await self._graph.read(_LIST_GROUPS, id=customer)
        return [GroupSpan(row["key"], row["first_at"], row["last_at"]) for row in rows]
