"""Somebody who becomes one with another while the graph follows a new policy has what the new policy chooses."""

from __future__ import annotations

import pytest
from redis.asyncio import Redis

from base.keys import Keyring
from graph.client import GraphClient
from graph.repositories import live as live_repository
from tests.property.graph.test_policies import sources
from tests.support.line import Line
from tests.support.sightings import sighting
from workers.decisions.execution import Said
from workers.policy import attributes
from workers.policy.office import enact

MOST_CUSTOMERS = 60


@pytest.mark.parametrize("kept", [True, False])
async def test_a_merge_behind_the_follower_chooses_by_the_new_order_of_sources(
    kept: bool, graph: GraphClient, redis: Redis, keyring: Keyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    line, follower = Line.of(graph, redis, keyring), Line.of(graph, redis, keyring)
    await line.apply(sighting(1, member="M", traits={"size": "L"}))
    survivor = str(await line.customer("user_id", "M"))
    mail = await _somebody_after(line, survivor)
    await enact(graph, sources("till", "shop"), Said("ann", "the till knows best"))
    # From here on the worker obeys the new policy; it keeps what is stored of both, chosen by the old one.
    await line.apply(sighting(500, member="M", traits={"size": "M"}))
    await line.apply(sighting(501, email=mail, traits={"size": "S"}))
    monkeypatch.setattr(attributes, "PAGE_CUSTOMERS", 1)
    policy = await graph.write("test_policy", follower.live.renewed_policy)
    passed = 0
    async for ids, _ in attributes.differing(graph, follower.live, policy):
        passed += 1
        await attributes.derive(graph, follower.live, ids)
        everybody = await live_repository.page_customers(graph, "", MOST_CUSTOMERS + 1)
        if passed == everybody.index(survivor) + 1:
            if not kept:
                line.live.cache.clear()
            await line.apply(sighting(502, member="M", email=mail))

    assert await line.customer("email", mail) == survivor
    assert [ids async for ids, _ in attributes.differing(graph, follower.live, policy) if ids] == []


async def _somebody_after(line: Line, customer: str) -> str:
    """The e-mail of a customer whose id comes later, and of whom two sources say different things."""
    for number in range(MOST_CUSTOMERS):
        mail = f"m{number}@x.org"
        await line.apply(sighting(10 + 2 * number, email=mail, traits={"colour": "red"}), source="till")
        await line.apply(sighting(11 + 2 * number, email=mail, traits={"colour": "blue"}), source="shop")
        if str(await line.customer("email", mail)) > customer:
            return mail
    raise AssertionError("every customer's id is before the first one's")
