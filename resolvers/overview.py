"""Everything that is defined, counted: now, over time, and what of it should be looked at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from base.clock import now_ms
from base.errors import BadInput
from graph.repositories.overview import KEPT_DAYS, Counts, DaySnapshot, Snapshot
from graph.repositories.segment import SegmentRecord
from graph.repositories.tag import TagRecord
from graph.repositories.usage import SINCE
from resolvers import counts
from resolvers.context import RequestContext
from resolvers.definitions import RESTING
from resolvers.maintenance import Neglect, staleness
from resolvers.rule_users import users_of
from rules.days import day_of

# What one answer names; more is no list for people.
MAX_FINDINGS: Final = 1_000
# Who asks for something once a month uses it.
UNUSED_MS: Final = timedelta(days=35) // timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Finding:
    """A tag or segment that should be looked at.

    Args:
        kind: TAG or SEGMENT.
        as_of_ms: of its last build; None before the first.
    """

    kind: str
    key: str
    name: str
    neglect: Neglect
    as_of_ms: int | None


@dataclass(frozen=True, slots=True)
class NamedCount:
    """How many have a name."""

    name: str
    count: int


@dataclass(frozen=True, slots=True)
class ShownCounts:
    """Tags or segments, counted in three ways."""

    total: int
    by_kind: Sequence[NamedCount]
    by_status: Sequence[NamedCount]
    by_folder: Sequence[NamedCount]


@dataclass(frozen=True, slots=True)
class Point:
    """The counts of a day, like `2026-07-01`; of the present for today."""

    day: str
    at_ms: int
    customers: int
    tags: ShownCounts
    segments: ShownCounts


@dataclass(frozen=True, slots=True)
class Overview:
    """The present, the days before it, and what should be looked at."""

    now: Point
    over_time: Sequence[Point]
    findings: Sequence[Finding]


async def overview(context: RequestContext, days: int) -> Overview:
    """Everything counted.

    Args:
        days: calendar days of the deployment's zone, with today, whose counts are those of the present.

    Raises:
        BadInput: more days than are kept.
    """
    if not 1 <= days <= KEPT_DAYS:
        raise BadInput(f"1 to {KEPT_DAYS} days.", field="days")
    at_ms = now_ms()
    services = context.services
    # Days are kept of everything, and of what everybody may see: what else somebody saw then is not known.
    names = context.viewer.names
    today = day_of(at_ms, services.zone)
    now = _point(context, DaySnapshot(date.fromordinal(today).isoformat(), await services.overview.count(at_ms, names)))
    first = date.fromordinal(today - days + 1).isoformat()
    days_kept = await services.overview.list_days(first, only_open=names is not None)
    kept = [_point(context, one) for one in days_kept if one.day < now.day]
    return Overview(now, [*kept, now], await _findings(context, at_ms))


async def _findings(context: RequestContext, at_ms: int) -> list[Finding]:
    _, segments = await context.services.segments.list_all()
    _, tags = await context.services.tags.list_all()
    named = users_of(segments, tags)
    last_uses = await context.services.last_uses.list_all()
    found: list[Finding] = []
    for kind, things in (("TAG", tags), ("SEGMENT", segments)):
        for thing in things:
            if not context.viewer.sees(thing.sharing):
                continue
            is_used = (kind.lower(), thing.key) in named or _was_used(thing, last_uses, at_ms)
            found += (
                Finding(kind, thing.key, thing.name, neglect, thing.as_of_ms)
                for neglect in _neglects(context, thing, at_ms, is_used=is_used)
            )
    order = list(Neglect)
    found.sort(key=lambda one: (order.index(one.neglect), one.kind, one.key))
    return found[:MAX_FINDINGS]


def _neglects(
    context: RequestContext, thing: TagRecord | SegmentRecord, at_ms: int, *, is_used: bool
) -> Iterator[Neglect]:
    stale = staleness(thing, at_ms, context.services.zone)
    if stale is not None:
        yield stale
    # What rests costs nothing.
    if not is_used and thing.status not in RESTING:
        yield Neglect.UNUSED


def _was_used(thing: TagRecord | SegmentRecord, last_uses: Mapping[str, int], at_ms: int) -> bool:
    """Whether somebody has asked for it within `UNUSED_MS`, or could not have done so for as long."""
    noted_ms = last_uses.get(SINCE)
    if noted_ms is None:
        return True
    return at_ms - max(noted_ms, thing.created_at_ms, last_uses.get(thing.id, 0)) < UNUSED_MS


def _point(context: RequestContext, day: DaySnapshot) -> Point:
    snapshot: Snapshot = day.snapshot
    customers = counts.shown(context, snapshot.customers, "everybody")
    return Point(day.day, snapshot.at_ms, customers, _shown(snapshot.tags), _shown(snapshot.segments))


def _shown(of: Counts) -> ShownCounts:
    return ShownCounts(of.total, _named(of.kinds), _named(of.statuses), _named(of.folders))


def _named(counted: Mapping[str, int]) -> list[NamedCount]:
    return [NamedCount(name, count) for name, count in counted.items()]
