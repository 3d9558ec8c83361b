"""Sequences and habits on the real graph: entered by events, left by time, and told to the millisecond."""

from __future__ import annotations

from base import clock
from tests.support.fake_clock import START_MS, FakeClock
from tests.support.line import Line, assert_sequences

ADDED_NOT_BOUGHT_REMOVED = {
    "sequence": {
        "steps": [
            {"event": "Added"},
            {"event": "Bought", "not": True},
            {"event": "Removed", "where": [{"name": "price", "op": "GTE", "values": [100]}]},
        ],
        "within": "PT5S",
        "window": {"last": "PT20S"},
    }
}
STOPPED = {"habit": {"kind": "STOPPED", "name": "Added", "window": {"last": "PT30S"}, "recent": {"last": "PT10S"}}}
REGULARLY = {"habit": {"kind": "REGULARLY", "name": "Added", "periods": {"days": 1, "last": 3, "atLeast": 2}}}


def did(name: str, after_ms: int, **properties: object) -> dict[str, object]:
    return {
        "type": "track",
        "event": name,
        "messageId": f"{name}-{after_ms}",
        "userId": "u",
        "timestamp": clock.iso(START_MS + after_ms),
        "properties": properties,
    }


async def told(line: Line) -> list[tuple[str, int, str]]:
    changes = await line.changes()
    assert_sequences(changes)
    return [(change.kind, change.occurred_at - START_MS, change.cause) for change in changes]


async def test_a_sequence_enters_with_its_last_event_and_leaves_with_its_first(line: Line, now: FakeClock) -> None:
    await line.segment("s", ADDED_NOT_BOUGHT_REMOVED)
    sweep = line.sweep()
    await sweep.step(now.ms)
    await line.apply(did("Added", 0), did("Bought", 1_000))
    now.ms = START_MS + 2_100
    await line.apply(did("Removed", 2_000, price=120))
    assert await told(line) == [], "an order lies between the two"
    now.ms = START_MS + 6_100
    await line.apply(did("Added", 3_000), did("Removed", 5_000, price=20))
    assert await told(line) == [], "the price is too low"
    await line.apply(did("Removed", 6_000, price=100))
    assert await told(line) == [("ENTERED", 6_000, "EVENT")]
    now.ms = START_MS + 22_999
    await sweep.step(now.ms)
    assert len(await told(line)) == 1
    now.ms = START_MS + 23_400
    await sweep.step(now.ms)
    assert (await told(line))[1:] == [("EXITED", 23_000, "TIME")]


async def test_an_event_that_comes_late_breaks_a_sequence(line: Line, now: FakeClock) -> None:
    await line.segment("s", ADDED_NOT_BOUGHT_REMOVED)
    await line.sweep().step(now.ms)
    now.ms = START_MS + 2_100
    await line.apply(did("Added", 0), did("Removed", 2_000, price=120))
    assert await told(line) == [("ENTERED", 2_000, "EVENT")]
    now.ms = START_MS + 4_000
    await line.apply(did("Bought", 1_000))
    assert [(kind, at) for kind, at, _ in (await told(line))[1:]] == [("EXITED", 4_000)]


async def test_a_pause_enters_and_leaves_by_time_and_ends_by_an_event(line: Line, now: FakeClock) -> None:
    await line.segment("s", STOPPED)
    sweep = line.sweep()
    await sweep.step(now.ms)
    await line.apply(did("Added", 0))
    now.ms = START_MS + 10_400
    await sweep.step(now.ms)
    assert await told(line) == [("ENTERED", 10_000, "TIME")]
    now.ms = START_MS + 12_100
    await line.apply(did("Added", 12_000))
    assert (await told(line))[1:] == [("EXITED", 12_000, "EVENT")]
    now.ms = START_MS + 50_000
    await sweep.step(now.ms)
    assert (await told(line))[2:] == [("ENTERED", 22_000, "TIME"), ("EXITED", 42_000, "TIME")]


async def test_regularity_is_lost_at_a_midnight(line: Line, now: FakeClock) -> None:
    day_ms = 86_400_000
    midnight_ms = (START_MS // day_ms + 1) * day_ms - START_MS
    await line.segment("s", REGULARLY)
    sweep = line.sweep()
    await sweep.step(now.ms)
    await line.apply(did("Added", 0))
    assert await told(line) == []
    now.ms = START_MS + midnight_ms + 1_100
    await line.apply(did("Added", midnight_ms + 1_000))
    assert await told(line) == [("ENTERED", midnight_ms + 1_000, "EVENT")]
    now.ms = START_MS + midnight_ms + 3 * day_ms
    for _ in range(100):
        await sweep.step(now.ms)
    assert (await told(line))[1:] == [("EXITED", midnight_ms + 2 * day_ms, "TIME")]
