"""What was found without locks is written only where it still is true, and then it is what a replay would write."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
from redis.asyncio import Redis

from base import clock
from base.keys import Keyring
from graph.client import GraphClient
from graph.repositories.policy import PolicyRepository
from tests.property.graph.comparing import differences, fresh
from tests.property.graph.streams import NOW_MS, random_calls
from tests.property.graph.test_policies import namespaces
from tests.support.line import Line
from tests.support.sightings import sighting
from workers.decisions.execution import Said
from workers.decisions.upkeep import Superseded
from workers.identity.finding import Asked, Finding
from workers.identity.survey import Survey
from workers.policy.office import enact

SAID = Said("ann", "to see")
FEWER = namespaces(phone={"limit": 1}, email={"limit": 1})
OTHER = namespaces(phone={"limit": 3})


@pytest.fixture(autouse=True)
def _one_instant(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now_ms", lambda: NOW_MS)


@pytest.fixture
async def line(graph: GraphClient, redis: Redis, keyring: Keyring) -> Line:
    """Two phones of one person, seen together with a member number and a cookie."""
    line = await fresh(graph, redis, keyring)
    await line.apply(sighting(1, member="A", phone="13800000001", cookie="c"))
    await line.apply(sighting(2, member="A", phone="13800000002"))
    await line.apply(sighting(3, member="B", cookie="d"))
    return line


async def find_all(line: Line) -> tuple[list[Finding], int]:
    """Everything that differs under the policy in force, and the version of that."""
    policy = (await PolicyRepository(line.graph).get_current()).policy
    found = [one.finding async for one in Survey(line.graph, Asked(policy)).run() if one.differing]
    assert None not in found
    return [one for one in found if one is not None], policy.version


async def test_settling_is_what_a_replay_would_have_done(line: Line, graph: GraphClient, keyring: Keyring) -> None:
    pictures = []
    for settle in (True, False):
        line = await fresh(graph, line.redis, keyring)
        for call in random_calls(3, 60):
            await line.apply(call)
        await enact(line.graph, FEWER, SAID)
        found, version = await find_all(line)
        assert found
        for one in found:
            if settle:
                assert await line.upkeep().settle(one, version)
            else:
                await line.upkeep().replay(one.differing, True)
        assert (await find_all(line))[0] == []
        pictures.append(await line.picture())
    assert differences(*pictures) == {}


async def seen_again(line: Line) -> None:
    """What everybody knew already: a call that changes nobody, but when a set was seen last."""
    await line.apply(sighting(4, member="A", phone="13800000002"))


async def joined(line: Line) -> None:
    await line.apply(sighting(4, member="A", email="a@x.org"))


async def split(line: Line) -> None:
    customer = await line.customer("user_id", "A")
    assert customer is not None
    await line.desk().split(customer, [line.uid("anonymous_id", "c")], SAID)


async def erased(line: Line) -> None:
    customer = await line.customer("user_id", "A")
    assert customer is not None
    await line.desk().erase(customer, SAID)


@pytest.mark.parametrize("change", [seen_again, joined, split, erased])
async def test_who_was_faster_is_not_overwritten(line: Line, change: Callable[[Line], Awaitable[None]]) -> None:
    await enact(line.graph, FEWER, SAID)
    found, version = await find_all(line)
    await change(line)
    before = await line.picture()
    assert [await line.upkeep().settle(one, version) for one in found] == [False]
    assert differences(before, await line.picture()) == {}
    found, _ = await find_all(line)
    assert [await line.upkeep().settle(one, version) for one in found] == [True] * len(found)


async def test_somebody_elses_calls_do_not_matter(line: Line) -> None:
    await enact(line.graph, FEWER, SAID)
    found, version = await find_all(line)
    await line.apply(sighting(4, member="B", cookie="e"))
    assert [await line.upkeep().settle(one, version) for one in found] == [True]
    assert len(await line.partition()) == 3


async def test_what_was_found_under_an_older_policy_is_not_written(line: Line) -> None:
    await enact(line.graph, FEWER, SAID)
    found, version = await find_all(line)
    await enact(line.graph, OTHER, SAID)
    before = await line.picture()
    for one in found:
        with pytest.raises(Superseded):
            await line.upkeep().settle(one, version)
    assert differences(before, await line.picture()) == {}
