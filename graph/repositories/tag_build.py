"""The state of builds and deletions on :Tag nodes. The status is the truth; jobs in Redis only follow it."""

from __future__ import annotations

from dataclasses import dataclass

from base import clock
from graph.client import GraphClient, Transaction
from graph.queries import Query, load
from graph.repositories import maintenance
from graph.repositories.maintenance import Maintained
from graph.repositories.segment import lock_catalogue
from graph.repositories.segment_build import BuildResult, BuildState

_LIST_UNFINISHED = load("tag_build/list_unfinished")
_LIST_SCHEDULED = load("tag_build/list_scheduled")
_GET_STATE = load("tag_build/get_state")
_SET_PROGRESS = load("tag_build/set_progress")
_SET_RESULT = load("tag_build/set_result")
_GET_RESULT = load("tag_build/get_result")
_FINISH = load("tag_build/finish")
_FAIL = load("tag_build/fail")
_REMOVE_VALUES = load("tag_build/remove_values")
_REMOVE_GIVEN = load("tag_build/remove_given")
_REMOVE_MOVES = load("tag_build/remove_moves")
_GET_SETTLING = load("tag_build/get_settling")
_REMOVE_TAG = load("tag_build/remove_tag")


@dataclass(frozen=True, slots=True)
class Scheduled:
    """A tag that is built on a schedule; times in ms.

    Args:
        mode: DAILY or WEEKLY.
        zone: None for the deployment's.
        as_of: of the last build that came to its end.
        failed_at: when the last build failed, if it did.
    """

    key: str
    mode: str
    zone: str | None
    as_of: int | None
    failed_at: int | None


class TagBuildRepository:
    """Each method is one transaction. The writers say False when a newer version or a deletion has taken over."""

    def __init__(self, graph: GraphClient):
        self._graph = graph

    async def list_unfinished(self) -> list[BuildState]:
        """Tags to build or to delete, in no order."""
        rows = await self._graph.read(_LIST_UNFINISHED)
        return [BuildState(row["key"], row["version"], row["status"]) for row in rows]

    async def list_scheduled(self) -> list[Scheduled]:
        """Tags that are built on a schedule and not at the moment."""
        return [Scheduled(**row) for row in await self._graph.read(_LIST_SCHEDULED)]

    async def find_state(self, key: str) -> BuildState | None:
        """The tag's state, whatever its status."""
        rows = await self._graph.read(_GET_STATE, key=key)
        return BuildState(**rows[0]) if rows else None

    async def set_progress(self, key: str, version: int, progress: float, built_until: str) -> bool:
        """Note progress, 0 to 1, and the last customer that the build is done with."""
        return (
            await self._write(_SET_PROGRESS, key=key, version=version, progress=progress, built_until=built_until) > 0
        )

    async def set_result(self, key: str, version: int, result: BuildResult) -> bool:
        """Note what the build found, for whoever counts before it is in the graph."""
        found = await self._write(
            _SET_RESULT, key=key, version=version, result=result.name, count=result.count, as_of=result.as_of_ms
        )
        return found > 0

    async def find_result(self, key: str) -> BuildResult | None:
        """What a build under way found, which is not in the graph yet."""
        rows = await self._graph.read(_GET_RESULT, key=key)
        return BuildResult(**rows[0]) if rows else None

    async def begin_run(self, key: str, version: int) -> None:
        """Note when a build began, unless it goes on."""

        async def work(tx: Transaction) -> None:
            await maintenance.begin_run(tx, Maintained.TAG, key, version, clock.now_ms())

        await self._graph.write("tag_build/begin_run", work)

    async def finish(self, key: str, version: int, as_of_ms: int) -> bool:
        """Let a built tag be what its mode says, and add the run to its maintenance record."""

        async def work(tx: Transaction) -> bool:
            rows = await tx.run(_GET_SETTLING, key=key)
            if rows and rows[0]["settles"]:
                # Whoever evaluates has to know, from one commit on.
                await lock_catalogue(tx)
            return await _ended(tx, _FINISH, key, None, version=version, as_of=as_of_ms)

        return await self._graph.write(_FINISH.name, work)

    async def fail(self, key: str, version: int, error: str) -> bool:
        """Mark a build as failed; `error` is shown to people, and stands in the maintenance record."""
        return await self._end(_FAIL, key, error, version=version, error=error, at=clock.now_ms())

    async def remove_values(self, key: str, limit: int) -> int:
        """Remove values of a tag that is being deleted; returns how many."""

        async def work(tx: Transaction) -> int:
            rows = await tx.run(_REMOVE_VALUES, key=key, limit=limit)
            customers = rows[0]["customers"] if rows else []
            tx.touched.customers.update(customers)
            return len(customers)

        return await self._graph.write(_REMOVE_VALUES.name, work)

    async def remove_moves(self, key: str, limit: int) -> int:
        """Remove moves between stages of a tag that is being deleted; returns how many."""

        async def work(tx: Transaction) -> int:
            rows = await tx.run(_REMOVE_MOVES, key=key, limit=limit)
            tx.touched.moved.update(rows[0]["customers"])
            return int(rows[0]["removed"])

        return await self._graph.write(_REMOVE_MOVES.name, work)

    async def remove_given(self, key: str, limit: int) -> int:
        """Remove what was imported for a tag that is being deleted; returns for how many identifiers."""
        return await self._write(_REMOVE_GIVEN, key=key, limit=limit)

    async def remove_tag(self, key: str) -> bool:
        """Remove the node of a tag that is being deleted; False while a value is left."""
        return await self._write(_REMOVE_TAG, key=key) > 0

    async def _end(self, query: Query, key: str, fault: str | None, **parameters: object) -> bool:
        async def work(tx: Transaction) -> bool:
            return await _ended(tx, query, key, fault, **parameters)

        return await self._graph.write(query.name, work)

    async def _write(self, query: Query, **parameters: object) -> int:
        """The only column of the only row; 0 without one."""

        async def work(tx: Transaction) -> int:
            rows = await tx.run(query, **parameters)
            return int(next(iter(rows[0].values()))) if rows else 0

        return await self._graph.write(query.name, work)


async def _ended(tx: Transaction, query: Query, key: str, fault: str | None, **parameters: object) -> bool:
    ended = bool(await tx.run(query, key=key, **parameters))
    if ended:
        await maintenance.end_run(tx, Maintained.TAG, key, fault, clock.now_ms())
    return ended
