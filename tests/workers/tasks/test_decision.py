"""Decisions in the background: the state is the truth, whatever happens to jobs, workers and stores."""

from __future__ import annotations

import asyncio
import json

import pytest
from redis.asyncio import Redis

from base import clock
from base.errors import Unavailable
from base.keys import Keyring
from base.settings import Settings
from graph.client import GraphClient
from graph.repositories.decision import DONE, RUNNING
from ingest.stream import IngestStream
from tests.support.line import Line
from tests.support.sightings import sighting
from tests.support.working import working
from workers.claims import claim
from workers.decisions import imports
from workers.decisions.execution import Said
from workers.jobs import make_services
from workers.queue import default_job_id
from workers.tasks import decision as decision_tasks
from workers.tasks.decision import carry_out_decision
from workers.tasks.recovery import requeue_unfinished
from workers.tasks.services import TaskServices

SAID = Said("ann", "a wrong file")
FILE = "import:shop"


@pytest.fixture
def services(settings: Settings, graph: GraphClient, redis: Redis, monkeypatch: pytest.MonkeyPatch) -> TaskServices:
    monkeypatch.setattr(imports, "MAX_AT_ONCE_CALLS", 0)
    monkeypatch.setattr(imports, "PAGE_CALLS", 2)
    monkeypatch.setattr(imports, "PAGE_IDENTIFIERS", 3)
    # Nothing is appended late here.
    monkeypatch.setattr(decision_tasks, "LATE_APPEND_MS", 0)
    return make_services(settings, graph, redis)


@pytest.fixture
def line(graph: GraphClient, redis: Redis, keyring: Keyring) -> Line:
    return Line.of(graph, redis, keyring)


async def decided(line: Line, services: TaskServices) -> str:
    for number in range(12):
        await line.apply(sighting(number, member=f"M{number}", cookie=f"c{number}"), source=FILE)
    effect = await services.desk.revoke_import(FILE, SAID)
    assert effect.decision
    return effect.decision


async def state_of(services: TaskServices, decision: str) -> str | None:
    found = await services.decisions.find(decision)
    assert found
    return found.state


async def test_a_job_carries_a_decision_out(services: TaskServices, line: Line) -> None:
    decision = await decided(line, services)
    await carry_out_decision({"services": services}, decision)
    assert await state_of(services, decision) == DONE
    assert await line.partition() == set()
    await carry_out_decision({"services": services}, decision)
    await carry_out_decision({"services": services}, "dec_none")
    assert services.last_error() is None


async def test_one_that_loses_a_store_goes_on_where_it_was(
    services: TaskServices, line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    decision = await decided(line, services)
    real, pages = services.desk.carry_on, 0

    async def failing(decision: str, applied_until_ms: int) -> bool:
        nonlocal pages
        pages += 1
        if pages == 3:
            raise Unavailable("The graph database cannot be reached now.")
        return await real(decision, applied_until_ms)

    monkeypatch.setattr(services.desk, "carry_on", failing)
    await carry_out_decision({"services": services}, decision)
    assert await state_of(services, decision) == RUNNING
    assert services.last_error()
    assert 0 < len(await line.partition()) < 12
    await carry_out_decision({"services": services}, decision)
    assert (await state_of(services, decision), services.last_error()) == (DONE, None)


async def test_a_decision_that_lost_its_job_gets_another(services: TaskServices, line: Line) -> None:
    decision = await decided(line, services)
    async with claim(services.redis, default_job_id("carry_out_decision", decision)):
        assert await requeue_unfinished(services) == 0
        await carry_out_decision({"services": services}, decision)
        assert await state_of(services, decision) == RUNNING, "another worker is at it"
    assert await requeue_unfinished(services) == 1
    await carry_out_decision({"services": services}, decision)
    assert await requeue_unfinished(services) == 0


async def test_it_waits_for_calls_that_were_accepted_before(
    services: TaskServices, line: Line, graph: GraphClient, redis: Redis, keyring: Keyring
) -> None:
    stream = IngestStream(redis, keyring)
    body = json.dumps({"batch": [sighting(100, member="late", cookie="c")]}).encode()
    await stream.append(body, "batch", clock.now_ms(), FILE, ["m100"])
    decision = await decided(line, services)
    await carry_out_decision({"services": services}, decision)
    assert await state_of(services, decision) == RUNNING
    async with working(graph, redis, keyring):
        for _ in range(2_000):
            if await line.customer("user_id", "late") and not (await stream.backlog()).entries_count:
                break
            await asyncio.sleep(0.01)
    await carry_out_decision({"services": services}, decision)
    assert await state_of(services, decision) == DONE
    assert await line.partition() == set()
