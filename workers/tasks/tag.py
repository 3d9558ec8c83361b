"""Builds tags in the background, on a schedule too, and deletes them. Whether a tag needs it is its status."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import cast
from zoneinfo import ZoneInfo

from base import clock, logs
from graph.client import Transaction
from graph.repositories import segment as segment_repository
from graph.repositories import tag as repository
from graph.repositories.tag import BUILDING
from graph.repositories.tag_build import Scheduled
from rules.needs import tag_name
from rules.tags.periods import DAILY, WEEKLY, period_start
from workers.tasks.building import build, remove
from workers.tasks.columns import build_tag_from_columns
from workers.tasks.services import TaskServices

PAGE_VALUES = 5_000
# How long a failed run on a schedule rests before it is tried again.
RETRY_AFTER_MS = 600_000

_log = logs.get_logger()


async def build_tag(ctx: Mapping[str, object], key: str, version: int) -> None:
    """Compute a tag for everybody, see `building.build`."""
    services = cast("TaskServices", ctx["services"])
    await build(services, "build_tag", services.tag_builds, tag_name(key), key, version, build_tag_from_columns)


async def delete_tag(ctx: Mapping[str, object], key: str) -> None:
    """Take a hidden tag out of the graph: its values and moves, then itself."""
    services = cast("TaskServices", ctx["services"])
    await remove(services, "delete_tag", services.tag_builds, key, _remove_once)


async def _remove_once(services: TaskServices, key: str) -> bool:
    """Remove all that hangs on the tag now, then the node; False when something was added meanwhile."""
    while await services.tag_builds.remove_values(key, PAGE_VALUES):
        pass
    while await services.tag_builds.remove_moves(key, PAGE_VALUES):
        pass
    while await services.tag_builds.remove_given(key, PAGE_VALUES):
        pass
    return await services.tag_builds.remove_tag(key)


async def start_scheduled_builds(services: TaskServices, zone: ZoneInfo) -> int:
    """Have tags built whose day or week has begun since their last build; several workers may do so.

    Returns:
        How many builds were started.

    Raises:
        Unavailable: Neo4j is away; the next turn tries again.
    """
    now_ms = clock.now_ms()
    started = 0
    for tag in await services.tag_builds.list_scheduled():
        if is_due(tag, now_ms, zone):
            version = await services.graph.write("start_tag_build", partial(_start, key=tag.key, now_ms=now_ms))
            if version is not None:
                await services.queue.enqueue("build_tag", tag.key, version)
                started += 1
    return started


def is_due(tag: Scheduled, now_ms: int, zone: ZoneInfo) -> bool:
    """Whether a run is due: one for each calendar day, or week from Monday on, in the tag's zone. Pure.

    Args:
        zone: of tags that name none.
    """
    if tag.failed_at is not None and now_ms < tag.failed_at + RETRY_AFTER_MS:
        return False
    own = ZoneInfo(tag.zone) if tag.zone else zone
    return tag.as_of is None or tag.as_of < period_start(tag.mode, now_ms, own)


async def _start(tx: Transaction, key: str, now_ms: int) -> int | None:
    """The version to build; None when the tag is not waiting for its time any more."""
    await segment_repository.lock_catalogue(tx)
    known = await repository.find(tx, key)
    if known is None or known.status not in ("SCHEDULED", "FAILED") or known.mode not in (DAILY, WEEKLY):
        return None
    await repository.set_status(tx, key=key, status=BUILDING, now_ms=now_ms)
    return known.version
