"""Builds and deletes segments in the background. Whether a segment needs it is its status, see `recovery`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from base import clock, logs
from base.ids import change_id
from delivery.change import AnyChange, Change
from graph.client import Transaction
from graph.repositories import apply as apply_repository
from graph.repositories.segment import SegmentRepository
from graph.repositories.segment_build import remove_members
from workers.live.outbox import Memberships, commit, positioned
from workers.tasks.building import build, remove
from workers.tasks.columns import build_segment_from_columns
from workers.tasks.services import TaskServices

PAGE_MEMBERS = 500
PAGE_INTERVALS = 5_000

_log = logs.get_logger()


async def build_segment(ctx: Mapping[str, object], key: str, version: int) -> None:
    """Build a segment's rule in full and make it live, see `building.build`."""
    services = cast("TaskServices", ctx["services"])
    await build(services, "build_segment", services.builds, key, key, version, build_segment_from_columns)


async def delete_segment(ctx: Mapping[str, object], key: str) -> None:
    """Take a hidden segment out of the graph: its members leave with a change each, then its history and itself."""
    services = cast("TaskServices", ctx["services"])
    await remove(services, "delete_segment", services.builds, key, _remove_once)


async def _remove_once(services: TaskServices, key: str) -> bool:
    """Remove all that hangs on the segment now, then the node; False when something was added meanwhile."""
    members = SegmentRepository(services.graph)
    while ids := await members.list_members(key, "", PAGE_MEMBERS):
        await _remove_page(services, key, ids)
    while await services.builds.remove_intervals(key, PAGE_INTERVALS):
        pass
    while await services.builds.remove_list(key, PAGE_INTERVALS):
        pass
    return await services.builds.remove_segment(key)


async def _remove_page(services: TaskServices, key: str, ids: list[str]) -> None:
    async def work(tx: Transaction) -> list[AnyChange]:
        now_ms = clock.now_ms()
        # The same lock order as everywhere: customers by id, then the counter of positions.
        locked = await apply_repository.lock_customers(tx, sorted(ids), now_ms)
        removed = await remove_members(tx, key, sorted(locked))
        changes = [
            Change(
                position=0,
                id=change_id(member.customer, key, member.sequence + 1, now_ms),
                kind="EXITED",
                segment=key,
                segment_version=member.segment_version,
                customer=member.customer,
                sequence=member.sequence + 1,
                occurred_at=now_ms,
                cause="RULE",
            )
            for member in removed
        ]
        return positioned(changes, await commit(tx, Memberships(), changes, now_ms))

    await services.publisher.publish(await services.graph.write("remove_members", work))
