"""How many tags and segments there are, now and on each day of two years."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from graph.client import GraphClient, Row, Transaction
from graph.queries import load

_COUNT_CUSTOMERS = load("overview/count_customers")
_COUNT_RETIRED = load("overview/count_retired")
_COUNT_DEFINITIONS = load("overview/count_definitions")
_KEEP_DAY = load("overview/keep_day")
_LIST_DAYS = load("overview/list_days")
_FORGET_DAYS = load("overview/forget_days")

# Two years with a day more for a leap year; what answers hold at most.
KEPT_DAYS: Final = 731
# More categories or folders are not counted one by one: the rest is under this name, which none can have.
MAX_FOLDERS: Final = 200
OTHERS: Final = "/"


class Counts(msgspec.Struct, frozen=True, gc=False):
    """Tags or segments by kind, by status, and by category or folder ("" for none), each with all of them."""

    kinds: dict[str, int] = {}
    statuses: dict[str, int] = {}
    folders: dict[str, int] = {}

    @property
    def total(self) -> int:
        """All of them."""
        return sum(self.kinds.values())


class Snapshot(msgspec.Struct, frozen=True, gc=False):
    """The counts of one moment (ms)."""

    at_ms: int
    customers: int
    tags: Counts
    segments: Counts


class DaySnapshot(msgspec.Struct, frozen=True, gc=False):
    """The counts of a day, like `2026-07-01`."""

    day: str
    snapshot: Snapshot


class OverviewRepository:
    """Counts of everything that is defined."""

    def __init__(self, graph: GraphClient):
        self._graph = graph

    async def count_customers(self) -> int:
        """How many customers live."""
        # Retired ones first: a merge in between is one too many, and never one too few.
        retired = (await self._graph.read(_COUNT_RETIRED))[0]["customers"]
        return int((await self._graph.read(_COUNT_CUSTOMERS))[0]["customers"] - retired)

    async def count(self, now_ms: int, viewer: Sequence[str] | None = None) -> Snapshot:
        """Everything that a viewer (of `access.sharing.Viewer.names`) sees, as it is now."""
        rows = await self._graph.read(_COUNT_DEFINITIONS, viewer=viewer)
        return Snapshot(now_ms, await self.count_customers(), _counts(rows, "TAG"), _counts(rows, "SEGMENT"))

    async def keep_day(self, day: str, snapshot: Snapshot, open_: Snapshot) -> None:
        """Keep the counts of a day, of everything and of what everybody may see; those that are kept already stay."""

        async def work(tx: Transaction) -> None:
            await tx.run(
                _KEEP_DAY,
                day=day,
                at=snapshot.at_ms,
                customers=snapshot.customers,
                tags=msgspec.json.encode(snapshot.tags).decode(),
                segments=msgspec.json.encode(snapshot.segments).decode(),
                open_tags=msgspec.json.encode(open_.tags).decode(),
                open_segments=msgspec.json.encode(open_.segments).decode(),
            )

        await self._graph.write(_KEEP_DAY.name, work)

    async def list_days(self, from_day: str, count: int = KEPT_DAYS, *, only_open: bool = False) -> list[DaySnapshot]:
        """The counts of days from one on, ascending; days on which no worker ran are missing.

        Args:
            only_open: of what everybody may see.
        """
        of = "open_" if only_open else ""
        rows = await self._graph.read(_LIST_DAYS, count=count, **{"from": from_day})
        return [
            DaySnapshot(
                row["day"],
                Snapshot(row["at"], row["customers"], _stored(row[f"{of}tags"]), _stored(row[f"{of}segments"])),
            )
            for row in rows
        ]

    async def forget_days(self, before: str) -> int:
        """Remove the counts of days before one; returns how many."""

        async def work(tx: Transaction) -> int:
            return int((await tx.run(_FORGET_DAYS, before=before))[0]["removed"])

        return await self._graph.write(_FORGET_DAYS.name, work)


def _stored(counts: str) -> Counts:
    return msgspec.json.decode(counts, type=Counts)


def _counts(rows: Sequence[Row], what: str) -> Counts:
    kinds: dict[str, int] = {}
    statuses: dict[str, int] = {}
    folders: dict[str, int] = {}
    for row in rows:
        if row["what"] == what:
            for counted, name in ((kinds, row["kind"]), (statuses, row["status"]), (folders, row["folder"])):
                counted[name] = counted.get(name, 0) + row["count"]
    return Counts(_sorted(kinds), _sorted(statuses), _few(folders))


def _few(counted: Mapping[str, int]) -> dict[str, int]:
    """The largest, by name, and the rest together."""
    largest = sorted(counted, key=lambda name: (-counted[name], name))[:MAX_FOLDERS]
    found = _sorted({name: counted[name] for name in largest})
    rest = sum(counted.values()) - sum(found.values())
    return {**found, OTHERS: rest} if rest else found


def _sorted(counted: Mapping[str, int]) -> dict[str, int]:
    return dict(sorted(counted.items()))
