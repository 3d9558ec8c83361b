"""What was done to tags and segments, and what keeping them up costs."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from base.clock import now_ms
from graph.repositories.maintenance import NO_NUMBER, MaintenanceRecord, RecordKind
from graph.repositories.segment import FAILED, SegmentRecord
from graph.repositories.tag import BUILDING, TagRecord
from resolvers import counts
from resolvers.context import RequestContext
from resolvers.pages import Page, check_first
from resolvers.rule_users import RuleUser
from rules.tags.periods import MODES, period_start

RECORDS: Final = "maintenance"
# A build on a schedule begins when the period does, and takes its time.
GRACE_MS: Final = timedelta(hours=3) // timedelta(milliseconds=1)


class Neglect(StrEnum):
    """Why a tag or segment should be looked at."""

    FAILED = "FAILED"
    OVERDUE = "OVERDUE"
    UNUSED = "UNUSED"


@dataclass(frozen=True, slots=True)
class Upkeep:
    """What a tag or segment reaches, costs and serves; costs are of 30 days.

    Args:
        coverage: the part of all customers who have a value or are members; None without customers.
        stale: why it is not up to date; None when it is.
    """

    customers: int
    coverage: float | None
    last_run: MaintenanceRecord | None
    runs: int
    duration_ms: int
    run_customers: int
    used_by: Sequence[RuleUser]
    stale: Neglect | None


async def records_page(
    context: RequestContext,
    thing: TagRecord | SegmentRecord,
    kinds: Collection[RecordKind] | None,
    *,
    first: int | None,
    after: str | None,
) -> Page[MaintenanceRecord]:
    """Lines of the maintenance record, newest first; of all kinds for None."""
    first = check_first(first)
    before = NO_NUMBER
    if after is not None:
        before = int(context.services.cursors.decode(RECORDS, after, (int,))[0])
    asked = None if kinds is None else [kind.value for kind in kinds]
    found = await context.services.maintenance.list_page(thing.id, before, asked, first + 1)
    return Page(
        [_seen(context, thing, record) for record in found[:first]],
        cursors=context.services.cursors,
        scope=RECORDS,
        place_of=lambda record: (record.number,),
        has_next_page=len(found) > first,
        resumed=after is not None,
    )


async def upkeep(context: RequestContext, thing: TagRecord | SegmentRecord) -> Upkeep:
    """What a tag or segment reaches, costs and serves now."""
    loaders = context.loaders
    is_tag = isinstance(thing, TagRecord)
    counted = await (loaders.tag_counts if is_tag else loaders.member_counts).load(thing.key)
    customers = counts.shown(context, counted, *_name_of(thing))
    costs = await loaders.run_sums.load(thing.id)
    everybody = counts.shown(context, await loaders.everybody(), "everybody")
    return Upkeep(
        customers=customers,
        coverage=min(1.0, customers / everybody) if everybody else None,
        last_run=None if costs.last is None else _seen(context, thing, costs.last),
        runs=costs.runs,
        duration_ms=costs.duration_ms,
        run_customers=counts.shown(context, costs.customers, "runs", *_name_of(thing)),
        used_by=await loaders.rule_users.load(("tag" if is_tag else "segment", thing.key)),
        stale=staleness(thing, now_ms(), context.services.zone),
    )


def _name_of(thing: TagRecord | SegmentRecord) -> tuple[str, str]:
    """What its customers are counted as, wherever that is."""
    return ("tag" if isinstance(thing, TagRecord) else "segment", thing.key)


def _seen(context: RequestContext, thing: TagRecord | SegmentRecord, record: MaintenanceRecord) -> MaintenanceRecord:
    if record.customers is None:
        return record
    return msgspec.structs.replace(record, customers=counts.shown(context, record.customers, *_name_of(thing)))


def staleness(thing: TagRecord | SegmentRecord, at_ms: int, zone: ZoneInfo) -> Neglect | None:
    """Why something is not as up to date as its mode says, at an instant. What rests is not meant to be. Pure.

    Args:
        zone: of tags that name none.
    """
    if thing.status == FAILED:
        return Neglect.FAILED
    if not isinstance(thing, TagRecord) or thing.mode not in MODES or thing.status not in ("SCHEDULED", BUILDING):
        return None
    own = ZoneInfo(thing.zone) if thing.zone else zone
    begun_ms = period_start(thing.mode, at_ms - GRACE_MS, own)
    built_ms = thing.created_at_ms if thing.as_of_ms is None else thing.as_of_ms
    return Neglect.OVERDUE if built_ms < begun_ms else None
