"""The report of an erasure says place by place what is done, and holds nothing of the person."""

from __future__ import annotations

import asyncio

import pytest
from redis.asyncio import Redis

from base.clock import now_ms
from base.keys import Keyring
from base.settings import Settings
from graph.client import GraphClient
from graph.repositories.decision import DONE, RUNNING
from graph.repositories.erasure import Place
from ingest.stream import IngestStream
from resolvers.identity.erasure import ErasureReport, report
from tests.support.calls import make_batch
from tests.support.line import SOURCE, Line
from tests.support.sightings import sighting
from tests.support.working import working
from workers.decisions.execution import Said
from workers.jobs import make_services
from workers.projection import state as projection
from workers.projection.state import Doing, ProjectionState
from workers.tasks import decision as task
from workers.tasks.decision import carry_out_decision
from workers.tasks.services import TaskServices

SAID = Said("ann", "she asked for it")


@pytest.fixture
def services(settings: Settings, graph: GraphClient, redis: Redis, monkeypatch: pytest.MonkeyPatch) -> TaskServices:
    monkeypatch.setattr(task, "WAIT_S", 0.2)
    return make_services(settings, graph, redis)


@pytest.fixture
def line(graph: GraphClient, redis: Redis, keyring: Keyring) -> Line:
    return Line.of(graph, redis, keyring)


async def erase(line: Line) -> str:
    await line.apply(sighting(1, kind="track", member="mia", cookie="c"), sighting(2, member="mia", email="mia@x.org"))
    effect = await line.desk().erase(str(await line.customer("user_id", "mia")), SAID)
    return str(effect.decision)


async def told(services: TaskServices, decision: str) -> tuple[ErasureReport, dict[Place, int | None]]:
    found = await report(services.graph, decision, 7)
    assert found is not None
    return found, {one.place: one.removed for one in found.places if one.done_at_ms is not None}


def columns(as_of_ms: int) -> ProjectionState:
    return ProjectionState(Doing.FOLLOWING, answers=True, progress=1, as_of_ms=as_of_ms, told_ms=now_ms(), builds=1)


async def test_each_place_is_noted_with_what_was_removed_there(services: TaskServices, line: Line) -> None:
    decision = await erase(line)
    found, done = await told(services, decision)
    assert (found.state, found.done_at_ms, done) == (RUNNING, None, {Place.GRAPH: 3})
    await projection.tell(services.redis, columns(now_ms() + 60_000))

    await carry_out_decision({"services": services}, decision)

    found, done = await told(services, decision)
    assert done == {
        Place.GRAPH: 3,
        Place.CALLS: 2,
        Place.INGEST: None,
        Place.QUARANTINE: 0,
        Place.COLUMNS: None,
    }
    assert found.state == DONE
    assert found.done_at_ms is not None
    assert found.requested_at_ms <= found.done_at_ms <= now_ms()
    assert (found.author, found.reason) == ("ann", "she asked for it")
    assert found.ids_told_until_ms - found.requested_at_ms == 7 * 86_400_000


async def test_without_a_columnar_store_its_place_stays_open_and_the_rest_is_done(
    services: TaskServices, line: Line
) -> None:
    decision = await erase(line)
    await carry_out_decision({"services": services}, decision)
    found, done = await told(services, decision)
    assert found.state == DONE
    assert set(Place) - done.keys() == {Place.COLUMNS}


async def test_an_erasure_goes_on_while_the_columnar_store_is_behind(services: TaskServices, line: Line) -> None:
    decision = await erase(line)
    await projection.tell(services.redis, columns(now_ms() - 60_000))
    await carry_out_decision({"services": services}, decision)
    found, done = await told(services, decision)
    assert (found.state, set(Place) - done.keys()) == (RUNNING, {Place.COLUMNS})
    quarantine = {one.place: one.done_at_ms for one in found.places}[Place.QUARANTINE]

    await projection.tell(services.redis, columns(now_ms() + 60_000))
    await carry_out_decision({"services": services}, decision)
    found, done = await told(services, decision)
    assert (found.state, set(done)) == (DONE, set(Place))
    assert {one.place: one.done_at_ms for one in found.places}[Place.QUARANTINE] == quarantine


async def test_calls_that_waited_go_to_the_quarantine_and_from_there(
    services: TaskServices, line: Line, graph: GraphClient, redis: Redis, keyring: Keyring
) -> None:
    both = sighting(5, kind="track", member="mia", user_id="ben")
    await IngestStream(redis, keyring).append(make_batch(both), "batch", now_ms(), SOURCE, ["m5"])
    await asyncio.sleep(0.05)
    decision = await erase(line)
    await carry_out_decision({"services": services}, decision)
    found, done = await told(services, decision)
    assert (found.state, set(done)) == (RUNNING, {Place.GRAPH, Place.CALLS})

    async with working(graph, redis, keyring):
        async with asyncio.timeout(60):
            while (await services.stream.backlog()).entries_count:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
    assert len(await services.quarantine.rows.list_page(10)) == 1
    await carry_out_decision({"services": services}, decision)
    found, done = await told(services, decision)
    assert (found.state, done[Place.QUARANTINE]) == (DONE, 1)
    assert await services.quarantine.rows.list_page(10) == []


async def test_there_is_no_report_of_another_decision(services: TaskServices, line: Line) -> None:
    await line.apply(sighting(1, member="mia"), sighting(2, member="ben"))
    mia, ben = await line.customer("user_id", "mia"), await line.customer("user_id", "ben")
    merged = await line.desk().merge(str(mia), str(ben), SAID)
    assert await report(services.graph, str(merged.decision), 7) is None
    assert await report(services.graph, "dec_none", 7) is None


async def test_reasons_of_decisions_about_the_person_alone_are_forgotten(services: TaskServices, line: Line) -> None:
    await line.apply(sighting(1, member="mia", device="d"), sighting(2, member="ben"))
    mia, ben = str(await line.customer("user_id", "mia")), str(await line.customer("user_id", "ben"))
    desk = line.desk()
    hers = await desk.split(mia, [line.uid("device_id", "d")], Said("ann", "mia keller lost it"))
    theirs = await desk.merge(ben, str(await line.customer("device_id", "d")), Said("ann", "ben found it"))
    await desk.erase(mia, SAID)
    reasons = {id: (await services.decisions.find(str(id))).reason for id in (hers.decision, theirs.decision)}  # type: ignore[union-attr]
    assert reasons == {hers.decision: None, theirs.decision: "ben found it"}
