"""Between the reader and the appliers: who gets which calls, and when an entry is complete."""

from __future__ import annotations

import asyncio
import json

import pytest

from base.keys import Keyring
from graph.repositories.quarantine import QuarantineRow
from ingest.calls import decode_calls
from ingest.stream import Entry
from workers.applier.batch import Preparer
from workers.applier.buffer import Batch, Buffer, Pending

AT = 1_767_225_600_000


@pytest.fixture
def preparer(keyring: Keyring) -> Preparer:
    return Preparer(keyring)


def entry(preparer: Preparer, number: int, *users: str, deliveries: int = 1) -> Pending:
    """An entry with one event for each name."""
    calls = [
        {"type": "track", "event": "E", "messageId": f"{number}-{place}", "userId": user}
        for place, user in enumerate(users)
    ]
    body = json.dumps({"batch": calls}).encode()
    decoded = decode_calls(body, "batch", AT + number, "default", f"{number}-0")
    return Pending(
        Entry(f"{number}-0", "batch", AT + number, "default", body, deliveries), preparer.prepare(decoded.calls), []
    )


def ids(batch: Batch) -> list[str]:
    return [item.call.call.message_id for item in batch.items]


async def nothing_to_take(buffer: Buffer) -> bool:
    try:
        await asyncio.wait_for(buffer.take(), 0.02)
    except TimeoutError:
        return True
    return False


async def test_everything_that_is_ready_is_one_batch(preparer: Preparer) -> None:
    buffer = Buffer()
    await buffer.put(entry(preparer, 1, "a", "b"))
    await buffer.put(entry(preparer, 2, "a"))

    batch = await buffer.take()

    assert ids(batch) == ["1-0", "1-1", "2-0"]
    assert batch.oldest_ms == AT + 1
    assert [one.id for one in await buffer.finish(batch)] == ["1-0", "2-0"]
    assert await nothing_to_take(buffer)


async def test_people_of_a_batch_under_way_wait_and_others_do_not(preparer: Preparer) -> None:
    buffer = Buffer()
    await buffer.put(entry(preparer, 1, "a"))
    first = await buffer.take()
    await buffer.put(entry(preparer, 2, "b", "a", "c"))
    await buffer.put(entry(preparer, 3, "a"))

    second = await buffer.take()
    assert ids(second) == ["2-0", "2-2"]
    assert await nothing_to_take(buffer)
    assert await buffer.finish(second) == [], "a call of the entry is still to be applied"

    assert [one.id for one in await buffer.finish(first)] == ["1-0"]
    third = await buffer.take()
    assert ids(third) == ["2-1", "3-0"]
    assert [one.id for one in await buffer.finish(third)] == ["2-0", "3-0"]


async def test_an_applier_that_waits_gets_what_another_sets_free(preparer: Preparer) -> None:
    buffer = Buffer()
    await buffer.put(entry(preparer, 1, "a"))
    await buffer.put(entry(preparer, 2, "b"))
    both = await buffer.take()
    await buffer.put(entry(preparer, 3, "b"))
    waiting = asyncio.create_task(buffer.take())
    await asyncio.sleep(0)
    assert not waiting.done()

    await buffer.finish(both)
    assert ids(await asyncio.wait_for(waiting, 1)) == ["3-0"]


async def test_a_batch_is_bounded_and_the_reader_waits_at_the_bound(preparer: Preparer) -> None:
    buffer = Buffer(max_calls=3)
    await buffer.put(entry(preparer, 1, "a", "b"))
    await buffer.put(entry(preparer, 2, "c", "d"))
    putting = asyncio.create_task(buffer.put(entry(preparer, 3, "e")))
    await asyncio.sleep(0)
    assert not putting.done()

    batch = await buffer.take()
    assert ids(batch) == ["1-0", "1-1", "2-0"]
    await asyncio.wait_for(putting, 1)
    assert ids(await buffer.take()) == ["2-1", "3-0"]


async def test_an_entry_without_calls_is_complete_with_the_batch_that_takes_its_rejected(preparer: Preparer) -> None:
    row: QuarantineRow = {}  # type: ignore[typeddict-item]
    bad = entry(preparer, 1)
    bad.rejected.append(row)
    buffer = Buffer()
    await buffer.put(bad)

    batch = await buffer.take()

    assert (batch.items, batch.rejected) == ([], [row])
    assert [one.id for one in await buffer.finish(batch)] == ["1-0"]


async def test_what_was_rejected_is_taken_once(preparer: Preparer) -> None:
    row: QuarantineRow = {}  # type: ignore[typeddict-item]
    buffer = Buffer()
    await buffer.put(entry(preparer, 1, "a"))
    first = await buffer.take()
    mixed = entry(preparer, 2, "b", "a")
    mixed.rejected.append(row)
    await buffer.put(mixed)

    second = await buffer.take()
    await buffer.finish(first)
    third = await buffer.take()
    assert (second.rejected, third.rejected) == ([row], [])


async def test_a_call_in_two_entries_is_applied_once_and_completes_both(preparer: Preparer) -> None:
    buffer = Buffer()
    await buffer.put(entry(preparer, 1, "a"))
    again = entry(preparer, 1, "a", deliveries=2)
    await buffer.put(again)

    batch = await buffer.take()

    assert len(batch.items) == 2
    assert [call.call.message_id for call in batch.calls()] == ["1-0"]
    assert batch.is_repeated()
    assert len(await buffer.finish(batch)) == 2


async def test_halves_hold_every_call_once(preparer: Preparer) -> None:
    buffer = Buffer()
    await buffer.put(entry(preparer, 1, "a", "b", "c"))
    batch = await buffer.take()
    left, right = batch.halves()
    assert ids(left) + ids(right) == ids(batch)
    assert left.items
    assert right.items
