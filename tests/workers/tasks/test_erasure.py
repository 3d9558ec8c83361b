"""An erasure goes on in the background until nothing is left, in the quarantine neither."""

from __future__ import annotations

import asyncio

import pytest
from redis.asyncio import Redis

from base.clock import iso, now_ms
from base.keys import Keyring
from base.settings import Settings
from base.valkey import INGEST_STREAM
from graph.client import GraphClient
from graph.repositories.decision import DONE, RUNNING
from graph.repositories.quarantine import QuarantineRepository
from ingest.forgetting import forget_erased
from ingest.stream import IngestStream
from tests.support.calls import make_batch
from tests.support.dump import dump
from tests.support.line import SOURCE, Line
from tests.support.sightings import sighting
from tests.support.working import working
from workers.decisions import erasure
from workers.decisions.execution import Said
from workers.jobs import make_services
from workers.tasks.decision import carry_out_decision
from workers.tasks.recovery import requeue_unfinished
from workers.tasks.services import TaskServices

SAID = Said("ann", "she asked for it")


@pytest.fixture
def services(settings: Settings, graph: GraphClient, redis: Redis, monkeypatch: pytest.MonkeyPatch) -> TaskServices:
    monkeypatch.setattr(erasure, "PAGE_CALLS", 2)
    return make_services(settings, graph, redis)


@pytest.fixture
def line(graph: GraphClient, redis: Redis, keyring: Keyring) -> Line:
    return Line.of(graph, redis, keyring)


def two_members(number: int, member: str, other: str) -> dict[str, object]:
    """Goes to the quarantine."""
    return sighting(number, kind="track", member=member) | {
        "context": {"externalIds": [{"type": "user_id", "id": other}]}
    }


async def drained(redis: Redis) -> None:
    """Everything accepted was applied or put aside."""
    async with asyncio.timeout(60):
        while await redis.xlen(INGEST_STREAM):  # noqa: ASYNC110
            await asyncio.sleep(0.05)


async def erased(line: Line, services: TaskServices) -> str:
    for number in range(7):
        await line.apply(sighting(number, kind="track", member="mia", cookie=f"c{number}"))
    effect = await services.desk.erase(str(await line.customer("user_id", "mia")), SAID)
    assert effect.background == effect.decision is not None
    return str(effect.decision)


async def test_a_job_deletes_what_is_left_and_ends_it(services: TaskServices, line: Line) -> None:
    decision = await erased(line, services)
    before = await services.decisions.find(decision)
    assert before is not None
    assert (before.state, before.call_count) == (RUNNING, 7)
    await carry_out_decision({"services": services}, decision)
    after = await services.decisions.find(decision)
    assert after is not None
    assert (after.state, after.progress, after.call_count) == (DONE, 1.0, 7)
    assert "'Event'" not in await dump(line.graph)
    await carry_out_decision({"services": services}, decision)


async def test_a_job_that_was_lost_is_brought_back(services: TaskServices, line: Line) -> None:
    await erased(line, services)
    assert await requeue_unfinished(services) == 1


async def test_calls_put_aside_that_name_the_person_go_and_others_stay(
    services: TaskServices, line: Line, graph: GraphClient, redis: Redis, keyring: Keyring
) -> None:
    stream = IngestStream(redis, keyring)
    now = {"timestamp": iso(now_ms() + 3_600_000)}
    async with working(graph, redis, keyring):
        for call in (two_members(100, "mia", "ben"), two_members(101, "ben", "zoe")):
            body = make_batch(call)
            await stream.append(body, "batch", now_ms(), SOURCE, [str(call["messageId"])])
        await drained(redis)
    rows = QuarantineRepository(graph)
    assert {row.message_id for row in await rows.list_page(10)} == {"m100", "m101"}
    decision = await erased(line, services)
    await carry_out_decision({"services": services}, decision)
    assert {row.message_id for row in await rows.list_page(10)} == {"m101"}
    # Put aside after the erasure: what was received later stays, too.
    async with working(graph, redis, keyring):
        later = two_members(102, "mia", "ben") | now
        await stream.append(make_batch(later), "batch", now_ms() + 10, SOURCE, ["m102"])
        await drained(redis)
    assert await forget_erased(graph, services.quarantine, keyring) == 0
    assert {row.message_id for row in await rows.list_page(10)} == {"m101", "m102"}
