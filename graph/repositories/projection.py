"""What the columnar store follows: notes of what was touched, and the nodes that they name as they are now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from base.keys import EMPTY_DOCUMENT
from graph.client import GraphClient, Transaction
from graph.personal import Field
from graph.queries import load
from graph.repositories.change import StoredChange
from graph.repositories.live import SealedIdentifier

_PAGE_EVERYBODY = load("projection/page_everybody")
_PAGE_IDENTIFIERS = load("identity/page_identifiers")
_GET_CUT = load("projection/get_cut")
_TAKE_CUT = load("projection/take_cut")
_LIST_TOUCHED = load("projection/list_touched")
_LIST_CHANGES = load("projection/list_changes")
_GET_CUSTOMERS = load("projection/get_customers")
_GET_MEMBERS = load("projection/get_members")
_GET_MOVES = load("projection/get_moves")
_GET_STAYS = load("projection/get_stays")
_GET_OWNERS = load("projection/get_owners")
_GET_EVENTS = load("projection/get_events")
_GET_HANGING = load("projection/get_hanging")
_FIND_UNTIL = load("touched/find_until")
_DELETE_UNTIL = load("touched/delete_until")


@dataclass(frozen=True, slots=True)
class Cut:
    """The last positions of changes and of notes at one instant, 0 before the first."""

    changes: int = 0
    touched: int = 0


@dataclass(frozen=True, slots=True)
class Note:
    """What one transaction touched; see `graph.touched`.

    Args:
        changes: the last position of the log of changes then.
    """

    position: int
    events: Sequence[str]
    customers: Sequence[str]
    owned: Sequence[str]
    hung: Sequence[str]
    moved: Sequence[str] = ()
    cleared: Sequence[str] = ()
    dropped: Sequence[str] = ()
    changes: int = 0


class ProjectedTag(NamedTuple):
    """A value of a tag (JSON) since an instant (ms)."""

    tag: str
    value: str
    since_ms: int


@dataclass(frozen=True, slots=True)
class ProjectedCustomer:
    """A living customer; `attributes` is JSON."""

    id: str
    created_at_ms: int
    attributes: str
    sealed: tuple[SealedIdentifier, ...]
    tags: tuple[ProjectedTag, ...]


class ProjectedMember(NamedTuple):
    """A customer in a segment, by its key, since when (ms)."""

    customer: str
    segment: str
    since_ms: int


class ProjectedMove(NamedTuple):
    """A customer moved from one stage of a life cycle to another at an instant (ms); None for none."""

    customer: str
    tag: str
    at_ms: int
    before: str | None
    stage: str | None
    reason: str
    version: int


class ProjectedStay(NamedTuple):
    """A customer was in a segment (ms), or is (until is None).

    Args:
        entered_version, left_version: of the rule; equal while it lasts.
        sequence: of the change that ended it, or of the one that began it while it lasts.
        cause: that ended it.
    """

    customer: str
    segment: str
    since_ms: int
    until_ms: int | None
    entered_version: int
    left_version: int
    sequence: int
    cause: str | None


class ProjectedOwner(NamedTuple):
    """A customer had an identifier from ≤ t < to (ms); to is None while it has it."""

    uid: str
    customer: str
    from_ms: int
    to_ms: int | None


class ProjectedEvent(NamedTuple):
    """An event on its identifier; `properties` is JSON."""

    uid: str
    name: str
    at_ms: int
    id: str
    properties: str


class ProjectionRepository:
    """Reads of the projection; every method is one statement, and answers in one record."""

    def __init__(self, graph: GraphClient):
        self._graph = graph

    async def get_cut(self) -> Cut:
        """How far the logs go now; the last transaction may not be visible as a whole yet."""
        rows = await self._graph.read(_GET_CUT)
        return Cut(rows[0]["changes"], rows[0]["touched"]) if rows else Cut()

    async def take_cut(self, now_ms: int) -> Cut:
        """How far they go, everything up to there being visible; waits for a commit that is under way."""

        async def work(tx: Transaction) -> Cut:
            rows = await tx.run(_TAKE_CUT, now=now_ms)
            return Cut(rows[0]["changes"], rows[0]["touched"]) if rows else Cut()

        return await self._graph.write("projection/take_cut", work)

    async def list_touched(self, after: int, until: int, limit: int) -> list[Note]:
        """Notes with after < position ≤ until, ascending, at most `limit`."""
        rows = await self._graph.read(_LIST_TOUCHED, after=after, until=until, limit=limit)
        return [Note(*row) for row in rows[0]["notes"]]

    async def list_changes(self, after: int, until: int, limit: int) -> list[StoredChange]:
        """Changes with after < position ≤ until, ascending, at most `limit`."""
        rows = await self._graph.read(_LIST_CHANGES, after=after, until=until, limit=limit)
        return [StoredChange(*row) for row in rows[0]["changes"]]

    async def page_everybody(self, after: str, size: int) -> list[str]:
        """Ids of customers after one, those who live no longer included, ascending, at most `size`."""
        return [row["id"] for row in await self._graph.read(_PAGE_EVERYBODY, after=after, size=size)]

    async def page_identifiers(self, after: str, size: int) -> list[str]:
        """Uids of identifiers after one, ascending, at most `size`."""
        return [row["uid"] for row in await self._graph.read(_PAGE_IDENTIFIERS, after=after, size=size)]

    async def get_customers(self, ids: Sequence[str]) -> list[ProjectedCustomer]:
        """Those of them who live."""
        rows = (await self._graph.read(_GET_CUSTOMERS, ids=ids))[0]["customers"]
        return [
            ProjectedCustomer(
                id_,
                created_at,
                self._graph.personal.open(attributes, Field.ATTRIBUTES, id_),
                tuple(SealedIdentifier(*one) for one in sealed),
                tuple(ProjectedTag(*one) for one in tags),
            )
            for id_, created_at, attributes, sealed, tags in rows
        ]

    async def get_members(self, ids: Sequence[str]) -> list[ProjectedMember]:
        """The segments of customers."""
        return [ProjectedMember(*row) for row in (await self._graph.read(_GET_MEMBERS, ids=ids))[0]["members"]]

    async def get_moves(self, ids: Sequence[str]) -> list[ProjectedMove]:
        """Moves of customers between stages, whether they live or not."""
        return [ProjectedMove(*row) for row in (await self._graph.read(_GET_MOVES, ids=ids))[0]["moves"]]

    async def get_stays(self, ids: Sequence[str]) -> list[ProjectedStay]:
        """Times of customers in segments, whether they live or not."""
        return [ProjectedStay(*row) for row in (await self._graph.read(_GET_STAYS, ids=ids))[0]["stays"]]

    async def get_owners(self, uids: Sequence[str]) -> list[ProjectedOwner]:
        """Everybody who has or had one of the identifiers."""
        return [ProjectedOwner(*row) for row in (await self._graph.read(_GET_OWNERS, uids=uids))[0]["owners"]]

    async def get_events(self, ids: Sequence[str]) -> list[ProjectedEvent]:
        """Events by id, without those that were taken back."""
        return self._events((await self._graph.read(_GET_EVENTS, ids=ids))[0]["events"])

    async def get_hanging(self, uids: Sequence[str]) -> list[ProjectedEvent]:
        """All events on the identifiers."""
        return self._events((await self._graph.read(_GET_HANGING, uids=uids))[0]["events"])

    def _events(self, rows: Sequence[Sequence[Any]]) -> list[ProjectedEvent]:
        open_ = self._graph.personal.open
        return [
            ProjectedEvent(uid, name, at, id_, open_(properties or EMPTY_DOCUMENT, Field.PROPERTIES, id_))
            for uid, name, at, id_, properties in rows
        ]

    async def find_until(self, before_ms: int, limit: int) -> int | None:
        """Of the `limit` oldest notes, the last that is older than the instant."""
        position: int | None = (await self._graph.read(_FIND_UNTIL, before=before_ms, limit=limit))[0]["position"]
        return position

    async def delete_until(self, position: int, limit: int) -> int:
        """Remove at most `limit` notes up to and including `position`, lowest first; returns how many."""

        async def work(tx: Transaction) -> int:
            return int((await tx.run(_DELETE_UNTIL, until=position, limit=limit))[0]["deleted"])

        return await self._graph.write("touched/delete_until", work)
