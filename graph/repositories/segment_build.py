"""The state of builds and deletions on :Segment nodes. The status is the truth; jobs in Redis only follow it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from base import clock
from graph.client import GraphClient, Transaction
from graph.queries import Query, load
from graph.repositories import maintenance
from graph.repositories.maintenance import Maintained

_LIST_UNFINISHED = load("segment_build/list_unfinished")
_GET_STATE = load("segment_build/get_state")
_SET_PROGRESS = load("segment_build/set_progress")
_SET_RESULT = load("segment_build/set_result")
_GET_RESULT = load("segment_build/get_result")
_FINISH = load("segment_build/finish")
_FAIL = load("segment_build/fail")
_REMOVE_MEMBERS = load("segment_build/remove_members")
_REMOVE_INTERVALS = load("segment_build/remove_intervals")
_REMOVE_LIST = load("segment_build/remove_list")
_REMOVE_SEGMENT = load("segment_build/remove_segment")

BUILDING = "BUILDING"
DELETING = "DELETING"


@dataclass(frozen=True, slots=True)
class BuildState:
    """Which version of a segment has which status, and how far its build is.

    Args:
        progress: 0 to 1.
        built_until: id of the last customer that a build over the graph is done with; "" at its beginning.
        document: JSON of the rule, or of a tag's definition.
        zone: of a tag; None for the deployment's.
        keep_old: of a tag, whether a value stays when there is none any more.
    """

    key: str
    version: int
    status: str
    progress: float = 0.0
    built_until: str = ""
    document: str = "null"
    zone: str | None = None
    keep_old: bool = False


@dataclass(frozen=True, slots=True)
class BuildResult:
    """What a build found, while it is brought to the graph.

    Args:
        name: by which the columnar store knows it.
    """

    name: str
    count: int
    as_of_ms: int


@dataclass(frozen=True, slots=True)
class RemovedMember:
    """A membership that a deletion ended; `sequence` is that of the change that had begun it."""

    customer: str
    segment_version: int
    sequence: int


class SegmentBuildRepository:
    """Each method is one transaction. The writers say False when a newer version or a deletion has taken over."""

    def __init__(self, graph: GraphClient):
        self._graph = graph

    async def list_unfinished(self) -> list[BuildState]:
        """Segments to build or to delete, in no order."""
        rows = await self._graph.read(_LIST_UNFINISHED)
        return [BuildState(row["key"], row["version"], row["status"]) for row in rows]

    async def find_state(self, key: str) -> BuildState | None:
        """The segment's state, whatever its status."""
        rows = await self._graph.read(_GET_STATE, key=key)
        if not rows:
            return None
        row = rows[0]
        return BuildState(
            row["key"], row["version"], row["status"], row["progress"], row["built_until"], row["document"]
        )

    async def set_progress(self, key: str, version: int, progress: float, built_until: str) -> bool:
        """Note progress, 0 to 1, and the last customer that the build is done with."""
        return bool(
            await self._write(_SET_PROGRESS, key=key, version=version, progress=progress, built_until=built_until)
        )

    async def set_result(self, key: str, version: int, result: BuildResult) -> bool:
        """Note what the build found, for whoever counts or lists before it is in the graph."""
        return bool(
            await self._write(
                _SET_RESULT, key=key, version=version, result=result.name, count=result.count, as_of=result.as_of_ms
            )
        )

    async def find_result(self, key: str) -> BuildResult | None:
        """What a build under way found, which is not in the graph yet."""
        rows = await self._graph.read(_GET_RESULT, key=key)
        return BuildResult(**rows[0]) if rows else None

    async def begin_run(self, key: str, version: int) -> None:
        """Note when a build began, unless it goes on."""

        async def work(tx: Transaction) -> None:
            await maintenance.begin_run(tx, Maintained.SEGMENT, key, version, clock.now_ms())

        await self._graph.write("segment_build/begin_run", work)

    async def finish(self, key: str, version: int, as_of_ms: int) -> bool:
        """Make a built segment live, and add the run to its maintenance record."""
        return await self._end(_FINISH, key, None, version=version, as_of=as_of_ms)

    async def fail(self, key: str, version: int, error: str) -> bool:
        """Mark a build as failed; `error` is shown to people, and stands in the maintenance record."""
        return await self._end(_FAIL, key, error, version=version, error=error)

    async def remove_intervals(self, key: str, limit: int) -> int:
        """Remove closed intervals of a segment that is being deleted; returns how many."""
        return (await self._write(_REMOVE_INTERVALS, key=key, limit=limit))[0]

    async def remove_list(self, key: str, limit: int) -> int:
        """Take identifiers off the list of a segment that is being deleted; returns how many."""
        return (await self._write(_REMOVE_LIST, key=key, limit=limit))[0]

    async def remove_segment(self, key: str) -> bool:
        """Remove the node of a segment that is being deleted; False while somebody hangs on it."""

        async def work(tx: Transaction) -> bool:
            removed = int((await tx.run(_REMOVE_SEGMENT, key=key))[0]["removed"]) > 0
            if removed:
                tx.touched.dropped.add(key)
            return removed

        return await self._graph.write(_REMOVE_SEGMENT.name, work)

    async def _end(self, query: Query, key: str, fault: str | None, **parameters: object) -> bool:
        async def work(tx: Transaction) -> bool:
            ended = bool(await tx.run(query, key=key, **parameters))
            if ended:
                await maintenance.end_run(tx, Maintained.SEGMENT, key, fault, clock.now_ms())
            return ended

        return await self._graph.write(query.name, work)

    async def _write(self, query: Query, **parameters: object) -> list[int]:
        """The only column of each row."""

        async def work(tx: Transaction) -> list[int]:
            return [next(iter(row.values())) for row in await tx.run(query, **parameters)]

        return await self._graph.write(query.name, work)


async def remove_members(tx: Transaction, key: str, ids: Sequence[str]) -> list[RemovedMember]:
    """End memberships of customers that this transaction has locked; ascending by customer."""
    rows = await tx.run(_REMOVE_MEMBERS, key=key, ids=list(ids))
    return [RemovedMember(row["customer"], row["version"], row["sequence"]) for row in rows]
