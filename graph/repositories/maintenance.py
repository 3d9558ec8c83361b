"""The maintenance record of each tag and segment: runs, edits, changes of status. Bounded by number and age."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from enum import StrEnum
from typing import Any, Final

import msgspec

from graph.client import GraphClient, Transaction
from graph.queries import load

_ADD = load("maintenance/add")
_BEGIN_RUN = load("maintenance/begin_run")
_END_RUN = load("maintenance/end_run")
_LIST_PAGE = load("maintenance/list_page")
_SUM_RUNS = load("maintenance/sum_runs")
_FORGET = load("maintenance/forget")

# Of each tag and segment; a daily tag has one line a day.
KEPT_RECORDS: Final = 400
# After all numbers.
NO_NUMBER: Final = 2**62


class Maintained(StrEnum):
    """What has a maintenance record."""

    SEGMENT = "SEGMENT"
    TAG = "TAG"


class RecordKind(StrEnum):
    """What happened."""

    CREATED = "CREATED"
    EDITED = "EDITED"
    STATUS = "STATUS"
    RUN = "RUN"


class MaintenanceRecord(msgspec.Struct, frozen=True, gc=False):
    """One line; what its kind does not have is None.

    Args:
        number: of the line, ascending in time.
        at_ms: of a run, when it ended.
        version, status: afterwards.
        author: who did it; None for the service.
        changes: what was changed, by the names of inputs.
        started_at_ms: of a run.
        customers: of a run, who had a value or were members at its end.
        error: why a run failed.
    """

    number: int
    kind: str
    at_ms: int
    version: int
    status: str
    status_before: str | None
    author: str | None
    reason: str | None
    changes: tuple[str, ...]
    started_at_ms: int | None
    customers: int | None
    error: str | None

    @property
    def duration_ms(self) -> int | None:
        """How long a run took."""
        return None if self.started_at_ms is None else self.at_ms - self.started_at_ms


class RunSums(msgspec.Struct, frozen=True, gc=False):
    """The last run, and what the runs of a time cost together."""

    last: MaintenanceRecord | None
    runs: int
    duration_ms: int
    customers: int


class MaintenanceRepository:
    """Each method is one statement. Tags and segments are named by id: a key may be used again."""

    def __init__(self, graph: GraphClient):
        self._graph = graph

    async def list_page(
        self, of: str, before: int, kinds: Collection[str] | None, count: int
    ) -> list[MaintenanceRecord]:
        """Lines of numbers below one, newest first; all kinds for None."""
        asked = None if kinds is None else list(kinds)
        rows = await self._graph.read(_LIST_PAGE, of=of, before=before, kinds=asked, count=count)
        return [_record(row["record"]) for row in rows]

    async def sum_runs(self, ids: Sequence[str], since_ms: int) -> dict[str, RunSums]:
        """Id → its last run, and the cost of its runs since an instant."""
        rows = await self._graph.read(_SUM_RUNS, ids=list(ids), since=since_ms)
        return {
            row["id"]: RunSums(
                None if row["last"] is None else _record(row["last"]), row["runs"], row["duration"], row["customers"]
            )
            for row in rows
        }

    async def forget(self, before_ms: int, limit: int) -> int:
        """Remove lines from before an instant; returns how many, `limit` at most."""

        async def work(tx: Transaction) -> int:
            return int((await tx.run(_FORGET, before=before_ms, limit=limit))[0]["removed"])

        return await self._graph.write(_FORGET.name, work)


async def note(
    tx: Transaction,
    of: str,
    kind: RecordKind,
    *,
    version: int,
    status: str,
    now_ms: int,
    author: str,
    reason: str | None = None,
    changes: Sequence[str] = (),
    status_before: str | None = None,
) -> None:
    """Add what somebody did to a tag or segment, in the transaction that does it."""
    properties = {
        "kind": kind.value,
        "at": now_ms,
        "version": version,
        "status": status,
        "author": author,
        "reason": reason,
        "changes": list(changes) or None,
        "status_before": status_before,
    }
    await tx.run(_ADD, of=of, properties=properties, keep=KEPT_RECORDS)


async def begin_run(tx: Transaction, what: Maintained, key: str, version: int, now_ms: int) -> None:
    """Note when a build began, unless it goes on."""
    await tx.run(_BEGIN_RUN, what=what.value, key=key, version=version, now_ms=now_ms)


async def end_run(
    tx: Transaction, what: Maintained, key: str, error: str | None, now_ms: int, started_ms: int | None = None
) -> None:
    """Add a build that has just come to its end, in the transaction that ends it; or an import.

    Args:
        started_ms: of an import; a build has noted when it began.
    """
    await tx.run(_END_RUN, what=what.value, key=key, error=error, started=started_ms, now_ms=now_ms, keep=KEPT_RECORDS)


def _record(row: Mapping[str, Any]) -> MaintenanceRecord:
    known = dict(row)
    return MaintenanceRecord(
        at_ms=known.pop("at"),
        started_at_ms=known.pop("started_at"),
        changes=tuple(known.pop("changes") or ()),
        **known,
    )
