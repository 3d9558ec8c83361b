"""Facts are loaded as far back as rules look, and again where an older answer is asked for."""

from __future__ import annotations

from base import clock
from graph.client import Transaction
from tests.support.fake_clock import START_MS, FakeClock
from tests.support.line import Line, assert_sequences
from workers.live.facts import REACH_STEP_MS, load_states, reach
from workers.live.state import CustomerState, StateCache

HOUR_MS = 3_600_000
RULES = {
    "hour": {"event": {"name": "Bought", "window": {"last": "PT1H"}}},
    "twice-a-day": {"event": {"name": "Bought", "values": [2], "window": {"last": "P1D"}}},
    "ever": {"event": {"name": "Viewed"}},
}


def did(number: int, name: str, at_ms: int) -> dict[str, object]:
    return {"type": "track", "event": name, "messageId": f"m{number}", "userId": "u", "timestamp": clock.iso(at_ms)}


async def test_what_no_rule_can_see_is_not_loaded(line: Line, now: FakeClock) -> None:
    for key, rule in RULES.items():
        await line.segment(key, rule)
    ages = [HOUR_MS // 2, 20 * HOUR_MS, 30 * HOUR_MS, 5_000 * HOUR_MS]
    await line.apply(
        *(did(number, "Bought", START_MS - age) for number, age in enumerate(ages)),
        *(did(10 + number, "Viewed", START_MS - age) for number, age in enumerate(ages)),
    )
    customer = str(await line.customer("user_id", "u"))

    async def loaded(tx: Transaction, from_ms: int) -> CustomerState:
        catalogue = await line.live.renewed(tx)
        return (await load_states(tx, [customer], catalogue, line.keyring, from_ms))[customer]

    state = await line.graph.write("test", lambda tx: loaded(tx, START_MS))
    assert list(state.events["Bought"].at_ms) == [START_MS - 20 * HOUR_MS, START_MS - HOUR_MS // 2]
    assert len(state.events["Viewed"]) == len(ages), "a rule without a window looks at all time"
    older = await line.graph.write("test", lambda tx: loaded(tx, START_MS - 10 * HOUR_MS))
    assert len(older.events["Bought"]) == 3
    assert older.reach_ms < state.reach_ms <= START_MS


def test_a_state_is_of_no_use_for_older_answers_than_it_reaches() -> None:
    cache = StateCache()
    cache.put([CustomerState("cus", 1, 1, reach(START_MS))])
    assert cache.take("cus", 1, 1, START_MS - 3 * REACH_STEP_MS) is None
    cache.put([CustomerState("cus", 1, 1, reach(START_MS))])
    assert cache.take("cus", 1, 1, START_MS) is not None
    assert reach(START_MS) <= START_MS - REACH_STEP_MS


async def test_after_a_long_stop_the_past_is_told_as_it_was(line: Line, now: FakeClock) -> None:
    """A sweep that stood still for days asks of instants that the worker's own states do not reach."""
    for key, rule in RULES.items():
        await line.segment(key, rule)
    sweep = line.sweep()
    await sweep.step(now.ms)
    await line.apply(did(1, "Bought", START_MS - HOUR_MS // 2), did(2, "Bought", START_MS - 1))
    now.ms += 60 * HOUR_MS
    # The customer is looked at while the sweep is behind, then swept step by step.
    await line.apply(did(3, "Viewed", now.ms))
    for _ in range(70):
        await sweep.step(now.ms)
    told = [(change.kind, change.segment, change.occurred_at) for change in await line.changes()]
    assert ("EXITED", "hour", START_MS - 1 + HOUR_MS) in told
    assert ("EXITED", "twice-a-day", START_MS - HOUR_MS // 2 + 24 * HOUR_MS) in told
    assert_sequences(await line.changes())
