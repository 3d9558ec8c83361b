"""How long events and attributes of a name are kept, and what is removed when that is over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple

from graph.client import GraphClient, Transaction
from graph.personal import Field
from graph.queries import load

_LIST_ALL = load("retention/list_all")
_PUT = load("retention/put")
_DELETE = load("retention/delete")
_LOCK = load("retention/lock")
_END_RUN = load("retention/end_run")
_LIST_RUNS = load("retention/list_runs")
_LIST_EVENTS = load("retention/list_events")
_COUNT_EVENTS = load("retention/count_events")
_THIN_EVENTS = load("retention/thin_events")
_PAGE_OLD_VALUES = load("retention/page_old_values")
_GET_TRAITS = load("retention/get_traits")
_SET_TRAITS = load("retention/set_traits")

# One line a night.
KEPT_RUNS = 400


class Kept(StrEnum):
    """What a rule is about."""

    EVENT = "EVENT"
    ATTRIBUTE = "ATTRIBUTE"


@dataclass(frozen=True, slots=True)
class RetentionRule:
    """Events of a name are kept for so many days; of an attribute, values that were not reported again for so long."""

    kind: Kept
    name: str
    days: int
    reason: str
    at_ms: int

    @property
    def key(self) -> str:
        """Its key."""
        return key_of(self.kind, self.name)


class Run(NamedTuple):
    """What a night removed."""

    at_ms: int
    started_at_ms: int
    removed: int


class OldEvent(NamedTuple):
    """An event and the identifier that it hangs on."""

    id: str
    uid: str


class OldValue(NamedTuple):
    """What a source last reported of an identifier, and when (ms)."""

    uid: str
    name: str
    source: str
    at_ms: int


class OldPage(NamedTuple):
    """The old values of a page of identifiers; `last` is None at the end."""

    last: str | None
    old: Sequence[OldValue]


class CallTraits(NamedTuple):
    """The traits (JSON) of a call on an identifier."""

    id: str
    uid: str
    source: str
    at_ms: int
    traits: str


class TraitsRow(NamedTuple):
    """What a call keeps of its traits, JSON; None for nothing."""

    id: str
    traits: str | None


def key_of(kind: Kept, name: str) -> str:
    """The key of a rule."""
    return f"{kind}:{name}"


class RetentionRepository:
    """Reads; each method is one statement."""

    def __init__(self, graph: GraphClient):
        self._graph = graph

    async def list_all(self) -> list[RetentionRule]:
        """By kind and name."""
        return [_rule(row) for row in await self._graph.read(_LIST_ALL)]

    async def list_runs(self, key: str, count: int) -> list[Run]:
        """Newest first."""
        rows = await self._graph.read(_LIST_RUNS, key=key, count=count)
        return [Run(row["at"], row["started"], row["removed"]) for row in rows]

    async def count_events(self, name: str, before_ms: int) -> tuple[int, int | None]:
        """How many events happened before an instant, and when the oldest did (ms)."""
        (row,) = await self._graph.read(_COUNT_EVENTS, name=name, before=before_ms)
        return row["count"], row["oldest"]

    async def list_events(self, name: str, before_ms: int, count: int) -> list[OldEvent]:
        """Some events from before an instant, in no order."""
        rows = await self._graph.read(_LIST_EVENTS, name=name, before=before_ms, count=count)
        return [OldEvent(row["id"], row["uid"]) for row in rows]

    async def page_old_values(self, after: str, size: int, before_ms: Mapping[str, int]) -> OldPage:
        """Values of attributes (name → before which instant they are old) on identifiers behind a uid."""
        rules = [{"name": name, "before": before} for name, before in before_ms.items()]
        (row,) = await self._graph.read(_PAGE_OLD_VALUES, after=after, size=size, rules=rules)
        return OldPage(row["last"], [OldValue(*one) for one in row["old"]])


async def lock(tx: Transaction) -> list[RetentionRule]:
    """All rules, under the lock of their changes."""
    await tx.run(_LOCK)
    return [_rule(row) for row in await tx.run(_LIST_ALL)]


async def put(tx: Transaction, rule: RetentionRule) -> None:
    """Make or change a rule."""
    await tx.run(
        _PUT, key=rule.key, kind=rule.kind.value, name=rule.name, days=rule.days, reason=rule.reason, at=rule.at_ms
    )


async def delete(tx: Transaction, key: str) -> None:
    """Forget a rule."""
    await tx.run(_DELETE, key=key)


async def end_run(tx: Transaction, key: str, started_ms: int, now_ms: int, removed: int) -> None:
    """Note what a night removed."""
    await tx.run(_END_RUN, key=key, started=started_ms, at=now_ms, removed=removed, keep=KEPT_RUNS)


async def thin_events(tx: Transaction, ids: Sequence[str], before_ms: int, uids: Sequence[str]) -> int:
    """Leave of events from before an instant only that there was a call; how many.

    Args:
        uids: that they hang on, locked.
    """
    tx.touched.hung.update(uids)
    return int((await tx.run(_THIN_EVENTS, ids=ids, before=before_ms))[0]["count"])


async def get_traits(tx: Transaction, uids: Sequence[str]) -> list[CallTraits]:
    """The traits of calls on identifiers, in no order."""
    rows = await tx.run(_GET_TRAITS, uids=uids)
    open_ = tx.personal.open
    return [
        CallTraits(row["id"], row["uid"], row["source"], row["at"], open_(row["traits"], Field.TRAITS, row["id"]))
        for row in rows
    ]


async def set_traits(tx: Transaction, rows: Sequence[TraitsRow]) -> None:
    """Replace the traits of calls."""
    plain = [row._asdict() for row in sorted(rows)]
    await tx.run(_SET_TRAITS, rows=tx.personal.sealed_rows(plain, "id", {"traits": Field.TRAITS}))


def _rule(row: Mapping[str, Any]) -> RetentionRule:
    return RetentionRule(Kept(row["kind"]), row["name"], row["days"], row["reason"], row["at"])
