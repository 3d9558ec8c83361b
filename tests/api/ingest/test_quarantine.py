"""Calls that were put aside: shown, sent again, and gone only once they are dealt with."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
from redis.asyncio import Redis

from base.clock import now_ms
from base.ids import call_id
from base.keys import Keyring
from base.settings import Settings
from graph.client import GraphClient, Transaction
from graph.repositories import quarantine as repository
from graph.repositories.quarantine import QuarantinedCall, QuarantineRepository, QuarantineRow
from ingest.calls import decode_calls
from ingest.quarantine import Outcome, Quarantine
from ingest.stream import IngestStream
from tests.support.calls import make_batch, make_call
from tests.support.working import working

SOURCE = "default"
Put = Callable[..., Awaitable[str]]


@pytest.fixture
def quarantine(graph: GraphClient, stream: IngestStream, keyring: Keyring, settings: Settings) -> Quarantine:
    return Quarantine(QuarantineRepository(graph), stream, keyring, settings.phone_region)


@pytest.fixture
def put(graph: GraphClient, keyring: Keyring) -> Put:
    """Puts a body aside as a worker does; gives back the row's id."""

    async def put_row(body: bytes, kind: str, message_id: str, reason: str = "APPLY_FAILED") -> str:
        row = QuarantineRow(
            id=call_id(SOURCE, message_id),
            message_id=message_id,
            source=SOURCE,
            kind=kind,
            reason=reason,
            detail="why",
            at=now_ms(),
            sealed=keyring.seal_entry(body),
        )

        async def work(tx: Transaction) -> None:
            await repository.put(tx, [row])

        await graph.write("test_put", work)
        return row["id"]

    return put_row


def standalone(**fields: object) -> bytes:
    decoded = decode_calls(make_batch(make_call(**fields)), "batch", now_ms(), SOURCE, "1-0")
    return decoded.calls[0].standalone() if decoded.calls else decoded.rejected[0].raw


async def test_rows_are_listed_newest_first_page_by_page(quarantine: Quarantine, put: Put) -> None:
    ids = [await put(b"{}", "track", f"m-{number}", "A" if number % 2 else "B") for number in range(5)]

    pages: list[QuarantinedCall] = []
    while page := await quarantine.rows.list_page(2, None, pages[-1] if pages else None):
        pages += page

    assert sorted(row.id for row in pages) == sorted(ids)
    assert [row.at_ms for row in pages] == sorted((row.at_ms for row in pages), reverse=True)
    assert {row.reason for row in await quarantine.rows.list_page(9, "A")} == {"A"}
    assert await quarantine.rows.count_reasons() == {"B": 3, "A": 2}


async def test_putting_a_call_aside_again_replaces_its_row(quarantine: Quarantine, put: Put) -> None:
    await put(b"{}", "track", "m-1", "A")
    await put(b"{}", "track", "m-1", "B")

    rows = await quarantine.rows.list_page(9)
    assert [(row.reason, row.times) for row in rows] == [("B", 2)]


async def test_a_replayed_call_is_applied_once_and_leaves(
    quarantine: Quarantine, put: Put, graph: GraphClient, redis: Redis, keyring: Keyring
) -> None:
    id = await put(standalone(), "track", "m-1")

    assert (await quarantine.replay(id)).outcome is Outcome.WAITING
    # Twice: whoever gets impatient doubles nothing.
    assert (await quarantine.replay(id)).outcome is Outcome.WAITING
    async with working(graph, redis, keyring):
        tries = await quarantine.wait([id], 20)

    assert [one.outcome for one in tries] == [Outcome.APPLIED]
    assert await quarantine.rows.list_page(9) == []
    assert await quarantine.rows.find_traces([id]) == {id: True}


async def test_a_row_stays_until_its_call_is_applied(quarantine: Quarantine, put: Put) -> None:
    id = await put(standalone(), "track", "m-1")
    await quarantine.replay(id)

    assert [one.outcome for one in await quarantine.settle([id])] == [Outcome.WAITING]
    assert await quarantine.rows.list_replayed(9) == [id]
    assert [row.id for row in await quarantine.rows.list_page(9)] == [id]


async def test_a_call_that_is_put_aside_again_stays_and_says_so(
    quarantine: Quarantine, put: Put, stream: IngestStream
) -> None:
    id = await put(standalone(), "track", "m-1")
    await quarantine.replay(id)
    await put(standalone(), "track", "m-1", "AGAIN")

    tries = await quarantine.settle([id])

    assert [(one.outcome, one.reason) for one in tries] == [(Outcome.STILL_REFUSED, "AGAIN")]
    assert [(row.reason, row.times) for row in await quarantine.rows.list_page(9)] == [("AGAIN", 2)]


async def test_what_would_be_refused_for_the_same_reason_is_not_sent(
    quarantine: Quarantine, put: Put, stream: IngestStream
) -> None:
    id = await put(standalone(userId="null"), "track", "m-1", "NO_USABLE_IDENTIFIER")

    tried = await quarantine.replay(id)

    assert (tried.outcome, tried.reason) == (Outcome.STILL_REFUSED, "NO_USABLE_IDENTIFIER")
    assert (await stream.backlog()).entries_count == 0


async def test_a_whole_request_is_sent_again_call_by_call(
    quarantine: Quarantine, put: Put, graph: GraphClient, redis: Redis, keyring: Keyring
) -> None:
    body = make_batch(
        make_call(messageId="a"),
        make_call(messageId=None),
        make_call(messageId="bad", userId="null"),
        sentAt="2026-07-01T08:30:00Z",
    )
    id = await put(body, "batch", "entry:1-0", "WORKER_DIED")

    await quarantine.replay(id)
    await quarantine.replay(id)
    async with working(graph, redis, keyring):
        tries = await quarantine.wait([id], 20)

    assert [one.outcome for one in tries] == [Outcome.APPLIED]
    assert [row.reason for row in await quarantine.rows.list_page(9)] == ["NO_USABLE_IDENTIFIER"]
    applied = await quarantine.rows.find_traces([call_id(SOURCE, name) for name in ("a", "auto:entry:1-0:1")])
    assert sorted(applied.values()) == [True, True]


async def test_damaged_and_unknown_rows_say_so(quarantine: Quarantine, put: Put, graph: GraphClient) -> None:
    await put(b"{}", "track", "m-1")
    foreign = Quarantine(quarantine.rows, quarantine._stream, Keyring("ee" * 32), "CN")
    id = call_id(SOURCE, "m-1")

    assert (await foreign.replay(id)).outcome is Outcome.UNREADABLE
    assert (await foreign.get_many([id]))[id].body is None
    assert (await quarantine.replay("evt_none")).outcome is Outcome.UNKNOWN_ID
