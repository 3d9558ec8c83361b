"""One decision that sixteen ask for at once, each at a desk of its own: it is made once, and undone by one undo."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from redis.asyncio import Redis

from base.errors import BadInput
from base.ids import call_id
from base.keys import Keyring
from graph.client import GraphClient
from graph.repositories.review import ReviewRepository
from tests.support.line import SOURCE, Line, query
from tests.support.sightings import sighting
from workers.decisions.desk import Desk, NamedIdentifier
from workers.decisions.effect import Effect
from workers.decisions.execution import Said

ASKERS = 16
SAID = Said("ann", "at once")
M, N, E = ("user_id", "M"), ("user_id", "N"), ("email", "e@x.org")
_STANDING = query("MATCH (d:Decision {active: true}) RETURN d.kind AS kind")
Act = Callable[[Desk], Awaitable[Effect]]


@pytest.fixture
def line(graph: GraphClient, redis: Redis, keyring: Keyring) -> Line:
    return Line.of(graph, redis, keyring)


async def merging(line: Line) -> Act:
    m, n = str(await line.customer(*M)), str(await line.customer(*N))
    return lambda desk: desk.merge(m, n, SAID)


async def splitting(line: Line) -> Act:
    n = str(await line.customer(*N))
    return lambda desk: desk.split(n, [line.uid(*E)], SAID)


async def blocking(line: Line) -> Act:
    uid = line.uid(*E)
    named = NamedIdentifier(uid, E[0], line.keyring.seal_display(E[1], uid))
    return lambda desk: desk.block(named, SAID)


async def taking_back(line: Line) -> Act:
    return lambda desk: desk.revoke_call(call_id(SOURCE, "m3"), SAID)


async def dismissing(line: Line) -> Act:
    reviews = ReviewRepository(line.graph)
    (item,) = (await reviews.get_many(await reviews.page_all("", 10))).values()
    return lambda desk: desk.dismiss(item, SAID)


@pytest.mark.parametrize("prepare", [merging, splitting, blocking, taking_back, dismissing])
async def test_a_decision_that_sixteen_ask_for_is_made_once_and_undone_once(
    prepare: Callable[[Line], Awaitable[Act]], line: Line
) -> None:
    await line.apply(sighting(1, member="M", email="e@x.org"), sighting(2, member="N", cookie="c"))
    await line.apply(sighting(3, member="N", email="e@x.org"))
    act, before = await prepare(line), await everything(line)

    made = await only_one(act, line)
    decided = await everything(line)
    assert decided != before
    assert len(await line.graph.read(_STANDING)) == 1

    undone = await only_one(lambda desk: desk.undo(made, SAID), line)
    assert await everything(line) == before
    await only_one(lambda desk: desk.undo(undone, SAID), line)
    assert await everything(line) == decided


async def everything(line: Line) -> dict[str, object]:
    reviews = ReviewRepository(line.graph)
    items = await reviews.get_many(await reviews.page_all("", 10))
    return {**await line.picture(), "review": {item.id: item.state for item in items.values()}}


async def only_one(act: Act, line: Line) -> str:
    """The decision of the only one whom it was granted; the others are told why not."""
    desks = [line.desk() for _ in range(ASKERS)]
    answers = await asyncio.gather(*map(act, desks), return_exceptions=True)
    made = [answer for answer in answers if isinstance(answer, Effect)]
    refused = [answer for answer in answers if isinstance(answer, BadInput)]
    assert (len(made), len(refused)) == (1, ASKERS - 1), answers
    assert made[0].decision is not None
    return made[0].decision
