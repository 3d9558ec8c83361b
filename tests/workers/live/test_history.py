"""What live evaluation leaves behind of a stay that ended."""

from __future__ import annotations

from graph.repositories.segment_history import FIRST_PLACE, SegmentHistoryRepository
from tests.support.fake_clock import FakeClock
from tests.support.line import Line
from tests.workers.live.test_live_segments import EVER, TWICE_IN_10_S, bought, members
from workers.decisions.execution import Said


async def test_a_stay_keeps_its_times_versions_and_what_ended_it(line: Line, now: FakeClock) -> None:
    await line.segment("s", TWICE_IN_10_S)
    sweep, start = line.sweep(), now.ms
    await sweep.step(now.ms)
    await line.apply(bought(1, start))
    now.ms += 4_020
    await line.apply(bought(2, start + 4_000))
    customer = (await members(line, "s")).pop()
    await line.segment("s", {**TWICE_IN_10_S}, version=2)
    now.ms = start + 10_400
    await sweep.step(now.ms)

    [stay] = await SegmentHistoryRepository(line.graph).list_of_customer(customer, FIRST_PLACE, 10)

    assert (stay.since_ms, stay.until_ms, stay.sequence) == (start + 4_000, start + 10_000, 2)
    assert (stay.entered_version, stay.left_version, stay.ended_by) == (1, 2, "TIME")


async def test_who_is_merged_away_leaves_and_the_survivor_has_both_histories(line: Line, now: FakeClock) -> None:
    await line.segment("s", EVER)
    await line.sweep().step(now.ms)
    await line.apply(bought(1, now.ms, "a"), bought(2, now.ms, "b"))
    one, other = sorted(await members(line, "s"))
    now.ms += 1_000
    await line.desk().merge(one, other, Said("ann", "one person"))
    [survivor] = await members(line, "s")

    history = SegmentHistoryRepository(line.graph)
    stays = await history.list_of_customer(survivor, FIRST_PLACE, 10)
    assert {(stay.customer, stay.until_ms, stay.ended_by) for stay in stays} == {
        (survivor, None, None),
        ({one, other}.difference({survivor}).pop(), now.ms, "IDENTITY"),
    }
    assert await history.scan_members("s", now.ms - 1, "", 10) == ([one], None)
    assert await history.scan_members("s", now.ms, "", 10) == ([survivor], None)
