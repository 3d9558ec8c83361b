"""Entries get into the chain once each, whoever dies on the way."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

import pytest
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisConnectionError

from audit import writer as writing
from audit.entry import Outcome
from audit.log import AuditLog
from audit.stream import AuditStream
from audit.writer import ChainWriter
from base import clock
from base.errors import BadInput, ErrorCode, KithError, Unavailable
from base.keys import Keyring
from base.valkey import AUDIT_STREAM, connect
from graph.client import GraphClient
from graph.repositories import audit as stored
from tests.support.audit import Audit, entry


class Killed(BaseException):
    """The process ends here."""


@pytest.mark.parametrize("place", ["lock_head", "take_notes", "put_block", "set_head"])
async def test_a_writer_that_dies_in_its_transaction_loses_nothing(
    audit: Audit, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await audit.write(["a0"])
    await audit.log.write(entry("a1"))
    async with audit.log.change(entry("a2")):
        pass

    async def dies(*_: Any, **__: Any) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(stored, place, dies)
        with pytest.raises(Killed):
            await audit.writer.turn()

    await audit.writer.turn()
    assert sorted(await audit.actions()) == ["a0", "a1", "a2"]
    assert (await audit.verify()).fault is None


@pytest.mark.parametrize("place", ["set_mark", "forget"])
async def test_a_writer_that_dies_after_its_transaction_writes_nothing_twice(
    audit: Audit, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def dies(*_: Any, **__: Any) -> None:
        raise Killed

    await audit.log.write(entry("a0"))
    with monkeypatch.context() as patch:
        patch.setattr(audit.writer._stream if place == "forget" else writing, place, dies)
        with pytest.raises(Killed):
            await audit.writer.turn()

    await ChainWriter(audit.graph, audit.redis, audit.keyring).turn()
    await audit.write(["a1"])
    assert await audit.actions() == ["a0", "a1"]
    assert (await audit.verify()).fault is None


async def test_two_writers_at_once_make_one_chain(audit: Audit) -> None:
    writers = [ChainWriter(audit.graph, audit.redis, audit.keyring) for _ in range(4)]
    for round in range(10):
        await asyncio.gather(*(audit.log.write(entry(f"r{round}n{n}")) for n in range(20)))
        async with audit.log.change(entry(f"r{round}change")):
            pass
        await asyncio.gather(*(writer.turn() for writer in writers))
    await audit.writer.turn()

    actions = await audit.actions()
    assert len(actions) == len(set(actions)) == 210
    report = await audit.verify()
    assert (report.fault, report.entries) == (None, 210)


async def test_what_is_appended_together_shares_parts(audit: Audit) -> None:
    await asyncio.gather(*(audit.log.write(entry(f"a{n}")) for n in range(300)))

    assert await audit.redis.xlen(AUDIT_STREAM) <= 3
    await audit.writer.turn()
    assert len(await audit.actions()) == 300
    assert await audit.redis.xlen(AUDIT_STREAM) == 0


async def test_an_append_whose_answer_was_lost_is_there_once(
    redis: Redis, keyring: Keyring, audit: Audit, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = AuditStream(redis, keyring)
    append, tries = stream._append, []

    async def loses(sealed: bytes) -> None:
        tries.append(sealed)
        await append(sealed)
        raise RedisConnectionError("gone")

    monkeypatch.setattr(stream, "_append", loses)
    await stream.append(entry("a0"))

    assert len(tries) == 1
    await audit.writer.turn()
    assert await audit.actions() == ["a0"]


async def test_without_the_stream_nothing_is_said_to_be_kept(graph: GraphClient, keyring: Keyring) -> None:
    nowhere = connect("redis://127.0.0.1:1/0")

    with pytest.raises(Unavailable):
        await AuditLog(graph, nowhere, keyring).write(entry())


async def test_a_full_stream_refuses(redis: Redis, keyring: Keyring) -> None:
    stream = AuditStream(redis, keyring, max_waiting=2)
    for _ in range(2):
        await stream.append(entry())

    with pytest.raises(Unavailable, match="full"):
        await stream.append(entry())


async def test_an_emptied_server_whose_clock_is_behind_loses_no_entry(audit: Audit) -> None:
    await audit.write(["a0"])
    await audit.redis.flushdb()
    stream = AuditStream(audit.redis, audit.keyring)
    await stream.append(entry("a1"))
    ((_, fields),) = await audit.redis.xrange(AUDIT_STREAM)
    await audit.redis.delete(AUDIT_STREAM)
    await audit.redis.xadd(AUDIT_STREAM, fields, id="5-0")

    await audit.writer.turn()
    assert await audit.actions() == ["a0", "a1"]


async def test_damaged_parts_and_notes_are_told_and_stop_nobody(audit: Audit) -> None:
    await audit.redis.xadd(AUDIT_STREAM, {b"d": b"nonsense"})
    await audit.run("CREATE (:AuditNote {id: 'note_x', sealed: $sealed, due: 0})", sealed=b"nonsense")
    await audit.write(["a0"])

    assert sorted(await audit.actions()) == ["a0", "noteDamaged", "partDamaged"]


async def _outcome(audit: Audit) -> tuple[Outcome, str | None]:
    await audit.writer.turn()
    (one,) = await audit.all()
    return one.entry.outcome, one.entry.code


async def test_a_change_that_is_made_is_ok(audit: Audit) -> None:
    async with audit.log.change(entry()):
        await audit.writer.turn()
        assert await audit.actions() == []

    assert await _outcome(audit) == (Outcome.OK, None)


@pytest.mark.parametrize(
    ("fault", "outcome", "code"),
    [
        (BadInput("no"), Outcome.REFUSED, "BAD_USER_INPUT"),
        (KithError(ErrorCode.FORBIDDEN, "no"), Outcome.REFUSED, "FORBIDDEN"),
        (Unavailable("away"), Outcome.FAILED, "UNAVAILABLE"),
        (ZeroDivisionError(), Outcome.FAILED, "INTERNAL"),
        (asyncio.CancelledError(), Outcome.FAILED, "INTERNAL"),
    ],
)
async def test_a_change_with_a_fault_says_so(audit: Audit, fault: BaseException, outcome: Outcome, code: str) -> None:
    with contextlib.suppress(type(fault)):
        async with audit.log.change(entry()):
            raise fault

    assert await _outcome(audit) == (outcome, code)


async def test_a_change_whose_process_died_is_unknown(audit: Audit, monkeypatch: pytest.MonkeyPatch) -> None:
    log = AuditLog(audit.graph, audit.redis, audit.keyring)

    async def never(*_: Any) -> None:
        raise Unavailable("gone")

    monkeypatch.setattr(log._notes, "end", never)
    async with log.change(entry()):
        pass
    await audit.writer.turn()
    assert await audit.actions() == []

    later = clock.now_ms() + 121_000
    monkeypatch.setattr(writing, "now_ms", lambda: later)
    assert await _outcome(audit) == (Outcome.UNKNOWN, None)


async def test_an_outcome_that_comes_too_late_is_told_beside(audit: Audit, monkeypatch: pytest.MonkeyPatch) -> None:
    async with audit.log.change(entry()):
        later = clock.now_ms() + 121_000
        with monkeypatch.context() as patch:
            patch.setattr(writing, "now_ms", lambda: later)
            await audit.writer.turn()
    await audit.writer.turn()

    assert [one.entry.outcome for one in await audit.all()] == [Outcome.UNKNOWN, Outcome.OK]


async def test_nothing_is_changed_that_cannot_be_noted(redis: Redis, keyring: Keyring) -> None:
    graph = GraphClient("bolt://127.0.0.1:1", "neo4j", "", "neo4j")
    graph.write = _away  # type: ignore[method-assign]
    done = False
    with pytest.raises(Unavailable):
        async with AuditLog(graph, redis, keyring).change(entry()):
            done = True
    await graph.close()

    assert not done


async def _away(*_: Any) -> Any:
    raise Unavailable("away")
