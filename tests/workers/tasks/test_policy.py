"""The graph follows a policy whatever comes between: a killed worker, a newer version, calls, a Neo4j that is away."""

from __future__ import annotations

import asyncio
import random

import pytest
from redis.asyncio import Redis

from base import clock
from base.errors import Unavailable
from base.keys import Keyring
from base.settings import Settings
from graph.client import GraphClient
from graph.identity.policy import DEFAULT, IdentityPolicy
from graph.repositories.policy import DONE, FAILED, PENDING, SUPERSEDED, Counts, PolicyRecord
from tests.property.graph.comparing import differences, fresh
from tests.property.graph.streams import NOW_MS, random_calls
from tests.property.graph.test_policies import lists, namespaces, sources
from tests.support.line import Line
from workers.claims import CLAIM_PREFIX
from workers.decisions.execution import Said
from workers.identity import survey
from workers.jobs import make_services
from workers.policy import attributes, follow, office, order
from workers.policy import lists as lists_module
from workers.tasks import policy as module
from workers.tasks.policy import FOLLOW_CLAIM, follow_policy
from workers.tasks.recovery import requeue_unfinished
from workers.tasks.services import TaskServices

SAID = Said("ann", "by chance")
LISTED = lists("email", "mail-0@example.org")
TRUSTED = sources("till", "shop")
RANKED = namespaces(phone={"rank": 5, "limit": 1}, email={"rank": 4, "limit": 1})


class Killed(BaseException):
    """What a worker does not survive."""


@pytest.fixture(autouse=True)
def _small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Memberships are compared as of one instant; pages are so small that there are many."""
    monkeypatch.setattr(clock, "now_ms", lambda: NOW_MS)
    monkeypatch.setattr(module, "PROGRESS_EVERY_S", 0.0)
    monkeypatch.setattr(survey, "PAGE_ROWS", 7)
    monkeypatch.setattr(survey, "BATCH_IDENTIFIERS", 5)
    monkeypatch.setattr(follow, "REPLAY_IDENTIFIERS", 3)
    monkeypatch.setattr(lists_module, "PAGE_IDENTIFIERS", 7)
    monkeypatch.setattr(order, "PAGE_SETS", 5)
    monkeypatch.setattr(attributes, "PAGE_CUSTOMERS", 3)


@pytest.fixture
async def line(graph: GraphClient, redis: Redis, keyring: Keyring) -> Line:
    return await fresh(graph, redis, keyring)


@pytest.fixture
def services(settings: Settings, graph: GraphClient, redis: Redis) -> TaskServices:
    return make_services(settings, graph, redis)


def everything(old: IdentityPolicy) -> IdentityPolicy:
    """One edit that needs every step."""
    return TRUSTED(RANKED(LISTED(old)))


async def found(services: TaskServices, policy_id: str) -> PolicyRecord:
    record = await services.policies.find(policy_id)
    assert record is not None
    return record


async def take_in(line: Line, seed: int = 0, count: int = 40) -> None:
    chance = random.Random(seed)
    for call in random_calls(seed, count):
        await line.apply(call, source=chance.choice(["till", "shop"]))


async def followed_at_once(line: Line, services: TaskServices) -> dict[str, object]:
    """What the graph becomes when nothing interrupts."""
    policy_id = await office.enact(line.graph, everything, SAID)
    await follow_policy({"services": services}, policy_id)
    assert (await found(services, policy_id)).state == DONE
    return await line.picture()


def killing(monkeypatch: pytest.MonkeyPatch, after: int) -> None:
    """Kill whoever follows when it notes its progress for the so-manieth time."""
    noted = iter(range(after))
    show = module._Progress.show

    async def kill(self: object, done: float, counts: Counts) -> None:
        await show(self, done, counts)
        if next(noted, None) is None:
            raise Killed

    monkeypatch.setattr(module._Progress, "show", kill)


async def test_killed_at_every_page(
    line: Line,
    services: TaskServices,
    monkeypatch: pytest.MonkeyPatch,
    graph: GraphClient,
    redis: Redis,
    keyring: Keyring,
) -> None:
    await take_in(line)
    expected = await followed_at_once(line, services)

    line = await fresh(graph, redis, keyring)
    await take_in(line)
    policy_id = await office.enact(graph, everything, SAID)
    kills = 0
    for after in range(0, 60, 3):
        with monkeypatch.context() as patch:
            killing(patch, after)
            try:
                await follow_policy({"services": services}, policy_id)
            except Killed:
                kills += 1
                assert (await found(services, policy_id)).state == PENDING
        if (await found(services, policy_id)).state == DONE:
            break
    assert kills > 3
    assert (await found(services, policy_id)).state == DONE
    assert differences(expected, await line.picture()) == {}


async def test_a_newer_version_takes_over_what_an_older_one_began(
    line: Line, services: TaskServices, monkeypatch: pytest.MonkeyPatch, graph: GraphClient
) -> None:
    """The newer takes the lists, the ranks and the sources back: nothing of them is left."""
    await take_in(line)
    expected = await line.picture()
    older = await office.enact(graph, everything, SAID)
    newer: list[str] = []
    show, one_at_a_time = module._Progress.show, asyncio.Lock()

    async def overtaken(self: object, done: float, counts: Counts) -> None:
        async with one_at_a_time:
            if done > 0.5 and not newer:
                newer.append(await office.enact(graph, lambda _: DEFAULT, SAID))
        await show(self, done, counts)

    with monkeypatch.context() as patch:
        patch.setattr(module._Progress, "show", overtaken)
        await follow_policy({"services": services}, older)
    assert (await found(services, older)).state == SUPERSEDED
    assert differences(expected, await line.picture()) != {}

    await follow_policy({"services": services}, newer[0])
    assert (await found(services, newer[0])).state == DONE
    assert differences(expected, await line.picture()) == {}
    await follow_policy({"services": services}, older)
    assert differences(expected, await line.picture()) == {}


async def test_calls_go_on_meanwhile(line: Line, services: TaskServices, graph: GraphClient, keyring: Keyring) -> None:
    """Four writers, one of which knows the old policy; the order in which they meet the follower plays no part."""
    edit = namespaces(phone={"limit": 1, "rank": 5}, email={"limit": 1, "rank": 4})
    policy_id = await office.enact(graph, edit, SAID)
    await follow_policy({"services": services}, policy_id)
    await take_in(line, 0)
    await take_in(line, 1)
    expected = await line.picture()

    line = await fresh(graph, line.redis, keyring)
    await take_in(line, 0)
    writers = [line, *(Line.of(graph, line.redis, keyring) for _ in range(3))]
    calls, chance = random_calls(1, 40), random.Random(1)
    origins = [chance.choice(["till", "shop"]) for _ in calls]

    async def write(number: int, writer: Line) -> None:
        for place in range(number, len(calls), len(writers)):
            await writer.apply(calls[place], source=origins[place])

    policy_id = await office.enact(graph, edit, SAID)
    await asyncio.gather(
        follow_policy({"services": services}, policy_id),
        *(write(number, writer) for number, writer in enumerate(writers)),
    )
    assert (await found(services, policy_id)).state == DONE
    assert differences(expected, await line.picture()) == {}


async def test_while_neo4j_is_away_it_waits_and_recovery_brings_it_back(
    line: Line, services: TaskServices, monkeypatch: pytest.MonkeyPatch, graph: GraphClient, redis: Redis
) -> None:
    await take_in(line, count=10)
    policy_id = await office.enact(graph, everything, SAID)

    async def away(*_: object) -> None:
        raise Unavailable("Neo4j cannot be reached now.")

    with monkeypatch.context() as patch:
        patch.setattr(module._Progress, "show", away)
        await follow_policy({"services": services}, policy_id)
    assert (await found(services, policy_id)).state == PENDING
    assert services.last_error() == "Neo4j cannot be reached now."
    assert await requeue_unfinished(services) == 1
    await redis.set(CLAIM_PREFIX + FOLLOW_CLAIM, "somebody", px=60_000)
    assert await requeue_unfinished(services) == 0
    await redis.delete(CLAIM_PREFIX + FOLLOW_CLAIM)
    await follow_policy({"services": services}, policy_id)
    assert (await found(services, policy_id)).state == DONE
    assert services.last_error() is None


async def test_a_fault_is_told_and_the_next_version_does_what_was_left(
    services: TaskServices, monkeypatch: pytest.MonkeyPatch, graph: GraphClient, redis: Redis, keyring: Keyring
) -> None:
    async def broken(*_: object) -> None:
        raise ValueError("m-17")

    pictures = []
    for fault in (False, True):
        line = await fresh(graph, redis, keyring)
        await take_in(line)
        first = await office.enact(graph, RANKED, SAID)
        with monkeypatch.context() as patch:
            if fault:
                patch.setattr(module._Progress, "show", broken)
            await follow_policy({"services": services}, first)
        record = await found(services, first)
        assert record.state == (FAILED if fault else DONE)
        assert ("ValueError" in str(record.error)) == fault
        assert "m-17" not in str(record.error)
        second = await office.enact(graph, namespaces(device_id={"shared_above": 4}), SAID)
        await follow_policy({"services": services}, second)
        assert (await found(services, second)).state == DONE
        pictures.append(await line.picture())
    assert differences(*pictures) == {}
